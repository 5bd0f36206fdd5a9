// The title of the tab, the room that is opened, and the addresses of rooms.
import { expect, test } from 'vitest';
import { roomToOpen, titleOf } from '../src/rooms.js';
import { hashOf, roomOf } from '../src/route.js';

test('the title says how much is unread, up to a number', () => {
  const title = (...counts: number[]) =>
    titleOf(counts.map((unreadCount) => ({ isMember: true, unreadCount })));
  expect([title(), title(0, 0), title(3, 1), title(98)]).toEqual([
    'chatoxide',
    'chatoxide',
    '(4) chatoxide',
    '(98) chatoxide',
  ]);
  // The server counts to 99 in each room.
  expect([title(99), title(99, 99, 99)]).toEqual(['(99+) chatoxide', '(99+) chatoxide']);
});

test('the title does not count rooms that one is not a member of', () => {
  const left = { isMember: false, unreadCount: 5 };
  expect(titleOf([left])).toBe('chatoxide');
  expect(titleOf([left, { isMember: true, unreadCount: 2 }])).toBe('(2) chatoxide');
});

test('the last open room is opened, else the most recent of one’s own, else the most recent of all', () => {
  const rooms = [
    { id: 'public', isMember: false },
    { id: 'newest', isMember: true },
    { id: 'older', isMember: true },
  ];
  expect(roomToOpen(rooms, { last: 'older' })).toBe('older');
  expect(roomToOpen(rooms, { last: 'gone' })).toBe('newest');
  expect(roomToOpen(rooms, { without: 'newest' })).toBe('older');
  expect(roomToOpen(rooms.slice(0, 1), {})).toBe('public');
  expect(roomToOpen([], { last: 'gone' })).toBeNull();
});

test('rooms have an address, whatever their id', () => {
  for (const id of ['general', 'dm:alice:bob', 'a/b?c#d %', 'ü😀']) expect(roomOf(hashOf(id))).toBe(id);
  for (const hash of ['', '#/', '#/r/', '#/x/general', '#/r/%E0%A4%A']) expect(roomOf(hash)).toBeNull();
  expect(roomOf(hashOf(null))).toBeNull();
});
