// The unread messages of all rooms, as a hook.
import { unreadCountsOf, type UnreadState } from '../core/unreadCounts.js';
import { useChatClient } from './context.js';
import { useSelected } from './hooks.js';

const all = (state: UnreadState) => state;

/** The unread messages and mentions of each of the user's rooms, and of all together. Needs a `ChatProvider`. */
export function useUnread(): UnreadState;
export function useUnread<Selected>(select: (state: UnreadState) => Selected): Selected;
export function useUnread<Selected>(
  select: (state: UnreadState) => Selected | UnreadState = all,
): Selected | UnreadState {
  return useSelected(unreadCountsOf(useChatClient()), select);
}
