// The server in memory that the package gives to apps' tests, beside the server under test: the same conversation, step by
// step, has the same answers, and everybody hears the same events in the same order.
import { startChatServer, type ChatServer, type TestUser } from '@chatoxide/react/testing';
import { afterEach, expect, test } from 'vitest';
import { CLIENT_EVENTS, type ClientEvent } from '../support/protocol';
import { fixtures } from '../support/shape';
import { aWorld, settled } from '../support/world';

const WORLD = aWorld('sqlite');
const EVENTS = fixtures.flatMap(({ event }) => event ?? []);

/** Somebody who says things, on either server. */
interface Person {
  ask: (event: ClientEvent, argument: unknown) => Promise<unknown>;
  tell: (event: ClientEvent, argument: unknown) => void;
  /** The events that came since the last call. */
  heard: () => unknown[];
}

interface Stage {
  people: Record<'alice' | 'bob' | 'carol', Person>;
  room: string;
  ids: Record<'alice' | 'bob' | 'carol', string>;
  /** Nothing is on its way. */
  settle: () => Promise<unknown>;
}

type Step = [
  who: keyof Stage['people'],
  event: ClientEvent,
  argument: (stage: Stage, messageId: string) => unknown,
];

/** `messageId` is of the message that was sent last. */
const CONVERSATION: Step[] = [
  ['alice', 'room:join', ({ room }) => room],
  ['bob', 'room:join', ({ room }) => room],
  ['carol', 'room:join', ({ room }) => room],
  ['alice', 'room:join', ({ room }) => room],
  ['alice', 'room:presence', ({ room }) => room],
  ['bob', 'typing:start', ({ room }) => room],
  ['bob', 'message:send', ({ room }) => ({ roomId: room, content: 'one', clientId: 'c-1' })],
  ['bob', 'message:send', ({ room }) => ({ roomId: room, content: 'one', clientId: 'c-1' })],
  ['alice', 'message:edit', (_, messageId) => ({ messageId, content: 'not hers' })],
  ['alice', 'message:delete', (_, messageId) => ({ messageId })],
  ['bob', 'message:edit', (_, messageId) => ({ messageId, content: 'one, edited' })],
  ['alice', 'reaction:add', (_, messageId) => ({ messageId, emoji: '👍' })],
  ['alice', 'reaction:add', (_, messageId) => ({ messageId, emoji: '👍' })],
  ['carol', 'reaction:remove', (_, messageId) => ({ messageId, emoji: '👍' })],
  ['alice', 'reaction:remove', (_, messageId) => ({ messageId, emoji: '👍' })],
  [
    'alice',
    'message:send',
    ({ room }, replyTo) => ({ roomId: room, content: 'two', replyTo, metadata: { a: [1] } }),
  ],
  ['bob', 'room:read', ({ room }) => room],
  ['alice', 'message:readers', (_, messageId) => ({ messageId })],
  ['alice', 'message:readers', () => ({ messageId: 'none' })],
  ['bob', 'room:mark-unread', ({ room }, messageId) => ({ roomId: room, messageId })],
  ['bob', 'room:mark-unread', ({ room }) => ({ roomId: room, messageId: 'none' })],
  ['bob', 'unread:list', () => ({})],
  ['bob', 'room:read', ({ room }) => room],
  ['bob', 'unread:list', () => ({})],
  ['bob', 'settings:update', () => ({ privateReads: true })],
  ['bob', 'room:read', ({ room }) => room],
  ['bob', 'settings:show', () => ({})],
  ['alice', 'message:readers', (_, messageId) => ({ messageId })],
  ['bob', 'settings:update', () => ({ privateReads: false })],
  ['bob', 'settings:update', () => ({ privateReads: 1 })],
  ['bob', 'status:set', () => ({ text: ' Lunch ', emoji: '🍜' })],
  ['bob', 'status:set', () => ({ emoji: 'two' })],
  ['bob', 'status:set', () => ({ text: 'x', clearAt: '2020-01-01' })],
  ['bob', 'presence:set', () => ({ state: 'online' })],
  ['bob', 'presence:set', () => ({ state: 'offline' })],
  ['alice', 'presence:list', ({ ids }) => ({ userIds: [ids.bob, ids.carol, ids.alice, 'nobody-at-all'] })],
  ['alice', 'presence:list', ({ room }) => ({ roomId: room })],
  ['carol', 'presence:list', ({ room }) => ({ roomId: room })],
  ['carol', 'presence:list', () => ({})],
  ['bob', 'settings:update', () => ({ hidePresence: true })],
  ['alice', 'presence:list', ({ ids }) => ({ userIds: [ids.bob] })],
  ['bob', 'presence:list', ({ ids }) => ({ userIds: [ids.bob] })],
  ['alice', 'users:watch', ({ ids }) => ({ userIds: [ids.bob] })],
  ['alice', 'users:watch', () => ({ userIds: [] })],
  ['bob', 'settings:update', () => ({ hidePresence: false })],
  ['bob', 'status:set', () => ({})],
  ['carol', 'message:send', ({ room }) => ({ roomId: room, content: 'three', type: null, metadata: 0 })],
  ['carol', 'message:send', ({ room }) => ({ roomId: room, content: 'four', type: 'system' })],
  ['carol', 'message:delete', (_, messageId) => ({ messageId })],
  ['carol', 'message:delete', (_, messageId) => ({ messageId })],
  ['alice', 'messages:load', ({ room }) => ({ roomId: room, before: '2100-01-01T00:00:00.000Z', limit: 1 })],
  ['alice', 'messages:load', ({ room }) => ({ roomId: room })],
  ['alice', 'messages:load', ({ room }) => ({ roomId: room, limit: -1 })],
  ['alice', 'messages:sync', ({ room }) => ({ roomId: room, since: 4 })],
  ['alice', 'messages:sync', ({ room }) => ({ roomId: room, since: 100 })],
  ['bob', 'typing:start', ({ room }) => room],
  ['bob', 'typing:stop', ({ room }) => room],
  ['bob', 'typing:stop', ({ room }) => room],
  ['bob', 'room:read', ({ room }) => room],
  ['bob', 'message:send', ({ room, ids }) => ({ roomId: room, content: `@{${ids.alice}} and @room` })],
  ['bob', 'message:edit', (_, messageId) => ({ messageId, content: '@room' })],
  ['bob', 'message:send', ({ room }) => ({ roomId: room, content: 'mail@here.org `@here` @here' })],
  ['bob', 'message:send', ({ room }) => ({ roomId: room, content: `${'long '.repeat(50)}@room` })],
  ['alice', 'mentions:list', () => ({})],
  ['alice', 'room:read', ({ room }) => room],
  ['alice', 'mentions:read', () => ({})],
  ['alice', 'mentions:list', () => ({ limit: 5 })],
  ['bob', 'mentions:list', () => ({})],
  ['carol', 'users:watch', ({ ids }) => ({ userIds: [ids.alice, 'nobody-at-all'] })],
  ['bob', 'messages:show', (_, messageId) => ({ messageIds: ['no-message', messageId], asQuotes: true })],
  ['bob', 'messages:show', (_, messageId) => ({ messageIds: [messageId, 'no-message'] })],
  ['carol', 'users:show', ({ ids }) => ({ userIds: [ids.bob, 'nobody-at-all', ids.alice] })],
  // Only the root's author answers: others are told of a reply a moment later.
  ['alice', 'message:send', ({ room }) => ({ roomId: room, content: 'a root' })],
  ['bob', 'thread:follow', (_, messageId) => ({ rootId: messageId })],
  ['bob', 'thread:load', (_, messageId) => ({ rootId: messageId })],
  ['bob', 'thread:unfollow', (_, messageId) => ({ rootId: messageId })],
  ['alice', 'message:send', ({ room }, threadId) => ({ roomId: room, content: 'a reply', threadId })],
  [
    'alice',
    'message:send',
    ({ room }, threadId) => ({ roomId: room, content: 'another', threadId, alsoToRoom: true }),
  ],
  ['alice', 'message:send', ({ room }) => ({ roomId: room, content: 'x', threadId: 'none' })],
  ['bob', 'unread:list', () => ({})],
  ['bob', 'thread:load', (_, messageId) => ({ rootId: messageId })],
  ['bob', 'thread:read', (_, messageId) => ({ rootId: messageId, messageId })],
  ['bob', 'thread:read', (_, messageId) => ({ rootId: messageId, messageId: 'none' })],
  ['bob', 'thread:follow', (_, messageId) => ({ rootId: messageId })],
  ['carol', 'thread:load', () => ({ rootId: 'none' })],
  ['alice', 'threads:list', () => ({})],
  ['bob', 'threads:list', () => ({ unreadOnly: true })],
  ['bob', 'threads:list', ({ room }) => ({ roomId: room })],
  ['bob', 'thread:unfollow', (_, messageId) => ({ rootId: messageId })],
  ['alice', 'messages:load', ({ room }) => ({ roomId: room, limit: 3 })],
  // Messages are found once they are indexed, so only a refusal is compared.
  ['alice', 'messages:search', () => ({ query: '' })],
  ['carol', 'room:leave', ({ room }) => room],
  ['carol', 'room:leave', ({ room }) => room],
  ['alice', 'room:create', ({ ids }) => ({ name: ' Plans ', type: 'private', members: [ids.bob] })],
  ['alice', 'room:create', () => ({ name: 'Nobody', members: ['nobody-at-all'] })],
  ['alice', 'room:create', () => ({ name: '  ' })],
  ['alice', 'room:invite', ({ room, ids }) => ({ roomId: room, userId: ids.alice })],
  ['alice', 'room:invite', ({ room, ids }) => ({ roomId: room, userId: ids.bob })],
  ['alice', 'room:invite', ({ room }) => ({ roomId: room, userId: 'nobody-at-all' })],
  ['alice', 'room:update', ({ room }) => ({ roomId: room, name: ' All ', topic: ' new ' })],
  ['alice', 'room:update', ({ room }) => ({ roomId: room, name: 'All', topic: 'new' })],
  ['bob', 'room:update', ({ room }) => ({ roomId: room, topic: null })],
  ['carol', 'room:update', ({ room }) => ({ roomId: room, name: 'not a member' })],
  ['alice', 'member:remove', ({ room, ids }) => ({ roomId: room, userId: ids.bob })],
  ['carol', 'users:watch', ({ ids }) => ({ userIds: [ids.alice, 'nobody-at-all'] })],
  ['carol', 'member:join', ({ room }) => room],
  ['carol', 'member:join', ({ room }) => room],
  ['carol', 'member:join', () => 'nowhere'],
  ['carol', 'users:watch', ({ ids }) => ({ userIds: [ids.alice] })],
  ['carol', 'member:leave', ({ room }) => room],
  ['carol', 'member:leave', ({ room }) => room],
  ['alice', 'dm:start', ({ ids }) => ids.alice],
  ['alice', 'dm:start', () => 'nobody-at-all'],
  ['alice', 'dm:start', ({ ids }) => ids.bob],
  ['alice', 'dm:start', ({ ids }) => ids.bob],
  [
    'alice',
    'room:update',
    ({ ids }) => ({ roomId: `dm:${[ids.alice, ids.bob].sort().join(':')}`, name: 'x' }),
  ],
  ['carol', 'room:join', ({ ids }) => `dm:${ids.alice}:${ids.bob}`],
  ['carol', 'room:join', () => 'nowhere'],
  ['carol', 'message:send', () => ({ roomId: 'nowhere', content: 'x' })],
  ['alice', 'users:find', ({ ids }) => ({ query: ids.bob.toUpperCase() })],
  ['bob', 'rooms:list', () => ({})],
  // Changes come after a while, so that nothing changes from here on.
  ['alice', 'presence:watch', ({ ids }) => ({ userIds: [ids.bob, ids.carol] })],
];

/** Each step with its answer, and with the events that everybody heard. */
async function transcript(stage: Stage): Promise<string[]> {
  const lines: string[] = [];
  let messageId = '';
  for (const [who, event, argumentOf] of CONVERSATION) {
    const argument = argumentOf(stage, messageId);
    const answer = (await stage.people[who].ask(event, argument)) as { message?: { id: string } };
    if (event === 'message:send') messageId = answer.message?.id ?? messageId;
    await stage.settle();
    const heard = Object.entries(stage.people).flatMap(([name, person]) =>
      person.heard().map((said) => `  ${name} hears ${JSON.stringify(said)}`),
    );
    lines.push(`${who} ${event} ${JSON.stringify(argument)}`, `  ${JSON.stringify(answer)}`, ...heard);
  }
  return lines.map(masked(stage));
}

/** Replaces what differs from run to run: times, and ids by the order in which they come. */
function masked({ ids, room }: Stage): (line: string) => string {
  const known = new Map<string, string>(
    [...Object.entries(ids), ['room', room]].map(([name, id]) => [id, name]),
  );
  const names = new Map<string, string>();
  return (line) =>
    [...known]
      .reduce((text, [id, name]) => text.replaceAll(id.toUpperCase(), name).replaceAll(id, name), line)
      .replace(/\d{4}-\d\d-\d\dT[\d:.]+Z/g, 'TIME')
      // Cursors are the server's own.
      .replace(/"(after|before)":"[\w-]+"/g, '"$1":"CURSOR"')
      // Sentences about a bad argument are the server's own.
      .replace(/"code":"bad_input","error":"[^"]*"/g, '"code":"bad_input"')
      .replace(/[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}/g, (id) => {
        if (!names.has(id)) names.set(id, `#${names.size + 1}`);
        return names.get(id) ?? '';
      });
}

/** With keys and ids in one order: that of the users who are here is no promise. */
const sorted = (value: unknown): unknown => {
  if (Array.isArray(value))
    return value.every((item) => typeof item === 'string') ? [...value].sort() : value.map(sorted);
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value).sort(([one], [other]) => (one < other ? -1 : 1));
  return Object.fromEntries(entries.map(([key, inner]) => [key, sorted(inner)]));
};

async function realStage(): Promise<Stage> {
  const users = { alice: WORLD.user('alice'), bob: WORLD.user('bob'), carol: WORLD.user('carol') };
  const room = await WORLD.room({ members: [users.alice, users.bob] });
  const open = async (name: keyof typeof users) => {
    const client = await WORLD.connect(users[name]);
    const person: Person = {
      ask: async (event, argument) => sorted(await client.ask(event, argument)),
      tell: (event, argument) => client.tell(event, argument),
      heard: () => {
        const events = client.heard().filter((entry) => !entry.name.startsWith('ack '));
        client.forget();
        return events.map((entry) => [entry.name, sorted(entry.value)]);
      },
    };
    return { client, person };
  };
  const [alice, bob, carol] = [await open('alice'), await open('bob'), await open('carol')];
  return {
    people: { alice: alice.person, bob: bob.person, carol: carol.person },
    room,
    ids: { alice: users.alice.id, bob: users.bob.id, carol: users.carol.id },
    settle: () => settled(alice.client, bob.client, carol.client),
  };
}

let memory: ChatServer | undefined;
afterEach(() => memory?.close());

async function memoryStage({ ids, room }: Stage): Promise<Stage> {
  const name = (id: string) => id.charAt(0).toUpperCase() + id.slice(1).replace(/-\d+$/, '');
  const server = startChatServer({
    users: Object.values(ids).map((id) => ({ id, name: name(id) })),
    rooms: [{ id: room, name: `About ${room}`, members: [ids.alice, ids.bob] }],
  });
  memory = server;
  const open = async (id: string): Promise<[TestUser, Person]> => {
    const user = await server.connect(id);
    let heard: unknown[] = [];
    for (const event of EVENTS)
      user.on(event as Parameters<TestUser['on']>[0], (data) => heard.push([event, sorted(data)]));
    const ask = (event: ClientEvent, argument: unknown) =>
      user.ask(event, argument as never).then(
        (answer) => sorted(answer),
        ({ code, message }: { code: string; message: string }) => ({ code, error: message, success: false }),
      );
    const person: Person = {
      ask: async (event, argument) => {
        const answer = await ask(event, argument);
        const isRefusedPage = event === 'messages:load' && 'code' in (answer as object);
        return isRefusedPage ? sorted({ ...(answer as object), messages: [] }) : answer;
      },
      tell: (event, argument) => void ask(event, argument),
      heard: () => heard.splice(0),
    };
    heard = [];
    return [user, person];
  };
  const people = [await open(ids.alice), await open(ids.bob), await open(ids.carol)] as const;
  return {
    people: { alice: people[0][1], bob: people[1][1], carol: people[2][1] },
    room,
    ids,
    settle: () => Promise.all(people.map(([user]) => user.ask('room:presence', room))),
  };
}

test('both answer a conversation alike, and tell everybody the same', async () => {
  const real = await realStage();
  const ofReal = await transcript(real);
  const ofMemory = await transcript(await memoryStage(real));
  expect(ofMemory).toEqual(ofReal);
  const asked = new Set(CONVERSATION.map(([, event]) => event));
  expect([...asked].sort()).toEqual([...CLIENT_EVENTS].sort());
});
