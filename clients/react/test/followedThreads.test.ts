// The list of followed threads, and the threads with unread replies, kept up to date by events.
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { ChatClient, FollowedThreads, MemoryOutbox, unreadThreadsOf } from '../src/core/index.js';
import { answers, message, reset, sockets, tokenOf, type FakeSocket } from './fakeServer.js';

vi.mock('socket.io-client', async () => ({ io: (await import('./fakeServer.js')).io }));

const at = (minute: number) => `2026-01-31T09:${String(minute).padStart(2, '0')}:00.000Z`;
const summary = (minute: number, replyCount = 1) => ({
  replyCount,
  lastReply: { id: `last-${minute}`, senderId: 'bob', createdAt: at(minute) },
  participants: [{ id: 'bob', name: 'Bob', avatar: null }],
  participantCount: 1,
});
const thread = (id: string, minute: number, unreadCount = 0, roomId = 'general') => ({
  roomId,
  root: { id, senderId: 'bob', senderName: 'Bob', excerpt: `about ${id}`, isDeleted: false },
  threadSummary: summary(minute),
  unreadCount,
});
const page = (threads: object[], after: string | null = null) => ({ success: true, threads, after });
const reply = (rootId: string, minute: number, senderId = 'bob') => ({
  ...message(`last-${minute}`, 'a reply', senderId),
  thread: { rootId, alsoToRoom: false },
  root: { id: rootId, threadSummary: summary(minute, 2) },
});

let client: ChatClient;
let asked: { after?: string | null; unreadOnly?: boolean; roomId?: string }[];
let next: () => unknown;
let close: () => void;
const settled = () => vi.advanceTimersByTimeAsync(0);
const socket = () => sockets[0] as FakeSocket;

beforeEach(async () => {
  vi.useFakeTimers();
  reset();
  asked = [];
  close = () => undefined;
  next = () => page([thread('a', 30), thread('b', 20, 3)]);
  answers.set('threads:list', (argument) => {
    asked.push(argument as object);
    return next();
  });
  client = new ChatClient({ url: 'http://server', token: tokenOf('alice'), outbox: new MemoryOutbox() });
  client.retain();
  await settled();
});
afterEach(() => {
  close();
  client.close();
  vi.useRealTimers();
});

async function open(filter = {}) {
  const list = new FollowedThreads(client, filter);
  close = list.subscribe(() => undefined);
  await settled();
  const shown = () => list.get().threads.map(({ root, unreadCount }) => [root.id, unreadCount]);
  return { list, shown };
}

test('a reply moves its thread to the top, with its new summary', async () => {
  const { list, shown } = await open();
  expect(list.get()).toMatchObject({ isReady: true, hasMore: false, refusal: null });
  socket().hears('message:new', reply('b', 40));
  expect(shown()).toEqual([
    ['b', 3],
    ['a', 0],
  ]);
  expect(list.get().threads[0]?.threadSummary).toEqual(summary(40, 2));
  expect(asked).toHaveLength(1);
});

test('many unread counts are shown at once, and the list is loaded once for all of them', async () => {
  const { shown } = await open();
  next = () => page([thread('c', 50, 1), thread('a', 30, 2), thread('b', 20)]);
  socket().hears('thread:unread', { rootId: 'a', roomId: 'general', unreadCount: 2 });
  socket().hears('thread:unread', { rootId: 'b', roomId: 'general', unreadCount: 0 });
  socket().hears('thread:unread', { rootId: 'c', roomId: 'general', unreadCount: 1 });
  expect(shown()).toEqual([
    ['a', 2],
    ['b', 0],
  ]);
  await vi.advanceTimersByTimeAsync(999);
  expect(asked).toHaveLength(1);
  await vi.advanceTimersByTimeAsync(1);
  expect(shown()).toEqual([
    ['c', 1],
    ['a', 2],
    ['b', 0],
  ]);
  await vi.advanceTimersByTimeAsync(60_000);
  expect(asked).toHaveLength(2);
});

test('a thread without replies is none, and an edit or a deletion of a root is loaded', async () => {
  const { list, shown } = await open();
  socket().hears('message:deleted', {
    messageId: 'last-30',
    roomId: 'general',
    seq: 9,
    root: { id: 'a', threadSummary: null },
  });
  expect(shown()).toEqual([['b', 3]]);
  const gone = { id: 'b', senderId: null, senderName: null, excerpt: '', isDeleted: true };
  next = () => page([{ ...thread('b', 20), root: gone }]);
  socket().hears('message:deleted', { messageId: 'b', roomId: 'general', seq: 10 });
  await vi.advanceTimersByTimeAsync(1_000);
  expect(list.get().threads.map(({ root }) => root)).toEqual([gone]);
  next = () => page([{ ...thread('b', 20), root: { ...thread('b', 20).root, excerpt: 'edited' } }]);
  socket().hears('message:updated', { ...message('b', 'edited', 'bob'), updatedAt: at(50) });
  await vi.advanceTimersByTimeAsync(1_000);
  expect(list.get().threads[0]?.root.excerpt).toBe('edited');
  socket().hears('message:updated', { ...message('elsewhere', 'edited', 'bob'), updatedAt: at(50) });
  await vi.advanceTimersByTimeAsync(1_000);
  expect(asked).toHaveLength(3);
});

test('one’s own reply in a thread that is not listed brings it, that of another does not', async () => {
  const { shown } = await open();
  next = () => page([thread('c', 50), thread('a', 30), thread('b', 20)]);
  socket().hears('message:new', reply('c', 49));
  await vi.advanceTimersByTimeAsync(1_000);
  expect(asked).toHaveLength(1);
  socket().hears('message:new', reply('c', 50, 'alice'));
  await vi.advanceTimersByTimeAsync(1_000);
  expect(shown()[0]).toEqual(['c', 0]);
});

test('the threads of a room that the user has left are gone', async () => {
  next = () => page([thread('a', 30), thread('b', 20, 3, 'barn')]);
  const { shown } = await open();
  socket().hears('member:left', { roomId: 'barn' });
  expect(shown()).toEqual([['a', 0]]);
});

test('changes that come while the list is loaded are applied to it', async () => {
  let answer: (page: object) => void = () => undefined;
  next = () => new Promise((resolve) => (answer = resolve));
  const { shown } = await open();
  socket().hears('member:left', { roomId: 'barn' });
  socket().hears('thread:unread', { rootId: 'a', roomId: 'general', unreadCount: 7 });
  answer(page([thread('a', 30), thread('b', 20, 3, 'barn')]));
  await settled();
  expect(shown()).toEqual([['a', 7]]);
});

test('further pages stay when the first one is loaded again, without what has moved or gone', async () => {
  next = () => page([thread('a', 30), thread('b', 20)], 'p2');
  const { list, shown } = await open();
  next = () => page([thread('c', 15), thread('d', 10)], 'p3');
  await list.loadMore();
  expect(asked[1]).toMatchObject({ after: 'p2' });
  expect(list.get().hasMore).toBe(true);
  // c has a new reply, and b is not followed any more.
  next = () => page([thread('c', 40, 1), thread('a', 30)], 'p2');
  socket().hears('thread:unread', { rootId: 'c', roomId: 'general', unreadCount: 1 });
  await vi.advanceTimersByTimeAsync(1_000);
  expect(shown().map(([id]) => id)).toEqual(['c', 'a', 'b', 'd']);
  next = () => page([]);
  await list.loadMore();
  expect(asked.at(-1), 'the cursor is that of the last page').toMatchObject({ after: 'p3' });
  expect(list.get().hasMore).toBe(false);
  next = () => page([thread('a', 30)]);
  socket().hears('thread:unread', { rootId: 'a', roomId: 'general', unreadCount: 0 });
  await vi.advanceTimersByTimeAsync(1_000);
  expect(shown(), 'the answer is the whole list').toEqual([['a', 0]]);
});

test('a page of rooms that the user may not enter is passed over', async () => {
  const pages = [page([], 'p2'), page([], 'p3'), page([thread('a', 30)])];
  next = () => pages.shift();
  const { shown } = await open();
  expect(shown()).toEqual([['a', 0]]);
  expect(asked.map(({ after }) => after)).toEqual([null, 'p2', 'p3']);
});

test('a page that comes after the list was loaded again is dropped', async () => {
  next = () => page([thread('a', 30)], 'p2');
  const { list, shown } = await open();
  let answer: (page: object) => void = () => undefined;
  next = () => new Promise((resolve) => (answer = resolve));
  const loaded = list.loadMore();
  await settled();
  next = () => page([thread('a', 30)]);
  socket().hears('thread:unread', { rootId: 'a', roomId: 'general', unreadCount: 0 });
  await vi.advanceTimersByTimeAsync(1_000);
  answer(page([thread('old', 5)], 'p3'));
  await loaded;
  expect(shown()).toEqual([['a', 0]]);
  expect(list.get().hasMore).toBe(false);
});

test('a refusal is told, and one that passes ends by itself', async () => {
  next = () => ({ success: false, code: 'busy', error: 'Busy' });
  const { list, shown } = await open();
  expect(list.get()).toMatchObject({ isReady: false, refusal: { code: 'busy', error: 'Busy' } });
  next = () => page([thread('a', 30)]);
  await vi.advanceTimersByTimeAsync(5_000);
  expect(shown()).toEqual([['a', 0]]);
  expect(list.get().refusal).toBeNull();
});

test('the list of one room, or of unread threads, asks for those alone', async () => {
  await open({ roomId: 'general', unreadOnly: true });
  expect(asked[0]).toMatchObject({ roomId: 'general', unreadOnly: true });
  socket().hears('thread:unread', { rootId: 'x', roomId: 'barn', unreadCount: 1 });
  await vi.advanceTimersByTimeAsync(5_000);
  expect(asked).toHaveLength(1);
});

test('nothing is loaded for a list that nobody watches', async () => {
  const { list } = await open();
  socket().hears('thread:unread', { rootId: 'a', roomId: 'general', unreadCount: 1 });
  close();
  await vi.advanceTimersByTimeAsync(60_000);
  socket().hears('thread:unread', { rootId: 'a', roomId: 'general', unreadCount: 2 });
  await vi.advanceTimersByTimeAsync(60_000);
  expect(asked).toHaveLength(1);
  expect(list.get().threads).toHaveLength(2);
});

const unread = () => [...unreadThreadsOf(client).get().threads];

test('unread threads are loaded, told of, read and left', async () => {
  next = () => page([thread('a', 30, 2), thread('b', 20, 3, 'barn')]);
  close = unreadThreadsOf(client).subscribe(() => undefined);
  await settled();
  expect(asked).toEqual([{ unreadOnly: true, limit: 100 }]);
  socket().hears('thread:unread', { rootId: 'c', roomId: 'general', unreadCount: 1 });
  socket().hears('thread:unread', { rootId: 'a', roomId: 'general', unreadCount: 0 });
  socket().hears('member:left', { roomId: 'barn' });
  expect(unread()).toEqual([['c', { roomId: 'general', unreadCount: 1 }]]);
  await vi.advanceTimersByTimeAsync(60_000);
  expect(asked, 'nothing more is asked for').toHaveLength(1);
});

test('unread threads that are told of during the load, and a load that is refused for now', async () => {
  let answer: (page: object) => void = () => undefined;
  next = () => new Promise((resolve) => (answer = resolve));
  close = unreadThreadsOf(client).subscribe(() => undefined);
  await settled();
  socket().hears('thread:unread', { rootId: 'a', roomId: 'general', unreadCount: 0 });
  answer({ success: false, code: 'unavailable', error: 'Unavailable' });
  await settled();
  expect(unreadThreadsOf(client).get().isReady).toBe(false);
  await vi.advanceTimersByTimeAsync(5_000);
  expect(asked).toHaveLength(2);
  socket().hears('thread:unread', { rootId: 'a', roomId: 'general', unreadCount: 0 });
  answer(page([thread('a', 30, 2), thread('b', 20, 3)]));
  await settled();
  expect(unread()).toEqual([['b', { roomId: 'general', unreadCount: 3 }]]);
});

test('after a lost connection both are loaded again', async () => {
  const { shown } = await open();
  const closeList = close;
  const closeUnread = unreadThreadsOf(client).subscribe(() => undefined);
  close = () => {
    closeList();
    closeUnread();
  };
  await settled();
  next = () => page([thread('c', 50, 1)]);
  socket().breaks();
  await settled();
  expect(shown()).toEqual([['c', 1]]);
  expect(unread()).toEqual([['c', { roomId: 'general', unreadCount: 1 }]]);
});
