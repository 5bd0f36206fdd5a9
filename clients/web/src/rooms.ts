// The document title, with the number of unread messages in all rooms.
import { countText } from '@chatoxide/react';

/** The title of the browser's tab, with the unread count. */
export function titleOf(rooms: readonly { unreadCount: number }[]): string {
  const unread = rooms.reduce((total, room) => total + room.unreadCount, 0);
  return unread > 0 ? `(${countText(unread)}) chatoxide` : 'chatoxide';
}
