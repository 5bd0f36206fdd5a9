// The `useChat` hook, with the names of the original's.
import { useEffect, useMemo, useRef, useSyncExternalStore } from 'react';
import type { Chat, Discontinuity, TokenSource } from '../core/types.js';
import { useChatClient, useEntered } from './context.js';

export interface UseChatOptions {
  /** The server: else the provider's, else `NEXT_PUBLIC_CHAT_URL`, else `http://localhost:3000`. */
  url?: string;
  /** Called when the room was loaded again because a gap in its changes could not be filled. */
  onDiscontinuity?: (discontinuity: Discontinuity) => void;
}

/**
 * A room: joined as long as the component is there, over one socket for all rooms of a token.
 *
 * Without a token it is that of the `ChatProvider` around it.
 */
export function useChat(roomId: string, token?: TokenSource, options: UseChatOptions = {}): Chat {
  const client = useChatClient(token, options.url);
  const room = client.room(roomId);
  const listener = useRef(options.onDiscontinuity);
  useEffect(() => {
    listener.current = options.onDiscontinuity;
  });
  useEffect(() => room.onDiscontinuity((discontinuity) => listener.current?.(discontinuity)), [room]);
  useEntered(client, roomId);

  const state = useSyncExternalStore(room.subscribe, room.get, room.get);
  const connection = useSyncExternalStore(client.subscribe, client.get, client.get);
  return useMemo(
    () => ({
      ...state,
      connected: connection.status === 'connected',
      connectionStatus: connection.status,
      refusal: connection.refusal ?? state.refusal,
      userId: connection.user?.id ?? null,
      sendMessage: room.sendMessage,
      retry: room.retry,
      discard: room.discard,
      editMessage: room.editMessage,
      deleteMessage: room.deleteMessage,
      addReaction: room.addReaction,
      removeReaction: room.removeReaction,
      startTyping: room.startTyping,
      stopTyping: room.stopTyping,
      loadMore: room.loadMore,
      markAsRead: room.markAsRead,
    }),
    [state, connection, room],
  );
}
