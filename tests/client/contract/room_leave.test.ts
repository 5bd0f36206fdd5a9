// room:leave: the others are told when a user goes, and who went hears no more.
import { expect, test } from 'vitest';
import { everywhere, expectSilence, settled } from '../support/world';

everywhere('room:leave', (world) => {
  test('the others are told who left; who left is not', async () => {
    const { room, alice, bob } = await world.meet('alice', 'bob');

    expect(await alice.ask('room:leave', room)).toEqual({ success: true });

    expect(await bob.next('room:user-left')).toEqual({ roomId: room, userId: alice.id });
    await expectSilence(alice);
  });

  test('a user who left gets no more events of the room', async () => {
    const { room, alice, bob } = await world.meet('alice', 'bob');
    await alice.ask('room:leave', room);

    await bob.ask('message:send', { roomId: room, content: 'are you there?' });
    await bob.ask('typing:start', room);

    await expectSilence(alice);
  });

  test('one tab of two leaves: nobody is told, and only the other tab still hears', async () => {
    const { room, alice, bob } = await world.meet('alice', 'bob');
    const tab = await world.connect(alice.user);
    await world.join(room, tab);

    await tab.ask('room:leave', room);
    await expectSilence(alice, bob);

    await bob.ask('message:send', { roomId: room, content: 'hello' });
    expect(await alice.next('message:new')).toMatchObject({ content: 'hello' });
    await expectSilence(tab);
  });

  test('the last tab leaves: the others are told once', async () => {
    const { room, alice, bob } = await world.meet('alice', 'bob');
    const tab = await world.connect(alice.user);
    await world.join(room, tab);

    await tab.ask('room:leave', room);
    await alice.ask('room:leave', room);

    await settled(bob);
    expect(bob.all('room:user-left')).toEqual([{ roomId: room, userId: alice.id }]);
  });

  test('leaving a room that one is not in sends no event', async () => {
    const { room, bob } = await world.meet('bob');
    const carol = await world.connect(world.user('carol'));

    await carol.ask('room:leave', room);

    await expectSilence(bob);
  });

  test('leaving while typing stops the typing', async () => {
    const { room, alice, bob } = await world.meet('alice', 'bob');
    await alice.ask('typing:start', room);

    await alice.ask('room:leave', room);

    expect(await bob.next('typing:stopped')).toEqual({ roomId: room, userId: alice.id });
    expect(await bob.next('room:user-left')).toEqual({ roomId: room, userId: alice.id });
  });

  test('a user who comes back is announced again', async () => {
    const { room, alice, bob } = await world.meet('alice', 'bob');

    await alice.ask('room:leave', room);
    await alice.ask('room:join', room);

    await settled(bob);
    expect(bob.events()).toEqual(['room:user-left', 'room:user-joined']);
  });
});
