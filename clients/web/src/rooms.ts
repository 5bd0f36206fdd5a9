// How rooms are named and found in the list.
import type { ListedRoom } from '@chatoxide/react';

/** A direct room is named for the other one. */
export function nameOf(room: ListedRoom): string {
  return room.with?.name ?? room.name;
}

/** The rooms whose name holds these letters. */
export function matching(rooms: readonly ListedRoom[], query: string): ListedRoom[] {
  const sought = query.trim().toLocaleLowerCase();
  return rooms.filter((room) => nameOf(room).toLocaleLowerCase().includes(sought));
}

export interface Sections {
  rooms: ListedRoom[];
  direct: ListedRoom[];
  /** Open to all, and not one's own. */
  others: ListedRoom[];
}

export function sectionsOf(rooms: readonly ListedRoom[]): Sections {
  return {
    rooms: rooms.filter((room) => room.isMember && room.type !== 'direct'),
    direct: rooms.filter((room) => room.isMember && room.type === 'direct'),
    others: rooms.filter((room) => !room.isMember),
  };
}

export function unreadText(count: number): string {
  return count > 98 ? '99+' : String(count);
}

export function totalUnread(rooms: readonly ListedRoom[]): number {
  return rooms.reduce((total, room) => total + room.unreadCount, 0);
}
