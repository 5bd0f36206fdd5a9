// What the page says of all rooms together.
import { countText } from '@chatoxide/react';

/** The title of the browser's tab, with what is unread. */
export function titleOf(rooms: readonly { unreadCount: number }[]): string {
  const unread = rooms.reduce((total, room) => total + room.unreadCount, 0);
  return unread > 0 ? `(${countText(unread)}) chatoxide` : 'chatoxide';
}
