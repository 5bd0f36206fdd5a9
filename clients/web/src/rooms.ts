// The title of the browser's tab, and the room that the page opens by itself.
import { countText, type ListedRoom } from '@chatoxide/react';

type Counted = Pick<ListedRoom, 'isMember' | 'unreadCount'>;

/** The title of the browser's tab, with the number of unread messages in the rooms that the user is a member of. */
export function titleOf(rooms: readonly Counted[]): string {
  const own = rooms.filter(({ isMember }) => isMember);
  const unread = own.reduce((total, room) => total + room.unreadCount, 0);
  return unread > 0 ? `(${countText(unread)}) chatoxide` : 'chatoxide';
}

interface Choice {
  /** The id of the room that was open last. */
  last?: string | null;
  /** The id of a room that is left out. */
  without?: string;
}

/** The room that was open last, else the first of the user's own, else the first of all. The most recent rooms come first. */
export function roomToOpen(
  rooms: readonly Pick<ListedRoom, 'id' | 'isMember'>[],
  { last, without }: Choice,
): string | null {
  const choices = rooms.filter(({ id }) => id !== without);
  const isLast = ({ id }: { id: string }) => id === last;
  const room = choices.find(isLast) ?? choices.find(({ isMember }) => isMember) ?? choices[0];
  return room?.id ?? null;
}
