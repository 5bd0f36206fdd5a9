// The threads that the user follows, and those with unread replies, as hooks.
import { useMemo } from 'react';
import { FollowedThreads, type FollowedThreadsState, type ThreadFilter } from '../core/followedThreads.js';
import { unreadThreadsOf, type UnreadThread, type UnreadThreadsState } from '../core/unreadThreads.js';
import { useChatClient } from './context.js';
import { useSelected } from './hooks.js';

/** The threads that the user follows, and what can be done with the list. */
export type Threads = FollowedThreadsState & Pick<FollowedThreads, 'loadMore'>;

const all = (state: FollowedThreadsState) => state;

/**
 * The threads that the user follows, the one with the newest reply first: in all rooms or in one, all or those with unread replies.
 * Needs a `ChatProvider`.
 */
export function useThreads({ roomId, unreadOnly = false }: ThreadFilter = {}): Threads {
  const client = useChatClient();
  const followed = useMemo(
    () => new FollowedThreads(client, { unreadOnly, ...(roomId !== undefined && { roomId }) }),
    [client, roomId, unreadOnly],
  );
  const state = useSelected(followed, all);
  return useMemo(() => ({ ...state, loadMore: followed.loadMore }), [state, followed]);
}

const threadsOf = ({ threads }: UnreadThreadsState) => threads;

/** The threads with unread replies in all rooms, by the ids of their roots. Needs a `ChatProvider`. */
export function useUnreadThreads(): ReadonlyMap<string, UnreadThread> {
  return useSelected(unreadThreadsOf(useChatClient()), threadsOf);
}
