// typing:start and typing:stop: the others see who is writing, and it ends when the writer does.
import { expect, test } from 'vitest';
import { seedUsers } from '../support/seed';
import { everywhere, expectSilence, forgotten, settled } from '../support/world';

everywhere('typing', (world) => {
  test('the others are told who is typing, and when they stop; the writer is not', async () => {
    const { room, alice, bob, carol } = await world.meet('alice', 'bob', 'carol');

    expect(await alice.ask('typing:start', room)).toEqual({ success: true });
    expect(await alice.ask('typing:stop', room)).toEqual({ success: true });

    for (const other of [bob, carol]) {
      await other.settle();
      expect(other.heard()).toEqual([
        { name: 'typing:user', value: { roomId: room, userId: alice.id, userName: 'Alice' } },
        { name: 'typing:stopped', value: { roomId: room, userId: alice.id } },
      ]);
    }
    await expectSilence(alice);
  });

  test("the writer's name is the token's, not the database's", async () => {
    const user = world.user('alice', 'Alice of the token');
    await seedUsers(world.database, [{ id: user.id, name: 'Alice of the database' }]);
    const { room, bob } = await world.meet('bob');
    const alice = await world.connect(user);
    await world.join(room, alice);

    await alice.ask('typing:start', room);

    expect(await bob.next('typing:user')).toMatchObject({ userName: 'Alice of the token' });
  });

  test('a writer with no name claim has no name', async () => {
    const { room, bob } = await world.meet('bob');
    const alice = await world.connect(world.nameless('alice'));
    await world.join(room, alice);

    await alice.ask('typing:start', room);

    const typing = await bob.next('typing:user');
    expect(typing).toEqual({ roomId: room, userId: alice.id });
    expect(typing).not.toHaveProperty('userName');
  });

  test('a user who goes on typing is announced again', async () => {
    const { room, alice, bob } = await world.meet('alice', 'bob');

    await alice.ask('typing:start', room);
    await alice.ask('typing:start', room);

    await settled(bob);
    expect(bob.events()).toEqual(['typing:user', 'typing:user']);
  });

  test('several write at once', async () => {
    const { room, alice, bob, carol } = await world.meet('alice', 'bob', 'carol');

    await Promise.all([alice.ask('typing:start', room), bob.ask('typing:start', room)]);

    await settled(carol);
    const writers = carol.all('typing:user').map((typing) => typing.userId);
    expect(writers.sort()).toEqual([alice.id, bob.id].sort());
  });

  test('other rooms are not told', async () => {
    const { room, alice } = await world.meet('alice');
    const { room: second, bob } = await world.meet('bob');
    await world.join(second, alice);
    await forgotten(bob);

    await alice.ask('typing:start', room);
    await alice.ask('typing:stop', room);

    await expectSilence(bob);
  });

  test('sending without typing stops no typing', async () => {
    const { room, alice, bob } = await world.meet('alice', 'bob');

    await alice.ask('message:send', { roomId: room, content: 'x' });

    await settled(bob);
    expect(bob.events()).toEqual(['message:new']);
  });
});
