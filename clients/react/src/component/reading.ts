// When a room is read: when its newest message is looked at, and not when something comes below what is being read.
import { useCallback, useEffect, useRef } from 'react';
import type { Chat, ChatMessage } from '../core/types.js';

/** The newest message of another. */
export function newestOfOthers(
  messages: readonly ChatMessage[],
  userId: string | null,
): ChatMessage | undefined {
  return messages.findLast(({ senderId }) => senderId !== userId);
}

/**
 * Marks the room as read while the page is visible and has the focus, and one is at the end. What it returns, which is new when
 * there is something to read, is to be called when one may have come there.
 */
export function useMarkAsRead(
  chat: Pick<Chat, 'messages' | 'isReady' | 'unreadCount' | 'markAsRead'>,
  userId: string | null,
  isAtEnd: () => boolean,
): () => void {
  const { messages, isReady, unreadCount, markAsRead } = chat;
  const newest = newestOfOthers(messages, userId)?.key;
  const marked = useRef<string>(undefined);
  const read = useCallback(
    (isBack = false) => {
      if (!isReady || document.visibilityState !== 'visible' || !document.hasFocus() || !isAtEnd()) return;
      // One that scrolls is here often. Who comes back may have been away while others learnt nothing of it.
      if (!isBack && unreadCount === 0 && marked.current === newest) return;
      marked.current = newest;
      markAsRead();
    },
    [isReady, unreadCount, newest, markAsRead, isAtEnd],
  );
  useEffect(() => {
    const back = () => read(true);
    window.addEventListener('focus', back);
    document.addEventListener('visibilitychange', back);
    return () => {
      window.removeEventListener('focus', back);
      document.removeEventListener('visibilitychange', back);
    };
  }, [read]);
  return read;
}
