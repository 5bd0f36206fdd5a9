// The message that is being replied to. It is kept beside the draft: after a reload, or in another room meanwhile, the draft is
// still a reply.
import { useCallback, useEffect, useMemo, useRef } from 'react';
import type { ChatClient } from '../core/client.js';
import { messagesOf } from '../core/lookUps.js';
import type { Chat, ChatMessage } from '../core/types.js';
import { useLookUps } from '../react/useUsers.js';
import { answered, draftPlace } from './drafts.js';
import { isDeleted } from './quotes.js';
import { useKeptText } from './useDraft.js';

/** If the message is deleted meanwhile, it is null and `onGone` is called. */
export function useAnswered(
  chat: Chat,
  userId: string | null,
  client: ChatClient | undefined,
  onGone: () => void,
): [ChatMessage | null, (message: ChatMessage | null) => void] {
  const { messages, hasMore, isReady } = chat;
  const [kept, keep] = useKeptText(answered, userId, draftPlace(chat));
  const message = useMemo(() => read(kept), [kept]);
  const id = message?.id;
  const isMissing = id !== undefined && isReady && !messages.some((one) => one.id === id);
  // It may be older than what is loaded.
  const found = useLookUps(client && messagesOf(client), isMissing ? [id] : []);
  const isGone = isMissing && (!hasMore || isDeleted(id, messages, hasMore) || found.get(id) === null);
  const tell = useRef(onGone);
  useEffect(() => void (tell.current = onGone));
  useEffect(() => {
    if (!isGone) return;
    keep('');
    tell.current();
  }, [isGone, keep]);
  const set = useCallback((next: ChatMessage | null) => keep(next ? JSON.stringify(next) : ''), [keep]);
  return [isGone ? null : message, set];
}

function read(kept: string): ChatMessage | null {
  try {
    const message = kept === '' ? null : (JSON.parse(kept) as Partial<ChatMessage> | null);
    const isMessage = [message?.id, message?.senderName, message?.content].every(
      (text) => typeof text === 'string',
    );
    return isMessage ? (message as ChatMessage) : null;
  } catch {
    return null;
  }
}
