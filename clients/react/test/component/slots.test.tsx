// @vitest-environment jsdom
// The parts that a page may replace: each is used, with what it needs to do its work.
import { cleanup, fireEvent, render, screen } from '@testing-library/react';
import { afterEach, beforeAll, beforeEach, expect, test, vi } from 'vitest';
import { layOut } from '../../../../tests/client/hook/layout.js';
import { Composer, type ChatComponents } from '../../src/index.js';
import { editField, field, press, rowOf, settled, show, type } from './page.js';
import { aChat, later, message, NOON } from './samples.js';

beforeAll(layOut);
beforeEach(() => sessionStorage.clear());
afterEach(cleanup);

const talk = [message('first', NOON), message('second', later(1), { senderId: 'bob', senderName: 'Bob' })];

const mine: Partial<ChatComponents> = {
  Row: ({ message, isOwn, rowProps, children }) => (
    <article {...rowProps} data-own={isOwn}>
      <i>row of {message.id}</i>
      {children}
    </article>
  ),
  Avatar: ({ name }) => <i>avatar of {name}</i>,
  Bubble: ({ message, children }) => (
    <div>
      <i>bubble of {message.id}</i>
      {children}
    </div>
  ),
  Actions: ({ message, isOwn, onReply, onEdit, children }) => (
    <div>
      <button onClick={onReply}>answer {message.id}</button>
      {onEdit && <button onClick={onEdit}>change {message.id}</button>}
      {isOwn && children}
    </div>
  ),
  Composer: ({ chat, answered }) => (
    <button onClick={() => void chat.sendMessage('from a button', { replyTo: answered?.id })}>send it</button>
  ),
  Empty: ({ text }) => <i>empty: {text}</i>,
  Loading: ({ text }) => <i>loading: {text}</i>,
  Error: ({ text, refusal }) => (
    <i>
      error: {refusal.code}: {text}
    </i>
  ),
};

test('of messages: row, avatar, bubble and actions', async () => {
  await show(aChat(talk), { components: { ...mine, Composer } });
  expect(rowOf('first').dataset.own).toBe('true');
  for (const text of ['row of first', 'avatar of Bob', 'bubble of second'])
    expect(screen.getByText(text)).toBeTruthy();
  expect(screen.getAllByRole('button', { name: 'Add a reaction' })).toHaveLength(1);
  fireEvent.click(screen.getByText('answer second'));
  expect(screen.getByText('Replying to Bob')).toBeTruthy();
  expect(screen.queryByText('change second')).toBeNull();
  fireEvent.click(screen.getByText('change first'));
  expect(document.activeElement).toBe(editField());
  press(editField(), 'Escape');
  // The row's own element has what the list needs to find it.
  expect(document.activeElement).toBe(rowOf('first'));
});

test('the composer, which is told what is answered', async () => {
  const chat = aChat(talk);
  await show(chat, { components: mine });
  fireEvent.click(screen.getByText('answer second'));
  fireEvent.click(screen.getByText('send it'));
  expect(chat.sendMessage).toHaveBeenCalledExactlyOnceWith('from a button', { replyTo: 'second' });
});

test('what stands in place of messages', async () => {
  const { showAnew } = await show(aChat([]), { components: mine });
  expect(screen.getByText('empty: No messages yet. Say hello!')).toBeTruthy();
  await showAnew(aChat([], { isReady: false }));
  expect(screen.getByText('loading: Loading…')).toBeTruthy();
  await showAnew(aChat([], { isReady: false, refusal: { code: 'forbidden', error: 'Not yours' } }));
  expect(screen.getByText('error: forbidden: You cannot open this room: Not yours')).toBeTruthy();
});

test('parts in a new object at each draw keep what is in them', async () => {
  const chat = aChat(talk);
  const { view } = await show(chat, { components: { Avatar: mine.Avatar } });
  const before = rowOf('first');
  const { ChatRoomView } = await import('../../src/index.js');
  view.rerender(<ChatRoomView chat={chat} components={{ Avatar: mine.Avatar }} />);
  await settled();
  expect(rowOf('first')).toBe(before);
});

test('a room without formatting shows what was written', async () => {
  const chat = aChat([message('first', NOON, { content: 'this is **bold**' })]);
  await show(chat);
  expect(screen.getByText('bold').tagName).toBe('STRONG');
  cleanup();
  await show(chat, { formatting: false });
  expect(screen.getByText('this is **bold**')).toBeTruthy();
});

test('the composer stands alone, too', () => {
  const chat = aChat(talk);
  const onEdit = vi.fn();
  render(<Composer chat={chat} onEdit={onEdit} />);
  press(field(), 'ArrowUp');
  expect(onEdit).toHaveBeenCalledExactlyOnceWith(talk[0]);
  type(field(), 'Hello');
  press(field(), 'Enter');
  expect(chat.sendMessage).toHaveBeenCalledExactlyOnceWith('Hello', undefined);
  expect(field().closest('.chat-part')).toBeTruthy();
});
