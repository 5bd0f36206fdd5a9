// A room that the user has marked as unread while it is open: nothing marks it as read until the user leaves it, or writes.
import { useCallback, useEffect, useSyncExternalStore } from 'react';
import type { ChatClient } from '../core/client.js';
import { endKeepingUnread, keptUnreadOf, markUnread } from '../core/keptUnread.js';
import type { Chat } from '../core/types.js';
import type { Labels } from './labels.js';
import { reasonIn } from './reasons.js';

interface KeptUnread {
  isKept: boolean;
  /** Undefined where the user is no member of the room, or its client is not known. */
  markUnread: ((messageId: string) => void) | undefined;
}

export function useKeptUnread(
  { roomId, members, messages, userId }: Chat,
  client: ChatClient | undefined,
  say: (text: string) => void,
  labels: Labels,
): KeptUnread {
  const isKept = useSyncExternalStore(
    client ? keptUnreadOf(client).subscribe : neverChanges,
    () => client !== undefined && keptUnreadOf(client).get().rooms.has(roomId),
    () => false,
  );
  const newest = messages.at(-1);
  const isWriting = newest?.status === 'sending';
  useEffect(() => {
    if (client && isKept && isWriting) endKeepingUnread(client, roomId);
  }, [client, roomId, isKept, isWriting]);
  useEffect(() => (client ? () => endKeepingUnread(client, roomId) : undefined), [client, roomId]);
  const isMember = members.some(({ id }) => id === userId);
  const mark = useCallback(
    (messageId: string) => {
      if (!client) return;
      markUnread(client, roomId, messageId).catch((error: Error) =>
        say(labels.markUnreadFailed(labels.reason(reasonIn(error)))),
      );
    },
    [client, roomId, say, labels],
  );
  return { isKept, markUnread: client && isMember ? mark : undefined };
}

const neverChanges = () => () => undefined;
