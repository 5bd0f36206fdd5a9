// The original's keys in Redis, kept true for a Node server beside this one or after it: the list of a room's newest
// messages and the hash of who has read how far.
import type { Redis } from 'ioredis';
import { describe, expect, test } from 'vitest';
import { PATIENCE, within } from '../support/client';
import type { PostgresDatabase } from '../support/databases';
import type { Message } from '../support/protocol';
import { aWorld } from '../support/world';

describe("the original's keys in Redis", () => {
  const world = aWorld('postgresql');
  const redis = (): Redis => (world.database as PostgresDatabase).redis;
  const listed = async (room: string) =>
    (await redis().lrange(`chat:messages:${room}`, 0, -1)).map((text) => JSON.parse(text) as Message);

  test('the list holds what was sent, newest first, as Node writes it', async () => {
    const { room, alice } = await world.meet('alice');
    const first = await alice.ask('message:send', { roomId: room, content: 'first' });
    const second = await alice.ask('message:send', { roomId: room, content: 'second', metadata: { a: [1] } });

    const list = await eventually(
      () => listed(room),
      (messages) => messages.length === 2,
    );

    for (const [index, { message }] of [second, first].entries()) {
      const { id, roomId, senderId, senderName, content, type, metadata } = message;
      const { replyTo, createdAt, updatedAt } = message;
      expect(list[index]).toMatchObject({ id, roomId, senderId, senderName, content, type, metadata });
      expect(list[index]).toMatchObject({ replyTo, createdAt, updatedAt });
    }
  });

  test('an edit stands in the list', async () => {
    const { room, alice } = await world.meet('alice');
    const { message } = await alice.ask('message:send', { roomId: room, content: 'first words' });
    await alice.ask('message:send', { roomId: room, content: 'later' });
    const edited = await alice.ask('message:edit', { messageId: message.id, content: 'better words' });

    const list = await eventually(
      () => listed(room),
      (messages) => messages[1]?.content === 'better words',
    );

    expect(list.map((entry) => entry.content)).toEqual(['later', 'better words']);
    expect(list[1].updatedAt).toBe(edited.message.updatedAt);
  });

  test('a deleted message is no longer in the list', async () => {
    const { room, alice } = await world.meet('alice');
    const { message } = await alice.ask('message:send', { roomId: room, content: 'gone soon' });
    await alice.ask('message:send', { roomId: room, content: 'stays' });
    await eventually(
      () => listed(room),
      (messages) => messages.length === 2,
    );
    await alice.ask('message:delete', { messageId: message.id, roomId: room });

    const list = await eventually(
      () => listed(room),
      (messages) => messages.length === 1,
    );

    expect(list[0].content).toBe('stays');
  });

  test('the list holds the newest hundred', async () => {
    const { room, alice } = await world.meet('alice');
    const contents = Array.from({ length: 120 }, (_, index) => `number ${index}`);
    for (const content of contents) alice.tell('message:send', { roomId: room, content });
    await alice.settle();

    const list = await eventually(
      () => listed(room),
      (messages) => messages.length >= 100 && messages[0].content === 'number 119',
    );

    expect(list.map((message) => message.content)).toEqual(contents.slice(20).reverse());
  });

  test('messages from before there was a list stand in it too', async () => {
    const { room, alice } = await world.meetIn({ messages: 3 }, 'alice');
    await alice.ask('message:send', { roomId: room, content: 'newest' });

    const list = await eventually(
      () => listed(room),
      (messages) => messages[0]?.content === 'newest',
    );

    // A Node server shows what is listed and nothing else: an entry alone would hide the older messages.
    expect(list.map((message) => message.content)).toEqual(['newest', 'message 2', 'message 1', 'message 0']);
  });

  test('the hash holds when each user last read, in milliseconds', async () => {
    const { room, alice, bob } = await world.meet('alice', 'bob');
    const before = Date.now();
    await alice.ask('room:read', room);
    const { timestamp } = await bob.next('room:user-read');

    const read = await eventually(
      () => redis().hgetall(`chat:read:${room}`),
      (marks) => Number(marks[alice.id]) >= before - 1,
    );

    expect(read[alice.id]).toMatch(/^\d{13}$/);
    expect(Math.abs(Number(read[alice.id]) - Date.parse(timestamp))).toBeLessThan(1000);
  });

  test('a user who joins a room has read it', async () => {
    const { room, alice } = await world.meet('alice');

    const read = await eventually(
      () => redis().hgetall(`chat:read:${room}`),
      (marks) => alice.id in marks,
    );

    expect(Math.abs(Number(read[alice.id]) - Date.now())).toBeLessThan(PATIENCE);
  });

  test('a list that a Node server left is not trusted', async () => {
    const alice = world.user('alice');
    const room = await world.room();
    const [kept] = await world.messages(room, alice, 1);
    const stale = { id: 'stale', roomId: room, senderId: alice.id, content: 'deleted long ago' };
    await redis().lpush(`chat:messages:${room}`, JSON.stringify(stale));
    const carol = await world.connect(world.user('carol'));

    await carol.ask('room:join', room);

    const { messages } = await carol.next('room:history');
    expect(messages.map((message) => message.id)).toEqual([kept.id]);
  });
});

// The keys are written beside the hot path, so a little after the ack: looks until they are as they should be.
function eventually<T>(look: () => Promise<T>, right: (value: T) => boolean): Promise<T> {
  return within<T>('Redis to hold what it should', (resolve, reject) => {
    const deadline = Date.now() + PATIENCE - 500;
    const again = (): void => {
      look().then((value) => {
        // The last look is handed on as it is, so that the assertion shows what is there.
        if (right(value) || Date.now() > deadline) resolve(value);
        else setTimeout(again, 10);
      }, reject);
    };
    again();
  });
}
