// @vitest-environment jsdom
// Read and unread messages, the scroll position, and the number of rows that re-render.
import { cleanup, fireEvent, screen } from '@testing-library/react';
import { afterEach, beforeAll, describe, expect, test, vi } from 'vitest';
import { layOut } from '../../../../tests/client/hook/layout.js';
import type { ChatMessage } from '../../src/index.js';
import { field, findRow, list, scrolled, scrollTo, scrollToEnd, show } from './page.js';
import { aChat, later, message } from './samples.js';

beforeAll(layOut);
afterEach(() => {
  cleanup();
  vi.restoreAllMocks();
});

const bobs = { senderId: 'bob', senderName: 'Bob' };
const many = Array.from({ length: 100 }, (_, index) => message(`m${index}`, later(index), bobs));

function lookAway(isAway: boolean): void {
  vi.spyOn(document, 'hasFocus').mockReturnValue(!isAway);
}

describe('a room is read', () => {
  test('when what comes is in view, and once', async () => {
    lookAway(false);
    const chat = aChat(many);
    const { showAnew } = await show(chat);
    await scrollToEnd();
    expect(chat.markAsRead).toHaveBeenCalledTimes(1);
    await showAnew({ ...chat, messages: [...many, message('news', later(100), bobs)] });
    await scrollToEnd();
    expect(chat.markAsRead).toHaveBeenCalledTimes(2);
    await scrollToEnd();
    expect(chat.markAsRead).toHaveBeenCalledTimes(2);
  });

  test('not while one reads above, until one comes to the end', async () => {
    lookAway(false);
    const chat = aChat(many);
    const { showAnew } = await show(chat);
    await scrollToEnd();
    await scrollTo(1000);
    vi.mocked(chat.markAsRead).mockClear();
    await showAnew({ ...chat, messages: [...many, message('news', later(100), bobs)] });
    fireEvent.focus(window);
    expect(chat.markAsRead).not.toHaveBeenCalled();
    await scrollToEnd();
    expect(chat.markAsRead).toHaveBeenCalledTimes(1);
  });

  test('not without the focus; when that comes, it is', async () => {
    lookAway(true);
    const chat = aChat(many.slice(0, 3), { unreadCount: 3 });
    await show(chat);
    expect(chat.markAsRead).not.toHaveBeenCalled();
    lookAway(false);
    fireEvent.focus(window);
    expect(chat.markAsRead).toHaveBeenCalledTimes(1);
  });
});

test('on opening, the button says how much is unread', async () => {
  lookAway(false);
  const chat = aChat(many, { unreadCount: 55, firstUnreadId: 'm45' });
  const { showAnew } = await show(chat);
  await scrollTo(2000);
  expect(screen.getByRole('button', { name: '55 new messages' })).toBeTruthy();
  expect(chat.markAsRead).not.toHaveBeenCalled();
  // `unreadCount` does not include a message that arrives while the user looks at the room. The button adds it.
  await showAnew({ ...chat, messages: [...many, message('news', later(100), bobs)] });
  expect(screen.getByRole('button', { name: '56 new messages' })).toBeTruthy();
  await scrollToEnd();
  expect(chat.markAsRead).toHaveBeenCalled();
});

test('unread messages that have not come yet are counted', async () => {
  await show(aChat(many, { unreadCount: 300, firstUnreadId: 'm0', hasMore: true }));
  await scrollTo(1000);
  expect(screen.getByRole('button', { name: '99+ new messages' })).toBeTruthy();
});

test('one’s own message is scrolled to once, and not again while it is on its way', async () => {
  const chat = aChat(many);
  const { showAnew } = await show(chat);
  await scrollToEnd();
  await scrollTo(1000);
  const own = message('own', later(100), { status: 'sending' });
  await showAnew({ ...chat, messages: [...many, own] });
  expect(list().scrollTop).toBeGreaterThan(1000);
  await scrolled();
  expect(findRow('own')).toBeTruthy();

  await scrollTo(1000);
  const reactions = [{ emoji: '👍', userId: 'bob' }];
  const changed = many.map((one, index): ChatMessage => (index === 20 ? { ...one, reactions } : one));
  await showAnew({ ...chat, messages: [...changed, own] });
  expect(list().scrollTop).toBe(1000);
});

test('typing, and a new message, re-render no other row', async () => {
  const draw = vi.fn((one: ChatMessage) => one.content);
  const few = [...many.slice(0, 3), message('answer', later(4), { replyTo: 'm1' })];
  const chat = aChat(few);
  const { showAnew } = await show(chat, { renderMessageContent: draw });
  draw.mockClear();
  await showAnew({ ...chat, typingUsers: [{ userId: 'bob', userName: 'Bob' }] });
  await showAnew({ ...chat, present: new Set(['alice']), readBy: new Map([['bob', 'x']]) });
  expect(draw).not.toHaveBeenCalled();
  await showAnew({ ...chat, messages: [...few, message('news', later(5), bobs)] });
  expect(new Set(draw.mock.calls.map(([one]) => one.id))).toEqual(new Set(['news']));
  expect(field()).toBeTruthy();
});
