// The title of the browser's tab, and the room that the page opens by itself.
import { countText, type ListedRoom, type UnreadState } from '@chatoxide/react';

/** The title of the browser's tab, with the numbers of unread messages, and of those of them that mention the user. */
export function titleOf({
  unreadCount,
  mentionCount,
}: Pick<UnreadState, 'unreadCount' | 'mentionCount'>): string {
  const counts = [
    unreadCount > 0 ? countText(unreadCount) : '',
    mentionCount > 0 ? `@${countText(mentionCount)}` : '',
  ].filter(Boolean);
  return counts.length > 0 ? `(${counts.join(', ')}) chatoxide` : 'chatoxide';
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
