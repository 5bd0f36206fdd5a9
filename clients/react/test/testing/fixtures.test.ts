// The server in memory against tests/fixtures/protocol: every event and every answer is shaped as the real server's, and the
// same requests are taken and refused.
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { ackFaults, eventFaults, fixtures, requests, seen } from '../../../../tests/client/support/shape.js';
import type { ServerToClientEvents } from '../../src/core/protocol.js';
import type { Asked } from '../../src/core/wire.js';
import { startChatServer, type ChatServer, type TestUser } from '../../src/testing/index.js';

type Name = keyof Asked;

let server: ChatServer;
let faults: string[];
beforeEach(() => {
  faults = [];
  server = startChatServer({
    users: [
      { id: 'alice', name: 'Alice' },
      { id: 'bob', name: 'Bob', avatar: 'https://example.org/bob.png' },
    ],
    rooms: [{ id: 'general', name: 'General', members: ['alice', 'bob'], ownerId: 'alice' }],
  });
});
afterEach(() => {
  server.close();
  expect(faults).toEqual([]);
});

const EVENTS = fixtures.flatMap(({ event }) => (event ? [event as keyof ServerToClientEvents] : []));

/** A user all of whose events and answers are compared with the fixtures. */
async function watched(id: string) {
  const user = await server.connect(id);
  for (const event of EVENTS) user.on(event, (...data) => faults.push(...eventFaults(event, data)));
  return { user, ask: (event: Name, argument: unknown) => answerOf(user, event, argument) };
}

/** The answer as it is on the wire. */
async function answerOf(user: TestUser, event: Name, argument: unknown): Promise<Record<string, unknown>> {
  const { socket } = user as unknown as {
    socket: { emitWithAck: (event: string, argument: unknown) => Promise<Record<string, unknown>> };
  };
  const answer = await socket.emitWithAck(event, argument);
  faults.push(...ackFaults(event, answer));
  return answer;
}

test('it says everything that there is a fixture for', async () => {
  seen.clear();
  const [alice, bob, carol] = await Promise.all(['alice', 'bob', 'carol'].map(watched));
  if (!alice || !bob || !carol) throw new Error('somebody is missing');
  const room = 'general';
  for (const { ask } of [alice, bob, carol]) await ask('room:join', room);
  const { message } = await alice.ask('message:send', { roomId: room, content: 'x', replyTo: 'y' });
  const { id: messageId } = message as { id: string };
  await bob.ask('reaction:add', { messageId, emoji: '👍' });
  await alice.ask('message:edit', { messageId, content: 'y' });
  await alice.ask('message:send', { roomId: room, content: 'Hello @bob' });
  const chunk = { id: 'long', index: 0, count: 2 };
  await alice.ask('message:send', { roomId: room, content: 'half', chunk });
  await bob.ask('mentions:list', {});
  await bob.ask('mentions:read', {});
  const { message: reply } = await bob.ask('message:send', {
    roomId: room,
    content: 'x',
    threadId: messageId,
  });
  await alice.ask('thread:load', { rootId: messageId });
  await alice.ask('thread:read', { rootId: messageId, messageId: (reply as { id: string }).id });
  await alice.ask('thread:unfollow', { rootId: messageId });
  await alice.ask('thread:follow', { rootId: messageId });
  await alice.ask('threads:list', {});
  await alice.ask('messages:load', { roomId: room, before: '2100-01-01T00:00:00.000Z' });
  await alice.ask('messages:load', { roomId: room, before: 'yesterday' });
  await alice.ask('messages:sync', { roomId: room, since: 0 });
  await alice.ask('messages:search', { query: 'y' });
  await bob.ask('reaction:remove', { messageId, emoji: '👍' });
  await alice.ask('typing:start', room);
  await alice.ask('typing:stop', room);
  await alice.ask('room:read', room);
  await alice.ask('room:update', { roomId: room, name: 'All', topic: 'anything' });
  await alice.ask('room:join', 'nowhere');
  await alice.ask('dm:start', 'bob');
  await alice.ask('room:presence', room);
  const { room: made } = await alice.ask('room:create', { name: 'Plans' });
  const { id: roomId } = made as { id: string };
  await alice.ask('room:invite', { roomId, userId: 'bob' });
  await alice.ask('rooms:list', {});
  await alice.ask('unread:list', {});
  await alice.ask('settings:show', {});
  await alice.ask('settings:update', { privateReads: false });
  await bob.ask('room:read', room);
  await alice.ask('message:readers', { messageId, limit: 1 });
  await alice.ask('messages:show', { messageIds: [messageId] });
  await alice.ask('users:show', { userIds: ['bob'] });
  await alice.ask('users:find', { query: 'bob' });
  await bob.ask('message:send', { roomId, content: 'z' });
  await carol.ask('member:join', roomId);
  await alice.ask('users:watch', { userIds: ['bob', 'carol'] });
  const { user: dave } = await watched('dave');
  await alice.ask('room:invite', { roomId, userId: 'dave' });
  await alice.ask('users:watch', { userIds: ['dave'] });
  dave.disconnect();
  await alice.ask('presence:set', { state: 'online' });
  await alice.ask('presence:list', { roomId });
  await alice.ask('presence:watch', { userIds: ['bob'] });
  await bob.ask('status:set', { text: 'Lunch', emoji: '🍜', clearAt: Date.now() + 60_000 });
  await carol.ask('member:leave', roomId);
  await alice.ask('message:delete', { messageId });
  await carol.ask('room:leave', room);
  await alice.ask('room:presence', room);

  // It is sent where a socket does not read, which does not happen in memory.
  seen.add('server_pulse');
  // It is sent with a setting only.
  seen.add('message_delivered');
  expect([...seen].sort()).toEqual(fixtures.map(({ file }) => file));
});

/** The argument with the id of a message that is there, and with a `clientId` that was not used before. */
function withOwnIds(argument: unknown, messageId: string): unknown {
  if (typeof argument !== 'object' || argument === null || Array.isArray(argument)) return argument;
  const own: Record<string, unknown> = { ...argument };
  for (const key of ['messageId', 'rootId', 'threadId'])
    if (typeof own[key] === 'string') own[key] = messageId;
  if (typeof own.clientId === 'string') own.clientId = messageId;
  return own;
}

describe.each(requests.map((fixture) => [fixture.request ?? '', fixture] as const))(
  '%s',
  (request, fixture) => {
    const event = request as Name;
    const { example, nullable, optional, any } = fixture;
    const keys = typeof example === 'string' ? [] : Object.keys(example as object);

    /** The code of the refusal of an argument, or `taken`. */
    async function codeOf(argument: unknown): Promise<unknown> {
      const { user, ask } = await watched('alice');
      const { id: threadId } = await user.send('general', 'first');
      const { id } = await user.send('general', 'second', { threadId });
      const answer = await ask(event, withOwnIds(argument, id));
      return answer.success === false ? answer.code : 'taken';
    }
    const whole = example as Record<string, unknown>;
    const without = (key: string) =>
      Object.fromEntries(Object.entries(whole).filter(([name]) => name !== key));

    test('is taken as it is in the example, short, empty and with more keys', async () => {
      expect(await codeOf(example)).toBe('taken');
      for (const key of optional) expect(await codeOf(without(key)), key).toBe('taken');
      for (const key of nullable) expect(await codeOf({ ...whole, [key]: null }), key).toBe('taken');
      if (keys.length > 0) expect(await codeOf({ ...whole, unheardOf: 1 })).toBe('taken');
    });

    test('is refused without what it needs, with null, and of another type', async () => {
      for (const other of [undefined, null, 7, [], typeof example === 'string' ? {} : 'text'])
        expect(await codeOf(other), JSON.stringify(other)).toBe('bad_input');
      for (const key of keys.filter((key) => !optional.includes(key)))
        expect(await codeOf(without(key)), key).toBe('bad_input');
      for (const key of keys.filter((key) => ![...nullable, ...any].includes(key)))
        expect(await codeOf({ ...whole, [key]: null }), key).toBe('bad_input');
      for (const key of keys.filter((key) => !any.includes(key)))
        expect(await codeOf({ ...whole, [key]: { of: 'no type' } }), key).toBe('bad_input');
    });
  },
);
