// @vitest-environment jsdom
// Errors: a refused request, or content that cannot be loaded, is reported once, in place, with an action for the user.
import { cleanup, createEvent, fireEvent, screen, within } from '@testing-library/react';
import { afterEach, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';
import { layOut } from '../../../../tests/client/hook/layout.js';
import { button, field, list, press, rowOf, scrolled, settled, show, type } from './page.js';
import { aChat, later, message, NOON } from './samples.js';

beforeAll(layOut);
beforeEach(() => sessionStorage.clear());
afterEach(cleanup);

const talk = [message('first', NOON), message('second', later(1), { senderId: 'bob', senderName: 'Bob' })];
const forbidden = { code: 'forbidden' as const, error: 'You are not a member' };

describe('a room that is closed to one', () => {
  test('says why, once, does not load for ever, and takes no messages', async () => {
    const chat = aChat([], { isReady: false, refusal: forbidden });
    await show(chat);
    expect(screen.getAllByText(/You are not a member/)).toHaveLength(1);
    expect(screen.getByRole('alert').textContent).toBe('You cannot open this room: You are not a member');
    expect(screen.queryByText('Loading…')).toBeNull();
    expect(field()).toHaveProperty('disabled', true);
    press(field(), 'Enter');
    fireEvent.submit(field().closest('form') as HTMLFormElement);
    expect(chat.sendMessage).not.toHaveBeenCalled();
  });

  test('takes none either when one was in it before, and what one has begun to write stays', async () => {
    const chat = aChat(talk);
    const { showAnew } = await show(chat);
    type(field(), 'begun');
    await showAnew({ ...chat, refusal: forbidden });
    expect(screen.getAllByText(/You are not a member/)).toHaveLength(1);
    fireEvent.submit(field().closest('form') as HTMLFormElement);
    expect(chat.sendMessage).not.toHaveBeenCalled();
    expect(field()).toHaveProperty('value', 'begun');
    type(field(), '');
  });

  test('for a reason that passes goes on loading, says so, and takes messages', async () => {
    const chat = aChat([], {
      isReady: false,
      refusal: { code: 'unavailable', error: 'The database is away' },
    });
    await show(chat);
    expect(screen.getByText('Loading…')).toBeTruthy();
    expect(screen.getByRole('status').textContent).toContain('The database is away');
    expect(field()).toHaveProperty('disabled', false);
  });

  test('because the token was refused says that one is signed out, once', async () => {
    const refusal = { code: 'signed_out' as const, error: 'Authentication failed' };
    await show(aChat([], { isReady: false, refusal, connectionStatus: 'refused' }));
    expect(screen.getAllByText('You are signed out.')).toHaveLength(1);
    expect(screen.queryByText('Loading…')).toBeNull();
  });
});

test('a reaction that is refused is said', async () => {
  const addReaction = vi.fn(() => Promise.reject(new Error('Too many reactions')));
  const removeReaction = vi.fn(() => Promise.reject(new Error('There is no connection')));
  const reactions = [
    { emoji: '👍', userId: 'bob' },
    { emoji: '🎉', userId: 'alice' },
  ];
  await show(aChat([message('first', NOON, { reactions })], { addReaction, removeReaction }));
  fireEvent.click(button('first', /^👍/));
  await settled();
  expect(screen.getByText('Your reaction was not saved: Too many reactions')).toBeTruthy();
  fireEvent.click(button('first', /^🎉/));
  await settled();
  expect(screen.getByText('Your reaction was not saved: There is no connection')).toBeTruthy();
});

test('a message that is refused as too long goes back to where one writes, with what it answers', async () => {
  const failure = { code: 'bad_input' as const, error: 'content is too long' };
  const lost = message('lost', later(2), {
    content: 'far too long',
    status: 'failed',
    failure,
    replyTo: 'second',
  });
  const chat = aChat([...talk, lost]);
  await show(chat);
  type(field(), 'begun meanwhile');
  fireEvent.click(button('lost', 'Edit'));
  expect(chat.discard).toHaveBeenCalledExactlyOnceWith('lost');
  expect(field()).toHaveProperty('value', 'far too long\nbegun meanwhile');
  expect(document.activeElement).toBe(field());
  press(field(), 'Enter');
  expect(chat.sendMessage).toHaveBeenCalledExactlyOnceWith('far too long\nbegun meanwhile', {
    replyTo: 'second',
  });
});

describe('older messages that cannot be loaded', () => {
  const many = Array.from({ length: 60 }, (_, index) => message(`m${index}`, later(index)));

  test('are said to be, and asked for again by a button and not by themselves', async () => {
    const loadMore = vi.fn(() => Promise.reject(new Error('The server did not answer')));
    const chat = aChat(many, { hasMore: true, loadMore });
    const { showAnew } = await show(chat);
    list().scrollTop = 0;
    await scrolled();
    const alert = screen.getByRole('alert');
    expect(alert.textContent).toContain('Older messages could not be loaded: The server did not answer');
    expect(loadMore).toHaveBeenCalledTimes(1);
    await showAnew({ ...chat, isLoading: true });
    await showAnew({ ...chat, isLoading: false });
    await scrolled();
    expect(loadMore).toHaveBeenCalledTimes(1);
    fireEvent.click(within(screen.getByRole('alert')).getByRole('button', { name: 'Try again' }));
    expect(loadMore).toHaveBeenCalledTimes(2);
  });

  test('for want of a connection are asked for when it is back', async () => {
    const loadMore = vi.fn(() => Promise.reject(new Error('There is no connection')));
    const chat = aChat(many, { hasMore: true, loadMore, connectionStatus: 'reconnecting' });
    const { showAnew } = await show(chat);
    list().scrollTop = 0;
    await scrolled();
    expect(loadMore).toHaveBeenCalledTimes(1);
    expect(screen.queryByRole('alert')).toBeNull();
    await showAnew({ ...chat, connectionStatus: 'connected' });
    await scrolled();
    expect(loadMore).toHaveBeenCalledTimes(2);
  });
});

describe('an answer to a message that was deleted', () => {
  const id = (minute: number) => `0190000${minute}-0000-7000-8000-000000000000`;
  const answer = message(id(5), later(5), { replyTo: id(3) });

  test.each([
    [
      'when all messages are loaded',
      [message('first', NOON), message('answer', later(1), { replyTo: 'gone' })],
      false,
    ],
    ['when it would be among those that are loaded', [message(id(2), later(2)), answer], true],
  ])('says so at once %s', async (_, messages, hasMore) => {
    await show(aChat(messages, { hasMore }));
    expect(screen.getByText('Deleted message').closest('button')).toBeNull();
    expect(screen.queryByText('An earlier message')).toBeNull();
  });

  test('is taken for one to an earlier message where nothing tells', async () => {
    await show(aChat([message(id(4), later(4)), answer], { hasMore: true }));
    expect(screen.getByRole('button', { name: 'An earlier message' })).toBeTruthy();
    expect(screen.queryByText('Deleted message')).toBeNull();
  });

  test('is an answer no more, and that is said, when it is deleted while one writes', async () => {
    const chat = aChat(talk);
    const { showAnew } = await show(chat);
    fireEvent.click(button('second', 'Reply'));
    expect(screen.getByText('Replying to Bob')).toBeTruthy();
    await showAnew({ ...chat, messages: talk.slice(0, 1) });
    expect(screen.queryByText('Replying to Bob')).toBeNull();
    expect(screen.getByText(/That message was not found/)).toBeTruthy();
    type(field(), 'hello');
    press(field(), 'Enter');
    expect(chat.sendMessage).toHaveBeenCalledExactlyOnceWith('hello', undefined);
  });
});

test('a picture that cannot be loaded is a link with its name', async () => {
  await show(
    aChat([
      message('image', NOON, { type: 'image', content: 'a cat', metadata: { url: 'https://x.org/cat.png' } }),
    ]),
  );
  fireEvent.error(screen.getByRole('img', { name: 'a cat' }));
  expect(screen.queryByRole('img', { name: 'a cat' })).toBeNull();
  const link = within(rowOf('image')).getByRole('link');
  expect([link.getAttribute('href'), link.textContent]).toEqual([
    'https://x.org/cat.png',
    'a catThis image could not be loaded',
  ]);
});

test.each([
  ['file', ['Files'], true],
  ['text', ['text/plain'], false],
])('a %s that is dropped on the room', async (_, types, isKept) => {
  await show(aChat(talk));
  for (const name of ['dragOver', 'drop'] as const) {
    const event = createEvent[name](list());
    Object.defineProperty(event, 'dataTransfer', { value: { types } });
    fireEvent(list(), event);
    expect(event.defaultPrevented, name).toBe(isKept);
  }
  expect(screen.queryByText('Files cannot be sent here.') !== null).toBe(isKept);
});

test('what waits says that it does, while there is no connection', async () => {
  const waits = message('waits', NOON, { status: 'sending' });
  const chat = aChat([waits], { connectionStatus: 'reconnecting' });
  const { showAnew } = await show(chat);
  expect(rowOf('waits').textContent).toContain('Will be sent when you are back online');
  await showAnew({ ...chat, connectionStatus: 'connected' });
  expect(rowOf('waits').textContent).toContain('Sending…');
});

test('one thing is done with one message at a time', async () => {
  await show(aChat([message('first', NOON), message('second', later(1))]));
  fireEvent.click(button('first', 'Delete'));
  fireEvent.click(button('second', 'Add a reaction'));
  expect(screen.queryByRole('group', { name: 'Delete this message?' })).toBeNull();
  expect(screen.getAllByRole('group', { name: 'Add a reaction' })).toHaveLength(1);
  fireEvent.click(button('first', 'Delete'));
  expect(screen.queryByRole('group', { name: 'Add a reaction' })).toBeNull();
  field().focus();
  await settled();
  expect(screen.queryByRole('group', { name: 'Delete this message?' })).toBeNull();
});
