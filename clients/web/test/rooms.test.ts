// The title of the tab, the room that is opened, and the addresses of rooms.
import { expect, test } from 'vitest';
import { roomToOpen, titleOf } from '../src/rooms.js';
import { hashOf, messageOf, roomOf, threadHash, threadOf } from '../src/route.js';

test('the title says how much is unread, up to a number, and how much of it mentions the user', () => {
  const title = (unreadCount: number, mentionCount = 0) => titleOf({ unreadCount, mentionCount });
  expect([title(0), title(4), title(98), title(99), title(297)]).toEqual([
    'chatoxide',
    '(4) chatoxide',
    '(98) chatoxide',
    '(99+) chatoxide',
    '(99+) chatoxide',
  ]);
  expect([title(4, 1), title(297, 100)]).toEqual(['(4, @1) chatoxide', '(99+, @99+) chatoxide']);
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

test('a thread beside its room has an address, whatever the ids', () => {
  for (const id of ['0199b0a5-3a2a-7c1e-9d53-6f0c1d2e3f40', 'a/b?t=c#d %', 'ü😀']) {
    expect(threadOf(threadHash(id, id))).toBe(id);
    expect(roomOf(threadHash(id, id))).toBe(id);
    expect(messageOf(threadHash(id, id))).toBeNull();
    expect(threadOf(hashOf(id, id))).toBeNull();
  }
});

test('a message in a room has an address, whatever the ids', () => {
  for (const id of ['0199b0a5-3a2a-7c1e-9d53-6f0c1d2e3f40', 'a/b?m=c#d %', 'ü😀']) {
    expect(messageOf(hashOf(id, id))).toBe(id);
    expect(roomOf(hashOf(id, id))).toBe(id);
    expect(messageOf(hashOf(id))).toBeNull();
  }
  for (const hash of ['', '#/?m=1', '#/r/general?m=', '#/r/general?m=%E0%A4%A'])
    expect(messageOf(hash)).toBeNull();
});
