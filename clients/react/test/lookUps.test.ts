// Users and messages by their ids: requests, refusals, and what changes after they were looked up.
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { ChatClient, MemoryOutbox, messagesOf, usersOf } from '../src/core/index.js';
import { answers, message, network, reset, sockets, tokenOf } from './fakeServer.js';

vi.mock('socket.io-client', async () => ({ io: (await import('./fakeServer.js')).io }));

/** The ids of each request. */
let asked: string[][];
beforeEach(() => {
  reset();
  asked = [];
  answers.set('users:show', (argument) => {
    const { userIds } = argument as { userIds: string[] };
    asked.push(userIds);
    const there = userIds.filter((id) => !id.startsWith('nobody'));
    return { success: true, users: there.map((id) => ({ id, name: id.toUpperCase(), avatar: null })) };
  });
  answers.set('messages:show', (argument) => {
    const { messageIds } = argument as { messageIds: string[] };
    asked.push(messageIds);
    return { success: true, messages: messageIds.map((id) => message(id, `text of ${id}`, 'bob')) };
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
  return client;
}

const names = (client: ChatClient) => [...usersOf(client).get()].map(([id, user]) => [id, user?.name]);

test('all that is wanted in one turn is one request, and what is known is not asked for again', async () => {
  const client = await aClient();
  usersOf(client).want(['bob', 'nobody']);
  usersOf(client).want(['bob', 'carol']);
  await turn();
  expect(asked).toEqual([['bob', 'nobody', 'carol']]);
  expect(names(client)).toEqual([
    ['bob', 'BOB'],
    ['nobody', undefined],
    ['carol', 'CAROL'],
  ]);
  usersOf(client).want(['nobody', 'carol']);
  await turn();
  expect(asked).toHaveLength(1);
});

test('more users than one request takes are asked for one request after the other', async () => {
  const client = await aClient();
  usersOf(client).want(Array.from({ length: 101 }, (_, serial) => `user-${serial}`));
  await turn();
  expect(asked.map(({ length }) => length)).toEqual([100, 1]);
});

test('a busy server is asked again, three times in all, and then on the next connection', async () => {
  const client = await aClient();
  const good = answers.get('users:show');
  let refusals = 0;
  answers.set('users:show', () => ({ success: false, code: 'busy', error: `${(refusals += 1)}` }));
  vi.useFakeTimers();
  usersOf(client).want(['bob']);
  await vi.advanceTimersByTimeAsync(100_000);
  expect([refusals, names(client)]).toEqual([3, []]);
  answers.set('users:show', good ?? (() => undefined));
  sockets[0]?.breaks();
  await vi.advanceTimersByTimeAsync(100);
  expect(names(client)).toEqual([['bob', 'BOB']]);
});

test('what is refused stays unknown and is not asked for again by itself', async () => {
  const client = await aClient();
  answers.set('users:show', () => ({ success: false, code: 'bad_input', error: `${asked.push([])}` }));
  vi.useFakeTimers();
  usersOf(client).want(['bob']);
  await vi.advanceTimersByTimeAsync(100_000);
  expect([asked, names(client)]).toEqual([[[]], []]);
});

test('what is wanted without a connection is asked for on the next one', async () => {
  network.isAway = true;
  const client = await aClient();
  usersOf(client).want(['bob']);
  await turn();
  expect(asked).toEqual([]);
  network.isAway = false;
  sockets[0]?.connect();
  await turn();
  expect(names(client)).toEqual([['bob', 'BOB']]);
});

test('a message that was looked up is edited and deleted with the room, and looked up again after a break', async () => {
  const client = await aClient();
  const contents = () => ['one', 'two'].map((id) => messagesOf(client).get().get(id)?.content);
  messagesOf(client).want(['one', 'two']);
  await turn();
  expect(contents()).toEqual(['text of one', 'text of two']);
  sockets[0]?.hears('message:updated', { ...message('one', 'edited', 'bob', 3) });
  sockets[0]?.hears('message:updated', { ...message('three', 'never wanted', 'bob', 4) });
  sockets[0]?.hears('message:deleted', { messageId: 'two', roomId: 'general', seq: 5 });
  expect(contents()).toEqual(['edited', undefined]);
  expect([...messagesOf(client).get().keys()]).toEqual(['one', 'two']);
  sockets[0]?.breaks();
  expect(contents(), 'until it is known better').toEqual(['edited', undefined]);
  await turn();
  expect(asked.at(-1)).toEqual(['one', 'two']);
  expect(contents()).toEqual(['text of one', 'text of two']);
});
