// The title of the tab, and the addresses of rooms.
import { expect, test } from 'vitest';
import { titleOf } from '../src/rooms.js';
import { hashOf, roomOf } from '../src/route.js';

test('the title says how much is unread, up to a number', () => {
  const title = (...counts: number[]) => titleOf(counts.map((unreadCount) => ({ unreadCount })));
  expect([title(), title(0, 0), title(3, 1), title(98)]).toEqual([
    'chatoxide',
    'chatoxide',
    '(4) chatoxide',
    '(98) chatoxide',
  ]);
  // The server counts to 99 in each room.
  expect([title(99), title(99, 99, 99)]).toEqual(['(99+) chatoxide', '(99+) chatoxide']);
});

test('rooms have an address, whatever their id', () => {
  for (const id of ['general', 'dm:alice:bob', 'a/b?c#d %', 'ü😀']) expect(roomOf(hashOf(id))).toBe(id);
  for (const hash of ['', '#/', '#/r/', '#/x/general', '#/r/%E0%A4%A']) expect(roomOf(hash)).toBeNull();
  expect(roomOf(hashOf(null))).toBeNull();
});
