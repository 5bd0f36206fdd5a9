// How rooms are named, found and arranged in the list of rooms.
import type { ListedRoom } from '../core/protocol.js';
import type { InboxLabels } from './labelsOfFinding.js';

export type RoomSection = 'rooms' | 'direct' | 'public';

/** A direct room has the name of the other user. */
export function roomName(room: ListedRoom): string {
  return room.with?.name ?? room.name;
}

/** The name of a room beside something in it. */
export function nameOfRoom(
  roomId: string,
  rooms: readonly ListedRoom[],
  { unknownRoom, direct }: Pick<InboxLabels, 'unknownRoom' | 'direct'>,
): string {
  const room = rooms.find(({ id }) => id === roomId);
  if (!room) return unknownRoom;
  return room.type === 'direct' ? direct : roomName(room);
}

/** The rooms whose name contains the query, whatever its case. */
export function findRooms(rooms: readonly ListedRoom[], query: string): ListedRoom[] {
  const sought = query.trim().toLocaleLowerCase();
  return rooms.filter((room) => roomName(room).toLocaleLowerCase().includes(sought));
}

/** The user's own rooms, their direct rooms, and the public rooms of others. */
export function sectionsOf(rooms: readonly ListedRoom[]): Record<RoomSection, ListedRoom[]> {
  return {
    rooms: rooms.filter((room) => room.isMember && room.type !== 'direct'),
    direct: rooms.filter((room) => room.isMember && room.type === 'direct'),
    public: rooms.filter((room) => !room.isMember),
  };
}
