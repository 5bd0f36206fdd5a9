// What the list shows, row by row: days, the line above what is new, and messages, those of one author together.
import type { ChatMessage } from '../types.js';

export type Row =
  | { kind: 'day'; key: string; at: Date }
  | { kind: 'new'; key: string }
  | { kind: 'beginning'; key: string }
  | { kind: 'message'; key: string; message: ChatMessage; isFirst: boolean };

/** Messages that follow each other so closely are one group. */
const GROUP = 5 * 60_000;

export function rowsOf(
  messages: readonly ChatMessage[],
  firstUnreadId: string | null,
  hasMore: boolean,
): Row[] {
  const rows: Row[] = [];
  if (!hasMore && messages.length > 0) rows.push({ kind: 'beginning', key: 'beginning' });
  let before: ChatMessage | undefined;
  for (const message of messages) {
    const at = new Date(message.createdAt);
    const isNewDay = !before || dayOf(new Date(before.createdAt)) !== dayOf(at);
    if (isNewDay) rows.push({ kind: 'day', key: `day ${dayOf(at)}`, at });
    const isNew = message.id === firstUnreadId;
    if (isNew) rows.push({ kind: 'new', key: 'new' });
    const isFirst =
      isNewDay ||
      isNew ||
      before?.senderId !== message.senderId ||
      before.type === 'system' ||
      message.replyTo !== null ||
      at.getTime() - Date.parse(before.createdAt) > GROUP;
    rows.push({ kind: 'message', key: message.key, message, isFirst });
    before = message;
  }
  return rows;
}

/** The day here, wherever the server is. */
function dayOf(at: Date): string {
  return `${at.getFullYear()}-${at.getMonth()}-${at.getDate()}`;
}

export function dayName(at: Date, labels: { today: string; yesterday: string }, now = new Date()): string {
  const yesterday = new Date(now.getFullYear(), now.getMonth(), now.getDate() - 1);
  if (dayOf(at) === dayOf(now)) return labels.today;
  if (dayOf(at) === dayOf(yesterday)) return labels.yesterday;
  const isThisYear = at.getFullYear() === now.getFullYear();
  const options = { weekday: 'long', day: 'numeric', month: 'long' } as const;
  return at.toLocaleDateString(undefined, isThisYear ? options : { ...options, year: 'numeric' });
}

export function timeOf(at: string): string {
  return new Date(at).toLocaleTimeString(undefined, { hour: '2-digit', minute: '2-digit' });
}
