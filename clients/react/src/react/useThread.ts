// A thread, as a hook.
import { useMemo } from 'react';
import type { Message } from '../core/protocol.js';
import { ThreadView, type ThreadState } from '../core/threadView.js';
import { useChatClient, useEntered } from './context.js';
import { useSelected } from './hooks.js';

type Actions = 'sendMessage' | 'loadMore' | 'follow' | 'unfollow' | 'markAsRead';

/** A thread, and what can be done in it. The functions keep their identity. */
export type OpenThread = ThreadState & Pick<ThreadView, Actions | 'rootId' | 'roomId'>;

const all = (state: ThreadState) => state;

/**
 * The thread that hangs on this message, which is any message of the room that is no reply in a thread itself. The room is joined
 * while the component is mounted. Needs a `ChatProvider`.
 */
export function useThread({ id, roomId }: Pick<Message, 'id' | 'roomId'>): OpenThread {
  const client = useChatClient();
  useEntered(client, roomId);
  const thread = useMemo(() => new ThreadView(client, roomId, id), [client, roomId, id]);
  const state = useSelected(thread, all);
  return useMemo(() => {
    const { rootId, sendMessage, loadMore, follow, unfollow, markAsRead } = thread;
    return { ...state, rootId, roomId, sendMessage, loadMore, follow, unfollow, markAsRead };
  }, [state, thread, roomId]);
}
