// @vitest-environment jsdom
// The list of rooms: its sections, what is unread, what one searches, and that nothing moves under the pointer.
import { act, cleanup, fireEvent, render, screen, within } from '@testing-library/react';
import axe from 'axe-core';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { ChatProvider, RoomList, type ListedRoom, type RoomListProps } from '../../src/index.js';
import { answers, reset, sockets, tokenOf } from '../fakeServer.js';

vi.mock('socket.io-client', async () => ({ io: (await import('../fakeServer.js')).io }));

const room = (id: string, second: number, changes: Partial<ListedRoom> = {}): ListedRoom => ({
  id,
  name: id,
  type: 'public',
  createdAt: '2026-01-31T09:05:00.000Z',
  isMember: true,
  with: null,
  lastMessageAt: `2026-01-31T09:05:${String(second).padStart(2, '0')}.000Z`,
  topic: null,
  mentionCount: 0,
  unreadCount: 0,
  ...changes,
});
const bob = { id: 'bob', name: 'Bob', avatar: null };
const rooms = [
  room('General', 9, { unreadCount: 3 }),
  room('Plans', 8, { type: 'private', unreadCount: 99 }),
  room('dm:alice:bob', 7, { type: 'direct', name: 'Direct Message', with: bob }),
  // The server still counts in a room that was left.
  room('Open', 6, { isMember: false, unreadCount: 4 }),
];

beforeEach(() => {
  reset();
  answers.set('rooms:list', () => ({ success: true, rooms }));
});
afterEach(cleanup);

/** Each test has a server of its own: a client that another has used is kept for a while. */
let page = 0;
const settled = () => act(() => new Promise((resolve) => setImmediate(resolve)));

async function show(props: RoomListProps = {}) {
  const url = `http://server/${(page += 1)}`;
  const list = (more: RoomListProps) => (
    <ChatProvider url={url} token={tokenOf('alice')}>
      <RoomList {...props} {...more} />
    </ChatProvider>
  );
  const view = render(list({}));
  await settled();
  return async (more: RoomListProps) => {
    view.rerender(list(more));
    await settled();
  };
}

const shown = () => screen.getAllByRole('button').map((row) => row.textContent);
const said = (roomId: string, second: number) =>
  act(() => {
    const lastMessageAt = `2026-01-31T09:05:${second}.000Z`;
    sockets[0]?.hears('room:activity', { roomId, lastMessageAt, by: [{ userId: 'bob', count: 1 }] });
  });

test('shows sections, names and what is unread', async () => {
  await show({ roomId: 'General' });
  expect(screen.getAllByRole('heading').map(({ textContent }) => textContent)).toEqual([
    'Rooms',
    'Direct messages',
    'Public rooms',
  ]);
  expect(shown()).toEqual(['General', 'Plans99+', 'BBob', 'Open']);
  expect(screen.getByLabelText('99+ unread')).toBeTruthy();
  expect(screen.getByRole('button', { name: 'General' }).getAttribute('aria-current')).toBe('page');
  const { violations } = await axe.run(document.body, { rules: { region: { enabled: false } } });
  expect(violations.map(({ id }) => id)).toEqual([]);
});

test('opens a room, as a button or as a link', async () => {
  const onOpen = vi.fn();
  const showAnew = await show({ onOpen });
  fireEvent.click(screen.getByRole('button', { name: /^Plans/ }));
  expect(onOpen).toHaveBeenCalledExactlyOnceWith('Plans');
  await showAnew({ hrefOf: (id) => `#${id}` });
  expect(screen.getByRole('link', { name: /^Plans/ }).getAttribute('href')).toBe('#Plans');
});

test('finds rooms by their name, and says when there is none', async () => {
  const showAnew = await show({ query: ' bO' });
  expect(shown()).toEqual(['BBob']);
  await showAnew({ query: 'direct' });
  expect(screen.getByText('No rooms found')).toBeTruthy();
  expect(screen.queryByRole('heading')).toBeNull();
});

test('says that there are no rooms yet, that it loads, and why it could not', async () => {
  let answer: (answered: unknown) => void = () => undefined;
  answers.set('rooms:list', () => new Promise((resolve) => (answer = resolve)));
  await show({ sectionAction: (section) => <button>new {section}</button> });
  expect(screen.getByText('Loading…')).toBeTruthy();
  answer({ success: false, code: 'unavailable', error: 'The database is away' });
  await settled();
  expect(screen.getByRole('alert').textContent).toBe(
    'The rooms could not be loaded: the server is not available right now',
  );
  answers.set('rooms:list', () => ({ success: true, rooms: [] }));
  act(() => sockets[0]?.hears('room:invited'));
  await settled();
  expect(screen.getByText('No rooms yet')).toBeTruthy();
  expect(screen.getByText('No direct messages yet')).toBeTruthy();
  expect(shown()).toEqual(['new rooms', 'new direct']);
});

test('keeps its order under the pointer and the focus, and takes the new one when both are gone', async () => {
  await show();
  const list = screen.getByRole('button', { name: /^Plans/ }).closest('.chat-rooms') as HTMLElement;
  const names = () =>
    within(list)
      .getAllByRole('button')
      .slice(0, 2)
      .map(({ textContent }) => textContent);
  fireEvent.pointerEnter(list);
  said('Plans', 20);
  expect(names(), 'under the pointer').toEqual(['General3', 'Plans99+']);
  screen.getByRole('button', { name: /^General/ }).focus();
  fireEvent.pointerLeave(list);
  await settled();
  expect(names(), 'with the focus').toEqual(['General3', 'Plans99+']);
  answers.set('rooms:list', () => ({ success: true, rooms: [room('New', 30), ...rooms] }));
  act(() => sockets[0]?.hears('room:invited', {}));
  await settled();
  expect(names(), 'a new room is no row above').toEqual(['General3', 'Plans99+']);
  expect(shown()[2]).toBe('New');
  act(() => (document.activeElement as HTMLElement).blur());
  expect(names()).toEqual(['New', 'General3']);
  said('General', 31);
  expect(names()).toEqual(['General4', 'New']);
});

test('uses the parts that it is given', async () => {
  await show({
    components: {
      Row: ({ room: { id }, unreadCount, rowProps: { onClick } }) => (
        <button onClick={onClick}>{`${id}: ${unreadCount}`}</button>
      ),
    },
  });
  expect(shown()).toEqual(['General: 3', 'Plans: 99', 'dm:alice:bob: 0', 'Open: 0']);
  cleanup();
  await show({ components: { Avatar: ({ name }) => <i>{`picture of ${name}`}</i> } });
  expect(screen.getByText('picture of Bob')).toBeTruthy();
});

test('uses the parts for a list that is empty, loads, or could not be loaded', async () => {
  const components: RoomListProps['components'] = {
    Empty: ({ text }) => <b>{`empty: ${text}`}</b>,
    Loading: ({ text }) => <b>{`loading: ${text}`}</b>,
    Error: ({ text, refusal }) => <b>{`error: ${text} (${refusal.code})`}</b>,
  };
  const parts = () => [...document.querySelectorAll('b')].map(({ textContent }) => textContent);
  let answer: (answered: unknown) => void = () => undefined;
  answers.set('rooms:list', () => new Promise((resolve) => (answer = resolve)));
  await show({ components });
  expect(parts()).toEqual(['loading: Loading…']);
  answer({ success: false, code: 'busy', error: 'The server is busy, try again' });
  await settled();
  expect(parts()).toEqual(['error: The rooms could not be loaded: the server is busy (busy)']);
  answers.set('rooms:list', () => ({ success: true, rooms: [] }));
  act(() => sockets[0]?.hears('room:invited', {}));
  await settled();
  expect(parts()).toEqual(['empty: No rooms yet', 'empty: No direct messages yet']);
});
