// @vitest-environment jsdom
// Re-renders: a component renders again only when the value that it selected has changed.
import { act, cleanup, render } from '@testing-library/react';
import { createElement } from 'react';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { ChatProvider, useConnection, useRoom, useRooms } from '../src/index.js';
import { answers, message, reset, sockets, tokenOf } from './fakeServer.js';

vi.mock('socket.io-client', async () => ({ io: (await import('./fakeServer.js')).io }));

beforeEach(reset);
afterEach(cleanup);

/** Renders a component that calls `use`, as Alice. Returns the values of all renders. */
async function drawn<T>(use: () => T): Promise<T[]> {
  const states: T[] = [];
  function Component() {
    states.push(use());
    return null;
  }
  const token = () => tokenOf('alice');
  await act(async () => {
    render(createElement(ChatProvider, { url: 'http://server', token }, createElement(Component)));
    await new Promise((resolve) => setImmediate(resolve));
  });
  return states;
}

const hear = (event: string, said: unknown) =>
  act(async () => {
    sockets[0]?.hears(event, said);
    await new Promise((resolve) => setImmediate(resolve));
  });

const history = (...contents: string[]) =>
  hear('room:history', {
    roomId: 'general',
    messages: contents.map((content) => message(content, content, 'bob')),
    seq: contents.length,
  });

const typing = () => hear('typing:user', { roomId: 'general', userId: 'bob', userName: 'Bob' });

test('useRoom draws again when what was selected has changed', async () => {
  const counts = await drawn(() => useRoom('general', ({ messages }) => messages.length));
  await history('one', 'two');
  expect(counts.at(-1)).toBe(2);
  const { length } = counts;

  await typing();
  await hear('room:members', { roomId: 'general', members: [{ id: 'bob', name: 'Bob' }] });
  await hear('room:user-joined', { roomId: 'general', user: { id: 'carol', name: 'Carol' } });
  expect(counts).toHaveLength(length);
  await hear('message:new', { ...message('three', 'three', 'bob', 3) });
  expect(counts.slice(length)).toEqual([3]);
});

test('useRoom takes what is the same for the one before', async () => {
  const isSame = (one: string[], other: string[]) => one.join() === other.join();
  const select = ({ messages }: { messages: readonly { senderId: string }[] }) => [
    ...new Set(messages.map(({ senderId }) => senderId)),
  ];
  const writers = await drawn(() => useRoom('general', select, isSame));
  await history('one');
  const { length } = writers;

  await hear('message:new', message('two', 'two', 'bob', 2));
  await typing();
  expect(writers).toHaveLength(length);
  await hear('message:new', message('three', 'three', 'carol', 3));
  expect(writers.slice(length)).toEqual([['bob', 'carol']]);
});

test('useRoom without a selection is the whole room', async () => {
  const rooms = await drawn(() => useRoom('general'));
  await history('one');
  await typing();
  expect(rooms.at(-1)).toMatchObject({ roomId: 'general', typingUsers: [{ userId: 'bob' }] });
});

test('useRooms is drawn for the list, and not for what is said in a room that it counts', async () => {
  const general = { id: 'general', name: 'General', type: 'public', isMember: true, with: null };
  const rooms = [{ ...general, createdAt: '', lastMessageAt: '2026-02-01', unreadCount: 0 }];
  answers.set('rooms:list', () => ({ success: true, rooms }));
  const lists = await drawn(() => useRooms());
  expect(lists.at(-1)).toMatchObject({ isReady: true, rooms });
  const { length } = lists;

  await typing();
  await hear('room:members', { roomId: 'general', members: [] });
  expect(lists).toHaveLength(length);
  const by = [{ userId: 'bob', count: 2 }];
  await hear('room:activity', { roomId: 'general', lastMessageAt: '2026-02-02', by });
  expect(lists.at(-1)?.rooms).toMatchObject([{ unreadCount: 2 }]);
  expect(lists.length).toBeGreaterThan(length);
});

test('useConnection is drawn for the connection, and for nothing that is said over it', async () => {
  const states = await drawn(() => useConnection());
  expect(states.at(-1)).toMatchObject({ status: 'connected', refusal: null, user: { id: 'alice' } });
  const { length } = states;

  await history('one');
  await typing();
  expect(states).toHaveLength(length);
  await act(() => Promise.resolve(sockets[0]?.hears('disconnect', 'transport close')));
  expect(states.slice(length)).toMatchObject([{ status: 'reconnecting' }]);
});
