// The status texts of a room: the connection, who is typing, and read receipts.
import { useState } from 'react';
import { isPassing } from '../core/errors.js';
import type { Chat } from '../core/types.js';
import { useRoomContext, type RoomContext } from './context.js';
import type { Labels } from './labels.js';
import { newestOfOthers } from './reading.js';

interface Props {
  chat: Chat;
  labels: Labels;
}

export function Connection({ chat, labels }: Props) {
  const text = connectionText(chat, labels);
  if (!text) return null;
  return (
    <p className={`chat-connection chat-connection--${chat.connectionStatus}`} role="status">
      {text}
    </p>
  );
}

function connectionText({ connectionStatus: status, refusal, isReady }: Chat, labels: Labels): string {
  if (status === 'closed') return '';
  // Until the room is ready, the refusal is shown in place of the messages, so it is not repeated here.
  if (status === 'refused') return isReady ? labels.connection.refused : '';
  if (status !== 'connected') return labels.connection[status];
  if (!refusal) return '';
  if (isPassing(refusal.code)) return labels.entryWaits(labels.reason(refusal));
  return isReady ? labels.noEntry(labels.reason(refusal)) : '';
}

/** Announces the newest message of another user to screen readers. The list itself changes too often for that. */
export function News({ chat, userId }: { chat: Chat; userId: string | null }) {
  const newest = newestOfOthers(chat.messages, userId);
  const [heard, setHeard] = useState<{ key: string | undefined; at: string; isNews: boolean }>();
  const [key, at] = [newest?.key, newest?.createdAt ?? ''];
  if (heard === undefined) {
    if (chat.isReady) setHeard({ key, at, isNews: false });
  } else if (key !== heard.key && at >= heard.at && newest) {
    // When the newest message is deleted, the one before it becomes the newest; it is not announced.
    setHeard({ key, at, isNews: true });
  }
  const isNews = newest && heard?.isNews && newest.key === heard.key;
  return (
    <div className="chat-hidden" aria-live="polite">
      {isNews && `${newest.senderName}: ${newest.content}`}
    </div>
  );
}

/** Shows a notice if there is one, else who is typing, else read receipts. */
export function Below({ chat, labels, userId, notice }: Props & { userId: string | null; notice: string }) {
  const { nameOf } = useRoomContext();
  return (
    <div className={notice ? 'chat-below chat-below--notice' : 'chat-below'} aria-live="polite">
      {notice || typingText(chat, labels, nameOf) || readText(chat, labels, userId)}
    </div>
  );
}

function typingText({ typingUsers }: Chat, labels: Labels, nameOf: RoomContext['nameOf']): string {
  if (typingUsers.length === 0) return '';
  // The server tells only the id of a user whose token has no name.
  const names = typingUsers.map(({ userId, userName }) =>
    userName === userId ? (nameOf(userId) ?? labels.someone) : userName,
  );
  return labels.typing(names);
}

/** Names the users who have read the last message, if the current user sent it. */
function readText({ messages, readBy, members }: Chat, labels: Labels, userId: string | null): string {
  const last = messages.at(-1);
  if (!last || last.senderId !== userId || last.status !== 'sent') return '';
  const readers = members.filter(({ id }) => id !== userId && (readBy.get(id) ?? '') >= last.createdAt);
  return readers.length > 0 ? labels.readBy(readers.map(({ name }) => name)) : '';
}
