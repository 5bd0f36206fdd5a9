// Online users: one request a turn for all components that watch, and answers and events in any order.
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { ChatClient, MemoryOutbox, onlineUsersOf } from '../src/core/index.js';
import { answers, network, reset, sockets, tokenOf } from './fakeServer.js';

vi.mock('socket.io-client', async () => ({ io: (await import('./fakeServer.js')).io }));

/** The users of each `users:watch`. */
let asked: string[][];
/** The users who are online when they are asked about. */
let there: string[];
beforeEach(() => {
  reset();
  asked = [];
  there = ['bob', 'carol'];
  answers.set('users:watch', (argument) => {
    const { userIds } = argument as { userIds: string[] };
    asked.push(userIds);
    return { success: true, online: there.filter((id) => userIds.includes(id)) };
  });
});
afterEach(() => void vi.useRealTimers());

/** Until what was sent is answered. */
const turn = () => new Promise((resolve) => setImmediate(resolve));

async function aClient() {
  const client = new ChatClient({
    url: 'http://server',
    token: tokenOf('alice'),
    outbox: new MemoryOutbox(),
  });
  client.retain();
  await turn();
  const users = onlineUsersOf(client);
  return { client, users, online: () => [...users.get().online].sort() };
}

const presence = (online: string[], offline: string[]) =>
  sockets[0]?.hears('users:presence', { online, offline });

test('all who watch in one turn are one request, and each user is in it once', async () => {
  const { users, online, client } = await aClient();
  users.watch(['bob', 'dora']);
  users.watch(['carol', 'bob', 'bob']);
  await turn();
  expect(asked).toEqual([['bob', 'dora', 'carol']]);
  expect(online()).toEqual(['bob', 'carol']);
  expect(onlineUsersOf(client), 'of all components').toBe(users);
});

test('a user is watched until the last who watches has ended it, and the end of all is one request', async () => {
  const { users, online } = await aClient();
  const [first, second] = [users.watch(['bob', 'carol']), users.watch(['bob'])];
  await turn();
  first();
  first();
  await turn();
  expect([asked.at(-1), online()]).toEqual([['bob'], ['bob']]);
  second();
  await turn();
  expect([asked.at(-1), online()]).toEqual([[], []]);
  users.watch(['bob'])();
  await turn();
  expect(asked).toHaveLength(3);
});

test('users come and go by events, and an event that comes before the answer is newer than it', async () => {
  const { users, online } = await aClient();
  users.watch(['bob', 'carol', 'dora']);
  await turn();
  presence(['dora', 'nobody watches them'], ['bob']);
  expect(online()).toEqual(['carol', 'dora']);

  let answer: (answered: unknown) => void = () => undefined;
  answers.set('users:watch', () => new Promise((resolve) => (answer = resolve)));
  users.watch(['erin']);
  await turn();
  presence(['bob'], ['carol']);
  answer({ success: true, online: ['carol', 'dora', 'erin'] });
  await turn();
  expect(online()).toEqual(['bob', 'dora', 'erin']);
});

test('nobody is online without a connection, and all are asked about with the next one', async () => {
  const { users, online } = await aClient();
  users.watch(['bob', 'carol']);
  await turn();
  network.isAway = true;
  sockets[0]?.breaks();
  expect(online()).toEqual([]);
  users.watch(['dora']);
  await turn();
  expect(asked).toHaveLength(1);
  network.isAway = false;
  there = ['carol', 'dora'];
  sockets[0]?.connect();
  await turn();
  expect(asked.slice(1)).toEqual([['bob', 'carol', 'dora']]);
  expect(online()).toEqual(['carol', 'dora']);
});

test('the server is asked about 500 users at the most', async () => {
  const { users } = await aClient();
  users.watch(Array.from({ length: 501 }, (_, serial) => `user ${serial}`));
  await turn();
  expect(asked[0]).toHaveLength(500);
});

test('a request that a busy server refused is repeated, and one that is wrong is not', async () => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
  const { users, online } = await aClient();
  const answer = answers.get('users:watch') as NonNullable<ReturnType<typeof answers.get>>;
  const refuse = (code: string) => {
    answers.set('users:watch', () => ({ success: false, code, error: 'no' }));
  };
  refuse('busy');
  users.watch(['bob']);
  await turn();
  answers.set('users:watch', answer);
  vi.advanceTimersByTime(9_999);
  await turn();
  expect(asked).toEqual([]);
  vi.advanceTimersByTime(1);
  await turn();
  expect([asked, online()]).toEqual([[['bob']], ['bob']]);

  refuse('bad_input');
  users.watch(['carol']);
  await turn();
  answers.set('users:watch', answer);
  vi.advanceTimersByTime(60_000);
  await turn();
  expect(asked).toHaveLength(1);
});
