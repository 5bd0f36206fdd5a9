import type { ListedRoom } from '@chatoxide/react';
import { describe, expect, test } from 'vitest';
import { matching, nameOf, sectionsOf, totalUnread, unreadText } from '../src/rooms.js';
import { hashOf, roomOf } from '../src/route.js';

const room = (id: string, changes: Partial<ListedRoom> = {}): ListedRoom => ({
  id,
  name: id,
  type: 'public',
  createdAt: '2026-01-31T09:05:07.042Z',
  isMember: true,
  with: null,
  lastMessageAt: null,
  unreadCount: 0,
  ...changes,
});

const rooms = [
  room('General', { unreadCount: 3 }),
  room('dm:alice:bob', {
    name: 'Direct Message',
    type: 'direct',
    with: { id: 'bob', name: 'Bob', avatar: null },
  }),
  room('Open', { isMember: false }),
  room('Plans', { type: 'private', unreadCount: 99 }),
];

describe('rooms', () => {
  test('are named for whom one talks to, and found by that', () => {
    expect(rooms.map(nameOf)).toEqual(['General', 'Bob', 'Open', 'Plans']);
    expect(matching(rooms, ' bO').map(nameOf)).toEqual(['Bob']);
    expect(matching(rooms, 'direct')).toEqual([]);
  });

  test('stand in the section where they are looked for', () => {
    const sections = sectionsOf(rooms);
    expect(sections.rooms.map(nameOf)).toEqual(['General', 'Plans']);
    expect(sections.direct.map(nameOf)).toEqual(['Bob']);
    expect(sections.others.map(nameOf)).toEqual(['Open']);
    expect(totalUnread(rooms)).toBe(102);
    expect([1, 98, 99].map(unreadText)).toEqual(['1', '98', '99+']);
  });

  test('have an address, whatever their id', () => {
    for (const id of ['general', 'dm:alice:bob', 'a/b?c#d %', 'ü😀']) expect(roomOf(hashOf(id))).toBe(id);
    for (const hash of ['', '#/', '#/r/', '#/x/general', '#/r/%E0%A4%A']) expect(roomOf(hash)).toBeNull();
    expect(roomOf(hashOf(null))).toBeNull();
  });
});
