// One thread, kept up to date: by its page, by events, and by what the room knows.
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { ChatClient, MemoryOutbox, ThreadView, type Message } from '../src/core/index.js';
import { answers, message, network, reset, sockets, tokenOf, type FakeSocket } from './fakeServer.js';

vi.mock('socket.io-client', async () => ({ io: (await import('./fakeServer.js')).io }));

const at = (serial: number) => `2026-01-31T09:05:0${serial}.000Z`;
const root = { ...message('root', 'where?', 'bob'), createdAt: at(0) };
const reply = (serial: number, senderId = 'bob') => ({
  ...message(`r${serial}`, `reply ${serial}`, senderId),
  createdAt: at(serial),
  replyTo: 'root',
  thread: { rootId: 'root', alsoToRoom: false },
});
const page = (replies: object[], more = {}) => ({
  success: true,
  rootId: 'root',
  roomId: 'general',
  root,
  messages: [...replies].reverse(),
  before: null,
  after: null,
  hasMore: false,
  isFollowing: true,
  unreadCount: 0,
  ...more,
});

let client: ChatClient;
let thread: ThreadView;
let close: () => void;
let loads: object[];
let next: () => unknown;
const settled = () => new Promise((resolve) => setTimeout(resolve));
const socket = () => sockets[0] as FakeSocket;
const texts = () => thread.get().replies.map(({ content }) => content);

beforeEach(async () => {
  reset();
  loads = [];
  next = () => page([reply(1), reply(2)]);
  answers.set('thread:load', (argument) => {
    loads.push(argument as object);
    return next();
  });
  client = new ChatClient({ url: 'http://server', token: tokenOf('alice'), outbox: new MemoryOutbox() });
  client.retain();
  client.enter('general');
  await settled();
  socket().hears('room:history', { roomId: 'general', messages: [], seq: 0 });
  thread = new ThreadView(client, 'general', 'root');
});
afterEach(() => {
  close();
  client.close();
});

async function open(): Promise<void> {
  close = thread.subscribe(() => undefined);
  await settled();
}

test('changes that come while it is loaded are applied after the page', async () => {
  let answer: (page: object) => void = () => undefined;
  next = () => new Promise((resolve) => (answer = resolve));
  await open();
  socket().hears('message:new', reply(3));
  socket().hears('message:deleted', { messageId: 'r1', roomId: 'general', seq: 4 });
  socket().hears('message:updated', { ...reply(2), content: 'edited', updatedAt: at(5) });
  answer(page([reply(1), reply(2)]));
  await settled();
  expect(texts()).toEqual(['edited', 'reply 3']);
});

test('replies that the room does not have loaded are edited, deleted and reacted to', async () => {
  await open();
  expect(texts()).toEqual(['reply 1', 'reply 2']);
  socket().hears('message:updated', { ...reply(1), content: 'edited', updatedAt: at(5) });
  socket().hears('reaction:added', {
    messageId: 'r1',
    roomId: 'general',
    userId: 'bob',
    emoji: '👍',
    seq: 1,
  });
  socket().hears('reaction:added', {
    messageId: 'root',
    roomId: 'general',
    userId: 'bob',
    emoji: '👀',
    seq: 2,
  });
  expect(thread.get().replies[0]).toMatchObject({ content: 'edited', reactions: [{ emoji: '👍' }] });
  expect(thread.get().root?.reactions).toEqual([{ emoji: '👀', userId: 'bob' }]);
  socket().hears('reaction:removed', {
    messageId: 'r1',
    roomId: 'general',
    userId: 'bob',
    emoji: '👍',
    seq: 3,
  });
  expect(thread.get().replies[0]?.reactions).toEqual([]);
  socket().hears('message:deleted', { messageId: 'root', roomId: 'general', seq: 4 });
  expect(thread.get().root).toBeNull();
  socket().hears('message:new', { ...reply(3), thread: { rootId: 'another', alsoToRoom: false } });
  expect(texts()).toEqual(['edited', 'reply 2']);
});

test('it is loaded again with each connection, as far as it was shown', async () => {
  const many = Array.from({ length: 60 }, (_, serial) => ({
    ...reply(1),
    id: `many${String(serial).padStart(2, '0')}`,
  }));
  next = () => page(many);
  await open();
  next = () => page([...many, reply(9)]);
  socket().breaks();
  await settled();
  expect(texts()).toHaveLength(61);
  expect(loads).toEqual([
    { rootId: 'root', limit: 50 },
    { rootId: 'root', limit: 60 },
  ]);
});

test('its unread replies are counted by the server, and read once', async () => {
  next = () => page([reply(1, 'alice'), reply(2), reply(3)], { unreadCount: 1 });
  await open();
  expect(thread.get()).toMatchObject({ unreadCount: 1, firstUnreadId: 'r3' });
  const reads: unknown[] = [];
  answers.set('thread:read', (argument) => {
    reads.push(argument);
    return { success: true, unreadCount: 0 };
  });
  thread.markAsRead();
  thread.markAsRead();
  expect(reads).toEqual([{ rootId: 'root', messageId: 'r3' }]);
  expect(thread.get()).toMatchObject({ unreadCount: 0, firstUnreadId: 'r3' });
  socket().hears('thread:unread', { rootId: 'another', roomId: 'general', unreadCount: 7 });
  expect(thread.get().unreadCount).toBe(0);
  socket().hears('thread:unread', { rootId: 'root', roomId: 'general', unreadCount: 2 });
  expect(thread.get().unreadCount).toBe(2);
});

test('a reply of one’s own is shown once, before and after the server has it', async () => {
  await open();
  let answer: (acked: object) => void = () => undefined;
  let sent: object = {};
  answers.set('message:send', (argument) => {
    sent = argument as object;
    return new Promise((resolve) => (answer = resolve));
  });
  const arrived = thread.sendMessage('reply 3');
  await settled();
  expect(texts()).toEqual(['reply 1', 'reply 2', 'reply 3']);
  expect(sent).toMatchObject({ threadId: 'root', replyTo: 'root', alsoToRoom: false });
  // The others are told before the ack.
  const theirs = { ...reply(3, 'alice'), seq: 1 } as Message;
  socket().hears('message:new', theirs);
  expect(texts()).toEqual(['reply 1', 'reply 2', 'reply 3']);
  answer({ success: true, message: theirs });
  await arrived;
  expect(texts()).toEqual(['reply 1', 'reply 2', 'reply 3']);
});

test('without a connection it shows what the room has kept', async () => {
  socket().hears('message:new', { ...root, seq: 1 });
  socket().hears('message:new', { ...reply(1), seq: 2 });
  network.isAway = true;
  socket().breaks();
  await open();
  expect(loads).toEqual([]);
  expect(thread.get()).toMatchObject({ isReady: true, refusal: null, root: { id: 'root' } });
  expect(texts()).toEqual(['reply 1']);
});

test('nothing is left of it once nobody looks at it', async () => {
  const before = socket().listening;
  await open();
  expect(socket().listening).toBeGreaterThan(before);
  close();
  expect(socket().listening).toBe(before);
});

test('a refusal is shown, and following it fails with the reason', async () => {
  next = () => ({ success: false, code: 'message_not_found', error: 'Message not found' });
  await open();
  expect(thread.get()).toMatchObject({ isReady: false, refusal: { code: 'message_not_found' } });
  answers.set('thread:follow', () => ({ success: false, code: 'busy', error: 'Try again' }));
  await expect(thread.follow()).rejects.toThrow('Try again');
});

test('what the server would not mark as read is unread again', async () => {
  next = () => page([reply(1)], { unreadCount: 1 });
  await open();
  answers.set('thread:read', () => ({ success: false, code: 'busy', error: 'Try again' }));
  thread.markAsRead();
  expect(thread.get().unreadCount).toBe(0);
  await settled();
  await settled();
  expect(thread.get().unreadCount).toBe(1);
});

test('a thread that could not be loaded for now is loaded again, unless nobody looks at it', async () => {
  vi.useFakeTimers();
  next = () => ({ success: false, code: 'unavailable', error: 'Try again' });
  close = thread.subscribe(() => undefined);
  await vi.advanceTimersByTimeAsync(4_999);
  expect(thread.get().refusal?.code).toBe('unavailable');
  expect(loads).toHaveLength(1);
  await vi.advanceTimersByTimeAsync(1);
  expect(loads).toHaveLength(2);
  close();
  await vi.advanceTimersByTimeAsync(60_000);
  expect(loads).toHaveLength(2);
  next = () => page([reply(1)]);
  close = thread.subscribe(() => undefined);
  await vi.advanceTimersByTimeAsync(0);
  expect(thread.get()).toMatchObject({ isReady: true, refusal: null });
  vi.useRealTimers();
});

test('the id of a reply leads to its thread', async () => {
  thread = new ThreadView(client, 'general', 'r1');
  await open();
  socket().hears('message:new', reply(3));
  expect(texts()).toEqual(['reply 1', 'reply 2', 'reply 3']);
  expect(thread.rootId).toBe('root');
});
