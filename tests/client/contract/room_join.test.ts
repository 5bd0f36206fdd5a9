// room:join: what the one who enters is shown, and what those already there are told.
import { expect, test } from 'vitest';
import { seedUsers } from '../support/seed';
import { everywhere, expectSilence, forgotten, settled } from '../support/world';

everywhere('room:join', (world) => {
  test('a user who joins gets the newest messages, then the members, then the ack', async () => {
    const alice = world.user('alice');
    const room = await world.room({ members: [alice] });
    const seeded = await world.messages(room, alice, 60);
    const client = await world.connect(alice);

    const answer = await client.ask('room:join', room);

    expect(client.names()).toEqual(['room:history', 'room:members', 'ack room:join']);
    expect(answer).toEqual({ success: true });
    const history = await client.next('room:history');
    expect(history.roomId).toBe(room);
    const newestFifty = seeded
      .map((message) => message.id)
      .reverse()
      .slice(0, 50);
    expect(history.messages.map((message) => message.id)).toEqual(newestFifty);
  });

  test('a message in history is whole', async () => {
    const alice = world.user('alice');
    const room = await world.room({ members: [alice] });
    const [seeded] = await world.messages(room, alice, 1, Date.UTC(2026, 0, 31, 9, 5, 7, 40));
    const client = await world.connect(world.user('bob'));

    await client.ask('room:join', room);

    const { messages } = await client.next('room:history');
    expect(messages).toHaveLength(1);
    expect(messages[0]).toMatchObject({
      id: seeded.id,
      roomId: room,
      senderId: alice.id,
      senderName: 'Alice',
      sender: { name: 'Alice' },
      content: 'message 0',
      type: 'text',
      metadata: {},
      replyTo: null,
      createdAt: '2026-01-31T09:05:07.040Z',
      updatedAt: null,
      reactions: [],
    });
  });

  test('an empty room has an empty history and its members, with or without a picture', async () => {
    const [alice, bob] = [world.user('alice'), world.user('bob')];
    await seedUsers(world.database, [
      { id: alice.id, name: 'Alice of the database', avatar: 'https://example.org/alice.png' },
      { id: bob.id, name: 'Bob of the database' },
    ]);
    const room = await world.room({ members: [alice, bob] });
    const client = await world.connect(alice);

    await client.ask('room:join', room);

    expect(await client.next('room:history')).toMatchObject({ roomId: room, messages: [] });
    const { roomId, members } = await client.next('room:members');
    expect(roomId).toBe(room);
    expect(members.sort((one, other) => (one.id < other.id ? -1 : 1))).toEqual([
      { id: alice.id, name: 'Alice of the database', avatar: 'https://example.org/alice.png' },
      { id: bob.id, name: 'Bob of the database', avatar: null },
    ]);
  });

  test('those already there are told who came, by the name of the token; who came is not', async () => {
    const { room, bob } = await world.meet('bob');
    const carol = world.user('carol', 'Carol of the token');
    await seedUsers(world.database, [{ id: carol.id, name: 'Carol of the database' }]);
    const client = await world.connect(carol);

    await client.ask('room:join', room);

    expect(await bob.next('room:user-joined')).toEqual({
      roomId: room,
      user: { id: carol.id, name: 'Carol of the token' },
    });
    await settled(client, bob);
    expect(client.events()).toEqual(['room:history', 'room:members']);
    expect(bob.events()).toEqual(['room:user-joined']);
  });

  test('a user without a name claim joins without a name', async () => {
    const { room, bob } = await world.meet('bob');
    const client = await world.connect(world.nameless('carol'));

    await client.ask('room:join', room);

    const joined = await bob.next('room:user-joined');
    expect(joined).toEqual({ roomId: room, user: { id: client.id } });
    expect(joined.user).not.toHaveProperty('name');
  });

  test('nobody is told that a second tab came, but it is shown the room', async () => {
    const { room, alice, bob } = await world.meet('alice', 'bob');
    const tab = await world.connect(alice.user);

    await tab.ask('room:join', room);

    expect(tab.events()).toEqual(['room:history', 'room:members']);
    await expectSilence(alice, bob);
  });

  test('a second join shows the room again, and is not announced', async () => {
    const { room, alice, bob } = await world.meet('alice', 'bob');

    await alice.ask('room:join', room);

    expect(alice.events()).toEqual(['room:history', 'room:members']);
    await expectSilence(bob);
  });

  test('a member enters a private room', async () => {
    const { room, alice, bob } = await world.meetIn({ type: 'private' }, 'alice', 'bob');

    await alice.ask('message:send', { roomId: room, content: 'between us' });

    expect(await bob.next('message:new')).toMatchObject({ roomId: room, content: 'between us' });
  });

  test('a room id may be any text of up to 512 bytes', async () => {
    const odd = world.unique('Straße "2" \\ 房间 😀 % ; \u2028 ');
    const long = world.unique('l').padEnd(512, 'x');
    for (const id of [odd, long]) {
      const room = await world.room({ id });
      const [alice, bob] = [await world.connect(world.user('alice')), await world.connect(world.user('bob'))];

      await bob.ask('room:join', room);
      await alice.ask('room:join', room);

      expect((await alice.next('room:history')).roomId).toBe(id);
      expect((await bob.next('room:user-joined')).roomId).toBe(id);
    }
  });

  test('history shows edits, deletions and reactions at once', async () => {
    const { room, alice, bob } = await world.meet('alice', 'bob');
    const send = async (content: string) =>
      (await alice.ask('message:send', { roomId: room, content })).message;
    const [first, second, third] = [await send('first'), await send('second'), await send('third')];
    await alice.ask('message:edit', { messageId: first.id, content: 'first, edited' });
    await alice.ask('message:delete', { messageId: second.id, roomId: room });
    await bob.ask('reaction:add', { messageId: third.id, roomId: room, emoji: '🎉' });

    const carol = await world.connect(world.user('carol'));
    await carol.ask('room:join', room);

    const { messages } = await carol.next('room:history');
    expect(messages.map((message) => message.content)).toEqual(['third', 'first, edited']);
    expect(messages[0].reactions).toEqual([{ emoji: '🎉', userId: bob.id }]);
    expect(messages[1].updatedAt).not.toBeNull();
  });

  test('history reaches past what a cache holds: fifty are shown whatever was deleted', async () => {
    const alice = world.user('alice');
    const room = await world.room({ members: [alice] });
    const seeded = await world.messages(room, alice, 110);
    const client = await world.connect(alice);
    await client.ask('room:join', room);
    for (const { id } of seeded.slice(-55)) {
      await client.ask('message:delete', { messageId: id, roomId: room });
    }

    await forgotten(client);
    await client.ask('room:join', room);

    const { messages } = await client.next('room:history');
    expect(messages.map((message) => message.id)).toEqual(
      seeded
        .slice(5, 55)
        .map((message) => message.id)
        .reverse(),
    );
  });
});
