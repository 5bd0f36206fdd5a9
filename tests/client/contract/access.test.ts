// Nobody hears or touches a room that is not theirs: each event that names a room, and each kind of room that refuses.
import { describe, expect, test } from 'vitest';
import { type Client, PATIENCE } from '../support/client';
import { BACKENDS, sql } from '../support/databases';
import type { ClientEvent } from '../support/protocol';
import { aWorld, everywhere, expectSilence, forgotten, settled } from '../support/world';

// The events that name a room, and the argument of each.
const EVENTS: [ClientEvent, (room: string) => unknown][] = [
  ['room:join', (room) => room],
  ['room:read', (room) => room],
  ['message:send', (roomId) => ({ roomId, content: 'let me in' })],
  ['messages:load', (roomId) => ({ roomId, before: '2100-01-01T00:00:00.000Z' })],
  ['typing:start', (room) => room],
  ['typing:stop', (room) => room],
  ['room:presence', (room) => room],
  ['room:invite', (roomId) => ({ roomId, userId: 'carol' })],
  ['member:join', (room) => room],
  ['member:leave', (room) => room],
  ['room:update', (roomId) => ({ roomId, name: 'mine' })],
  ['member:remove', (roomId) => ({ roomId, userId: 'bob' })],
];

everywhere('access', (world) => {
  // A room that carol may not enter, with its members listening, and the code of the refusal.
  const closed: Record<string, () => Promise<{ room: string; code: string; inside: Client[] }>> = {
    'a private room of others': async () => {
      const { room, alice, bob } = await world.meetIn({ type: 'private' }, 'alice', 'bob');
      return { room, code: 'forbidden', inside: [alice, bob] };
    },
    'a direct room of others': async () => {
      const [alice, bob] = [await world.connect(world.user('alice')), await world.connect(world.user('bob'))];
      const { room } = await alice.ask('dm:start', bob.id);
      await world.join(room.id, alice, bob);
      return { room: room.id, code: 'forbidden', inside: [alice, bob] };
    },
    "somebody's personal channel": async () => {
      const bob = await world.connect(world.user('bob'));
      return { room: `user:${bob.id}`, code: 'forbidden', inside: [bob] };
    },
    'a room that there is not': async () => {
      const bob = await world.connect(world.user('bob'));
      return { room: world.unique('nowhere'), code: 'room_not_found', inside: [bob] };
    },
  };

  describe.each(Object.keys(closed))('%s', (kind) => {
    test.each(EVENTS)('refuses %s, and says so to the caller alone', async (event, argument) => {
      const { room, code, inside } = await closed[kind]();
      const carol = await world.connect(world.user('carol'));
      const tab = await world.connect(carol.user);

      const answer = await carol.ask(event, argument(room));

      expect(answer).toMatchObject({ success: false, code });
      expect(answer.error).not.toBe('');
      await carol.settle();
      expect(carol.events()).toEqual(['room:error']);
      expect(await carol.next('room:error')).toEqual({ roomId: room, event, code, error: answer.error });
      await expectSilence(tab, ...inside);
    });

    test.each(EVENTS)('refuses %s without an ack, too', async (event, argument) => {
      const { room, code, inside } = await closed[kind]();
      const carol = await world.connect(world.user('carol'));

      carol.tell(event, argument(room));

      expect(await carol.next('room:error')).toMatchObject({ roomId: room, event, code });
      await carol.settle();
      expect(carol.events()).toEqual(['room:error']);
      await expectSilence(...inside);
    });
  });

  test.each(Object.keys(closed))('leaving %s tells nobody', async (kind) => {
    const { room, inside } = await closed[kind]();
    const carol = await world.connect(world.user('carol'));

    await carol.ask('room:leave', room);

    await expectSilence(...inside);
  });

  test("a user's own personal channel cannot be joined either", async () => {
    const carol = await world.connect(world.user('carol'));

    expect(await carol.ask('room:join', `user:${carol.id}`)).toMatchObject({
      success: false,
      code: 'forbidden',
    });
  });

  test('a refused user gets no event of the room afterwards', async () => {
    const { room, alice, bob } = await world.meetIn({ type: 'private' }, 'alice', 'bob');
    const carol = await world.connect(world.user('carol'));
    await carol.ask('room:join', room);
    await forgotten(carol);

    const { message } = await alice.ask('message:send', { roomId: room, content: 'between us' });
    await bob.ask('reaction:add', { messageId: message.id, roomId: room, emoji: '👍' });
    await bob.ask('typing:start', room);
    await alice.ask('message:edit', { messageId: message.id, content: 'still between us' });
    await alice.ask('message:delete', { messageId: message.id, roomId: room });
    await bob.ask('room:read', room);
    await bob.ask('room:leave', room);

    await expectSilence(carol);
  });

  test('nobody changes a message in a room that is no longer theirs', async () => {
    const users = [world.user('alice'), world.user('carol')];
    const room = await world.room({ type: 'private', members: users.slice(0, 1) });
    const [message] = await world.messages(room, users[1], 1);
    const [alice, client] = await Promise.all(users.map((user) => world.connect(user)));
    await world.join(room, alice);

    const target = { messageId: message.id, roomId: room };
    const edited = await client.ask('message:edit', { ...target, content: 'not mine any more' });
    const deleted = await client.ask('message:delete', target);

    expect(edited.success).toBe(false);
    expect(deleted.success).toBe(false);
    await expectSilence(alice);
    await alice.ask('room:join', room);
    expect((await alice.next('room:history')).messages).toMatchObject([{ content: 'message 0' }]);
  });

  test('a refusal costs the connection nothing', async () => {
    const { room, alice } = await world.meet('alice');
    for (const [event, argument] of EVENTS) await alice.ask(event, argument(world.unique('nowhere')));

    const answer = await alice.ask('message:send', { roomId: room, content: 'still here' });

    expect(answer.success).toBe(true);
    await settled(alice);
    expect(alice.all('message:new')).toHaveLength(1);
  });
});

describe.each(BACKENDS)('membership on %s', (backend) => {
  const world = aWorld(backend, { MEMBERSHIP_TTL: '100' });

  // The database is looked at again once what is remembered is too old: asks until the answer is the new one.
  async function until(client: Client, room: string, success: boolean): Promise<void> {
    const deadline = Date.now() + PATIENCE;
    for (;;) {
      const answer = await client.ask('message:send', { roomId: room, content: 'may I?' });
      if (answer.success === success) return;
      expect(Date.now(), 'no change was seen').toBeLessThan(deadline);
    }
  }

  test('a member removed from a private room in the database is refused soon after', async () => {
    const { room, alice, bob } = await world.meetIn({ type: 'private' }, 'alice', 'bob');
    await until(bob, room, true);

    await world.database.execute(
      `DELETE FROM "_RoomMembers" WHERE "A" = ${sql(room)} AND "B" = ${sql(bob.id)}`,
    );

    await until(bob, room, false);
    expect(await bob.ask('room:join', room)).toMatchObject({ success: false, code: 'forbidden' });
    await until(alice, room, true);
  });

  test('a member added to a private room in the database may enter soon after', async () => {
    const { room } = await world.meetIn({ type: 'private' }, 'alice');
    const carol = await world.connect(world.user('carol'));
    await until(carol, room, false);

    await world.database.execute(
      `INSERT INTO "_RoomMembers" ("A", "B") VALUES (${sql(room)}, ${sql(carol.id)})`,
    );

    await until(carol, room, true);
    expect(await carol.ask('room:join', room)).toEqual({ success: true });
  });
});
