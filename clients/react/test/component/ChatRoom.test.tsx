// @vitest-environment jsdom
// The component in a document without a server: what it shows, what its keys do, and that axe finds nothing in any state.
import { cleanup, fireEvent, screen, within } from '@testing-library/react';
import axe from 'axe-core';
import { afterEach, beforeAll, describe, expect, test, vi } from 'vitest';
import { layOut } from '../../../../tests/client/hook/layout.js';
import type { Chat, ChatMessage } from '../../src/index.js';
import { button, editField, field, press, rowOf, scrolled, settled, show, shown, type } from './page.js';
import { aChat, later, message, NOON } from './samples.js';

beforeAll(layOut);
afterEach(cleanup);

const bobs = { senderId: 'bob', senderName: 'Bob' };
const talk = [
  message('first', NOON),
  message('second', later(1), bobs),
  message('third', later(2), { replyTo: 'second' }),
];

/** The accessibility violations that axe reports. jsdom has no layout, so a real browser checks the colours. */
async function faults(): Promise<string[]> {
  const { violations } = await axe.run(document.body, {
    rules: { 'color-contrast': { enabled: false }, region: { enabled: false } },
  });
  return violations.flatMap(({ id, nodes }) => nodes.map(({ html }) => `${id}: ${html}`));
}

describe('what it shows', () => {
  test('messages in order under their day, answers with what they answer', async () => {
    await show(aChat(talk));

    expect(shown()).toEqual(['first', 'second', 'third']);
    expect(screen.getAllByRole('separator')).toHaveLength(1);
    expect(screen.getByText('This is the start of the conversation.')).toBeTruthy();
    expect(button('third', /^Bob ?second$/)).toBeTruthy();
    expect(rowOf('second').getAttribute('aria-label')).toMatch(/^Bob, /);
  });

  test('where what is new begins, who is typing, who has read', async () => {
    const { showAnew } = await show(aChat(talk, { firstUnreadId: 'second' }));
    const [, separator] = screen.getAllByRole('separator');
    expect(separator?.textContent).toBe('New messages');
    expect(screen.queryByText(/typing|Read by/)).toBeNull();

    await showAnew(aChat(talk, { typingUsers: [{ userId: 'bob', userName: 'Bob' }] }));
    expect(screen.getByText('Bob is typing…')).toBeTruthy();

    await showAnew(aChat(talk, { readBy: new Map([['bob', later(3).toISOString()]]) }));
    expect(screen.getByText('Read by Bob')).toBeTruthy();
  });

  test('images and files by their type, and no address that runs', async () => {
    const picture = 'data:image/png;base64,AAAA';
    await show(
      aChat([
        message('image', NOON, { type: 'image', content: 'a cat', metadata: { url: picture } }),
        message('file', later(1), {
          type: 'file',
          content: 'report',
          metadata: { url: 'https://example.org/report.pdf', name: 'report.pdf', size: 12_345 },
        }),
        message('trap', later(2), { type: 'file', metadata: { url: 'javascript:alert(1)', name: 'x' } }),
        message('system', later(3), { type: 'system', content: 'Bob came in' }),
      ]),
    );

    expect(screen.getByRole('img', { name: 'a cat' }).getAttribute('src')).toBe(picture);
    const file = within(rowOf('file')).getByRole('link');
    expect(file.getAttribute('href')).toBe('https://example.org/report.pdf');
    expect(file.getAttribute('rel')).toContain('noopener');
    expect(file.textContent).toContain('12.3 kB');
    expect(within(rowOf('trap')).queryByRole('link')).toBeNull();
    expect(screen.getByText('Bob came in').closest('article')).toBeNull();
  });

  test('of 5,000 messages those in view, the newest first of all', async () => {
    const many = Array.from({ length: 5000 }, (_, index) => message(`m${index}`, later(index)));
    const { showAnew } = await show(aChat(many, { hasMore: true }));
    await scrolled();
    expect(shown()).toContain('m4999');
    expect(shown().length).toBeLessThan(60);

    await showAnew(aChat([...many, message('newest', later(5000), bobs)], { hasMore: true }));
    await scrolled();
    expect(shown()).toContain('newest');
    expect(shown().length).toBeLessThan(60);
  });

  test('the newest message is said to those who do not see it, one’s own and the history are not', async () => {
    const { showAnew } = await show(aChat(talk));
    const said = () =>
      [...document.querySelectorAll('[aria-live=polite]')].map((node) => node.textContent).join('');
    expect(said()).toBe('');
    await showAnew(aChat([...talk, message('mine', later(3))]));
    expect(said()).toBe('');
    const waits = message('waits', later(5), { status: 'sending' });
    const theirs = [...talk, message('theirs', later(3), bobs)];
    await showAnew(aChat([...theirs, waits]));
    expect(said()).toBe('Bob: theirs');
    await showAnew(aChat([...theirs, message('more', later(4), bobs), waits]));
    expect(said()).toBe('Bob: more');
    // After a deletion the previous message is the newest again. It must not be announced a second time.
    await showAnew(aChat([...theirs, waits]));
    expect(said()).toBe('');
  });

  test('that the connection is lost, and that the room is closed to one', async () => {
    const { showAnew } = await show(aChat(talk, { connectionStatus: 'reconnecting' }));
    expect(screen.getByRole('status').textContent).toContain('Connection lost');
    await showAnew(aChat([], { refusal: { code: 'forbidden', error: 'Not a member' } }));
    expect(screen.getByRole('status').textContent).toBe('You cannot open this room: Not a member');
  });
});

describe('what one does', () => {
  test('Enter sends, Shift+Enter does not, nor does the Enter that ends a composition', async () => {
    const chat = aChat(talk);
    await show(chat);
    type(field(), 'Hello');
    press(field(), 'Enter', { shiftKey: true });
    press(field(), 'Enter', { isComposing: true });
    expect(chat.sendMessage).not.toHaveBeenCalled();
    expect(chat.startTyping).toHaveBeenCalled();
    press(field(), 'Enter');
    expect(chat.sendMessage).toHaveBeenCalledExactlyOnceWith('Hello', undefined);
    expect(field()).toHaveProperty('value', '');
    press(field(), 'Enter');
    expect(chat.sendMessage).toHaveBeenCalledTimes(1);
  });

  test('an answer names what it answers; Escape answers nothing', async () => {
    const chat = aChat(talk);
    await show(chat);
    fireEvent.click(button('second', 'Reply'));
    expect(screen.getByText('Replying to Bob')).toBeTruthy();
    press(field(), 'Escape');
    expect(screen.queryByText('Replying to Bob')).toBeNull();
    fireEvent.click(button('second', 'Reply'));
    expect(document.activeElement).toBe(field());
    type(field(), 'Yes');
    press(field(), 'Enter');
    expect(chat.sendMessage).toHaveBeenCalledExactlyOnceWith('Yes', { replyTo: 'second' });
    expect(screen.queryByText('Replying to Bob')).toBeNull();
  });

  test('a reaction is counted, and one’s own is taken back by a click', async () => {
    const reactions = [
      { emoji: '👍', userId: 'alice' },
      { emoji: '👍', userId: 'bob' },
      { emoji: '🎉', userId: 'bob' },
    ];
    const chat = aChat([message('first', NOON, { reactions })]);
    await show(chat);
    const own = button('first', /^👍 2 ?by you and Bob$/);
    expect(own.getAttribute('aria-pressed')).toBe('true');
    fireEvent.click(own);
    expect(chat.removeReaction).toHaveBeenCalledExactlyOnceWith('first', '👍');
    const theirs = button('first', /^🎉 1 ?by Bob$/);
    expect(theirs.getAttribute('aria-pressed')).toBe('false');
    fireEvent.click(theirs);
    expect(chat.addReaction).toHaveBeenCalledExactlyOnceWith('first', '🎉');
  });

  test('the palette takes any emoji, and Escape goes back to where one was', async () => {
    const chat = aChat(talk);
    await show(chat);
    const open = () => fireEvent.click(button('second', 'Add a reaction'));
    open();
    expect(document.activeElement).toBe(screen.getByRole('button', { name: '👍' }));
    press(document.activeElement as Element, 'Escape');
    expect(screen.queryByRole('button', { name: '👍' })).toBeNull();
    expect(document.activeElement).toBe(button('second', 'Add a reaction'));
    open();
    const any = screen.getByRole('textbox', { name: 'Any emoji' });
    type(any, ' 🦀 ');
    fireEvent.submit(any.closest('form') as HTMLFormElement);
    expect(chat.addReaction).toHaveBeenCalledExactlyOnceWith('second', '🦀');
  });

  test('only one’s own can be edited and deleted; a refusal is told where it happened', async () => {
    const chat = aChat(talk, {
      editMessage: vi.fn(() => Promise.reject(new Error('Message not found'))),
      deleteMessage: vi.fn(() => Promise.reject(new Error('Failed to delete'))),
    });
    await show(chat);
    for (const name of ['Edit', 'Delete'])
      expect(within(rowOf('second')).queryByRole('button', { name })).toBeNull();

    fireEvent.click(button('first', 'Edit'));
    const edited = screen.getByRole('textbox', { name: 'Edit the message' });
    expect(document.activeElement).toBe(edited);
    type(edited, 'First');
    press(edited, 'Enter');
    await settled();
    expect(chat.editMessage).toHaveBeenCalledWith('first', 'First');
    expect(within(rowOf('first')).getByRole('alert').textContent).toContain('not saved: Message not found');
    expect(screen.queryByRole('textbox', { name: 'Edit the message' })).toBeNull();
    // The text of the failed edit is kept.
    fireEvent.click(within(within(rowOf('first')).getByRole('alert')).getByRole('button', { name: 'Edit' }));
    expect(editField()).toHaveProperty('value', 'First');
    press(editField(), 'Escape');
    fireEvent.click(button('first', 'Dismiss'));
    expect(screen.queryByRole('alert')).toBeNull();

    fireEvent.click(button('first', 'Delete'));
    const question = screen.getByRole('group', { name: 'Delete this message?' });
    fireEvent.click(within(question).getByRole('button', { name: 'Delete' }));
    await settled();
    expect(chat.deleteMessage).toHaveBeenCalledWith('first');
    expect(within(rowOf('first')).getByRole('alert').textContent).toContain('Not deleted: Failed to delete');
  });

  test('ArrowUp in an empty field edits what one said last', async () => {
    await show(aChat([...talk, message('theirs', later(3), bobs)]));
    type(field(), 'a draft');
    press(field(), 'ArrowUp');
    expect(screen.queryByRole('textbox', { name: 'Edit the message' })).toBeNull();
    type(field(), '');
    press(field(), 'ArrowUp');
    expect(screen.getByRole('textbox', { name: 'Edit the message' })).toHaveProperty('value', 'third');
  });

  test('the arrow keys go from message to message', async () => {
    await show(aChat(talk));
    const list = screen.getByRole('log', { name: 'Messages' });
    press(list, 'ArrowUp');
    expect(document.activeElement).toBe(rowOf('third'));
    press(rowOf('third'), 'ArrowUp');
    expect(document.activeElement).toBe(rowOf('second'));
    press(rowOf('second'), 'ArrowDown');
    expect(document.activeElement).toBe(rowOf('third'));
    press(rowOf('third'), 'ArrowDown');
    expect(document.activeElement).toBe(rowOf('third'));
  });

  test('the messages are one Tab stop, and the arrow keys reach all that one may press', async () => {
    await show(
      aChat([
        message('first', NOON, {
          content: 'see www.example.org',
          reactions: [{ emoji: '👍', userId: 'bob' }],
        }),
      ]),
    );
    const list = screen.getByRole('log', { name: 'Messages' });
    const stops = [...list.querySelectorAll<HTMLElement>('a, button, [tabindex]')].filter(
      ({ tabIndex }) => tabIndex >= 0,
    );
    expect([list.tabIndex, stops]).toEqual([0, []]);
    press(list, 'ArrowUp');
    const walked: (string | null)[] = [];
    for (let before: Element | null = null; before !== document.activeElement;) {
      before = document.activeElement;
      press(before as Element, 'ArrowRight');
      walked.push(
        (document.activeElement?.getAttribute('aria-label') ?? document.activeElement?.textContent) || null,
      );
    }
    expect(walked.slice(0, -1)).toEqual([
      'www.example.org',
      '👍 1 by Bob',
      'Add a reaction',
      'Reply',
      'Edit',
      'Delete',
    ]);
    for (let step = 0; step < 6; step += 1) press(document.activeElement as Element, 'ArrowLeft');
    expect(document.activeElement).toBe(rowOf('first'));
  });

  test('a message that failed can be sent again and forgotten', async () => {
    const failure = { code: 'bad_input' as const, error: 'content is too long' };
    const chat = aChat([message('lost', NOON, { status: 'failed', failure })]);
    await show(chat);
    expect(screen.getByRole('alert').textContent).toContain('Not sent: content is too long');
    fireEvent.click(button('lost', 'Try again'));
    fireEvent.click(button('lost', 'Discard'));
    expect(chat.retry).toHaveBeenCalledExactlyOnceWith('lost');
    expect(chat.discard).toHaveBeenCalledExactlyOnceWith('lost');
    expect(within(rowOf('lost')).queryByRole('button', { name: 'Add a reaction' })).toBeNull();
  });

  test('a message that waits to be sent can be forgotten', async () => {
    const chat = aChat([message('waits', NOON, { status: 'sending' })]);
    await show(chat);
    fireEvent.click(button('waits', 'Discard'));
    expect(chat.discard).toHaveBeenCalledExactlyOnceWith('waits');
  });

  test('a quoted message that is not loaded is searched in older pages', async () => {
    const chat = aChat([message('answer', NOON, { replyTo: 'old' })], { hasMore: true });
    await show(chat);
    fireEvent.click(button('answer', 'An earlier message'));
    await settled();
    expect(chat.loadMore).toHaveBeenCalled();
    expect(await screen.findByText('That message was not found. It may have been deleted.')).toBeTruthy();
  });
});

describe('axe finds nothing', () => {
  const reactions = [{ emoji: '👍', userId: 'bob' }];
  const full: ChatMessage[] = [
    ...talk,
    message('reacted', later(3), { reactions, updatedAt: later(4).toISOString() }),
    message('image', later(5), { type: 'image', content: 'https://example.org/a.png' }),
    message('file', later(6), {
      type: 'file',
      metadata: { url: 'https://example.org/a.pdf', name: 'a.pdf' },
    }),
    message('system', later(7), { type: 'system' }),
    message('waits', later(8), { status: 'sending' }),
    message('lost', later(9), { status: 'failed', failure: { code: 'bad_input', error: 'too long' } }),
  ];

  test.each<[string, Chat]>([
    ['while it loads', aChat([], { isReady: false })],
    ['in an empty room', aChat([])],
    ['without a connection', aChat(talk, { connectionStatus: 'reconnecting' })],
    ['with everything there is', aChat(full, { firstUnreadId: 'reacted', hasMore: true, isLoading: true })],
  ])('%s', async (_, chat) => {
    await show(chat);
    expect(await faults()).toEqual([]);
  });

  test.each(['Add a reaction', 'Edit', 'Delete', 'Reply'])('after %s', async (name) => {
    await show(aChat(full));
    fireEvent.click(button('first', name));
    expect(await faults()).toEqual([]);
  });
});
