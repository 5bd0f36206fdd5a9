// dm:start: one room for each pair of users, which both can find, and nobody else enters.
import { expect, test } from 'vitest';
import { sql } from '../support/databases';
import { everywhere, expectSilence, settled } from '../support/world';

everywhere('dm:start', (world) => {
  const pair = async () => {
    const [alice, bob] = await Promise.all([
      world.connect(world.user('alice')),
      world.connect(world.user('bob')),
    ]);
    return { alice, bob, id: `dm:${alice.id}:${bob.id}` };
  };

  test('the ack holds the room and its members', async () => {
    const { alice, bob, id } = await pair();
    const before = Date.now();

    const answer = await alice.ask('dm:start', bob.id);

    expect(answer).toMatchObject({
      success: true,
      room: { id, name: 'Direct Message', type: 'direct', members: [alice.id, bob.id] },
      members: [alice.id, bob.id],
    });
    expect(Date.parse(answer.room.createdAt)).toBeGreaterThanOrEqual(before - 1);
    expect(Date.parse(answer.room.createdAt)).toBeLessThanOrEqual(Date.now() + 1);
  });

  test('every socket of the other user is told, before the ack; no other socket is', async () => {
    const { alice, bob, id } = await pair();
    const tab = await world.connect(bob.user);
    const ownTab = await world.connect(alice.user);
    const carol = await world.connect(world.user('carol'));

    const { room } = await alice.ask('dm:start', bob.id);

    for (const client of [bob, tab]) {
      await client.settle();
      expect(client.events()).toEqual(['dm:started']);
      const started = await client.next('dm:started');
      expect(started).toEqual({ room, from: { id: alice.id, name: 'Alice' } });
      expect(started.room.id).toBe(id);
    }
    expect(alice.names()).toEqual(['ack dm:start']);
    await expectSilence(alice, ownTab, carol);
  });

  test('a user without a name claim starts a direct room without a name', async () => {
    const alice = await world.connect(world.nameless('alice'));
    const bob = await world.connect(world.user('bob'));

    await alice.ask('dm:start', bob.id);

    const { from } = await bob.next('dm:started');
    expect(from).toEqual({ id: alice.id });
    expect(from).not.toHaveProperty('name');
  });

  test('the user who starts a direct room is in it from then on', async () => {
    const { alice, bob, id } = await pair();
    await alice.ask('dm:start', bob.id);

    await bob.ask('room:join', id);
    await bob.ask('message:send', { roomId: id, content: 'Hello, Alice' });

    expect(await alice.next('message:new')).toMatchObject({ roomId: id, content: 'Hello, Alice' });
    await alice.ask('message:send', { roomId: id, content: 'Hello, Bob' });
    await settled(bob);
    expect(bob.all('message:new').map((message) => message.content)).toEqual(['Hello, Alice', 'Hello, Bob']);
  });

  test('the other user is shown the room when they join', async () => {
    const { alice, bob, id } = await pair();
    await alice.ask('dm:start', bob.id);
    await alice.ask('message:send', { roomId: id, content: 'Are you there?' });

    await bob.ask('room:join', id);

    expect((await bob.next('room:history')).messages).toMatchObject([{ content: 'Are you there?' }]);
    const { members } = await bob.next('room:members');
    expect(members.map((member) => member.id).sort()).toEqual([alice.id, bob.id]);
  });

  test('it is told every time, and there is one room from whichever side', async () => {
    const { alice, bob, id } = await pair();

    const answers = [
      await alice.ask('dm:start', bob.id),
      await alice.ask('dm:start', bob.id),
      await bob.ask('dm:start', alice.id),
    ];

    expect(answers.map((answer) => answer.room.id)).toEqual([id, id, id]);
    expect(answers[1].room).toEqual(answers[0].room);
    expect(answers[2].room).toEqual(answers[0].room);
    await settled(alice, bob);
    expect(bob.all('dm:started')).toHaveLength(2);
    expect(alice.all('dm:started')).toMatchObject([{ from: { id: bob.id } }]);
    expect(await world.database.query(`SELECT * FROM "Room" WHERE "id" = ${sql(id)}`)).toHaveLength(1);
    const members = await world.database.query(`SELECT "B" FROM "_RoomMembers" WHERE "A" = ${sql(id)}`);
    expect(members.map((row) => row.B).sort()).toEqual([alice.id, bob.id]);
  });

  test('both start it at the same time: one room, both told', async () => {
    const { alice, bob, id } = await pair();

    const answers = await Promise.all([alice.ask('dm:start', bob.id), bob.ask('dm:start', alice.id)]);

    expect(answers).toMatchObject([
      { success: true, room: { id } },
      { success: true, room: { id } },
    ]);
    expect((await alice.next('dm:started')).from.id).toBe(bob.id);
    expect((await bob.next('dm:started')).from.id).toBe(alice.id);
  });

  test('the ids in its name are sorted by code unit: capitals first', async () => {
    const alice = await world.connect(world.user('alice'));
    const zoe = await world.connect(world.user('Zoe'));

    const answer = await alice.ask('dm:start', zoe.id);

    expect(answer.room.id).toBe(`dm:${zoe.id}:${alice.id}`);
    expect(answer.members).toEqual([zoe.id, alice.id]);
  });

  test('by code unit, not by code point', async () => {
    const smile = await world.connect(world.user('😀', 'Smile'));
    const tilde = await world.connect(world.user('\uff5e', 'Tilde'));

    const answer = await tilde.ask('dm:start', smile.id);

    expect(answer.room.id).toBe(`dm:${[smile.id, tilde.id].sort().join(':')}`);
    expect(answer.room.id.startsWith('dm:😀')).toBe(true);
  });

  test('somebody who is not connected, but known, can be started with', async () => {
    const { alice } = await pair();
    const dave = world.user('dave');
    await world.known(dave);

    const answer = await alice.ask('dm:start', dave.id);

    expect(answer).toMatchObject({ success: true, room: { id: `dm:${alice.id}:${dave.id}` } });
    const later = await world.connect(dave);
    expect(await later.ask('room:join', answer.room.id)).toEqual({ success: true });
  });

  test('not with oneself', async () => {
    const { alice } = await pair();
    const tab = await world.connect(alice.user);

    const answer = await alice.ask('dm:start', alice.id);

    expect(answer.success).toBe(false);
    expect(answer.error).not.toBe('');
    await expectSilence(tab);
    const id = `dm:${alice.id}:${alice.id}`;
    expect(await world.database.query(`SELECT * FROM "Room" WHERE "id" = ${sql(id)}`)).toEqual([]);
  });

  test('not with somebody unknown', async () => {
    const { alice } = await pair();
    const nobody = world.unique('nobody');

    const answer = await alice.ask('dm:start', nobody);

    expect(answer).toMatchObject({ success: false, code: 'user_not_found' });
    const id = `dm:${alice.id}:${nobody}`;
    expect(await world.database.query(`SELECT * FROM "Room" WHERE "id" = ${sql(id)}`)).toEqual([]);
  });

  test('nobody else enters', async () => {
    const { alice, bob, id } = await pair();
    await alice.ask('dm:start', bob.id);
    const carol = await world.connect(world.user('carol'));

    expect(await carol.ask('room:join', id)).toMatchObject({ success: false, code: 'forbidden' });

    await alice.ask('message:send', { roomId: id, content: 'between us' });
    await settled(carol);
    expect(carol.events()).toEqual(['room:error']);
  });

  test('the other is told when who started it goes', async () => {
    const { alice, bob, id } = await pair();
    await alice.ask('dm:start', bob.id);
    await bob.ask('room:join', id);

    alice.close();

    expect(await bob.next('room:user-left')).toEqual({ roomId: id, userId: alice.id });
  });
});
