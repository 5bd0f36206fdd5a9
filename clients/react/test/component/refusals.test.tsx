// @vitest-environment jsdom
// Errors: a refused request, or content that cannot be loaded, is reported once, in place, with an action for the user.
import { cleanup, createEvent, fireEvent, screen, within } from '@testing-library/react';
import { afterEach, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';
import { layOut } from '../../../../tests/client/hook/layout.js';
import { ChatError, type Refusal } from '../../src/index.js';
import { button, editField, field, list, press, rowOf, scrolled, settled, show, type } from './page.js';
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
      refusal: { code: 'busy', error: 'The server is busy, try again' },
    });
    await show(chat);
    expect(screen.getByText('Loading…')).toBeTruthy();
    expect(screen.getByRole('status').textContent).toBe(
      'This room cannot be opened yet: the server is busy. Trying again…',
    );
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

/** The server's own sentences, as they are on the wire, and those that people read. */
const SENTENCES: [code: Refusal['code'], error: string, reason: string][] = [
  ['bad_input', 'content is too long (at most 20 characters)', 'it is too long (at most 20 characters)'],
  ['bad_input', 'emoji is too long (at most 64 bytes)', 'it is too long'],
  ['bad_input', 'This message takes no more reactions', 'This message takes no more reactions'],
  ['busy', 'The server is busy, try again', 'the server is busy'],
  ['shutting_down', 'The server is restarting, try again', 'the server is restarting'],
  ['unavailable', 'The database is not available, try again', 'the server is not available right now'],
  ['unavailable', 'The server did not answer', 'the server is not available right now'],
  ['offline', 'There is no connection', 'there is no connection'],
  ['internal', 'Internal error', 'something went wrong on the server'],
  ['delete_refused', 'Failed to delete', 'it is no longer there, or it is not yours'],
  ['message_not_found', 'Message not found', 'the message is no longer there'],
  ['room_not_found', 'Room not found', 'there is no such room'],
  ['forbidden', 'You are not a member of this room', 'you are not a member of it'],
  ['forbidden', 'A rule of yours', 'A rule of yours'],
  ['conflict', 'A rule of yours', 'A rule of yours'],
];

describe.each(SENTENCES)('the code %s with the sentence "%s"', (code, error, reason) => {
  const refused = () => Promise.reject(new ChatError(code, error));

  test('is said in words for people wherever something was refused', async () => {
    const lost = message('lost', later(2), { status: 'failed', failure: { code, error } });
    const reactions = [{ emoji: '👍', userId: 'bob' }];
    const first = message('first', NOON, { reactions });
    const chat = aChat([first, lost], { deleteMessage: refused, editMessage: refused, addReaction: refused });
    await show(chat);
    expect(within(rowOf('lost')).getByRole('alert').textContent).toBe(
      `Not sent: ${reason} Try again Edit Discard`,
    );
    fireEvent.click(button('first', /^👍/));
    await settled();
    expect(screen.getByText(`Your reaction was not saved: ${reason}`)).toBeTruthy();
    fireEvent.click(button('first', 'Delete'));
    fireEvent.click(within(screen.getByRole('group', { name: 'Delete this message?' })).getByText('Delete'));
    await settled();
    expect(within(rowOf('first')).getByRole('alert').textContent).toBe(
      `Not deleted: ${reason} Try again Dismiss`,
    );
    fireEvent.click(within(rowOf('first')).getByRole('button', { name: 'Dismiss' }));
    fireEvent.click(button('first', 'Edit'));
    type(editField(), 'edited');
    press(editField(), 'Enter');
    await settled();
    expect(within(rowOf('first')).getByRole('alert').textContent).toBe(
      `Your edit was not saved: ${reason} Edit Dismiss`,
    );
  });
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
