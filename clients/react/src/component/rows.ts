// Builds the rows of the message list: days, the "new" divider, and messages grouped by author.
import type { ChatMessage } from '../core/types.js';

export type Row =
  | { kind: 'day'; key: string; at: Date }
  | { kind: 'new'; key: string }
  | { kind: 'beginning'; key: string }
  | { kind: 'message'; key: string; message: ChatMessage; isFirst: boolean };

/** Messages of one author within this time of each other form a group, in milliseconds. */
const GROUP = 5 * 60_000;

export function rowsOf(
  messages: readonly ChatMessage[],
  firstUnreadId: string | null,
  hasMore: boolean,
): Row[] {
  const rows: Row[] = [];
  if (!hasMore && messages.length > 0) rows.push({ kind: 'beginning', key: 'beginning' });
  let before: { message: ChatMessage; at: number } | undefined;
  // Begin and end of the current row's day, in milliseconds. Numbers are compared since all messages are checked on
  // each new one.
  let [begin, end] = [0, 0];
  for (const message of messages) {
    const at = Date.parse(message.createdAt);
    const isNewDay = at < begin || at >= end;
    if (isNewDay) {
      [begin, end] = dayOf(new Date(at));
      rows.push({ kind: 'day', key: `day ${begin}`, at: new Date(at) });
    }
    const isNew = message.id === firstUnreadId;
    if (isNew) rows.push({ kind: 'new', key: 'new' });
    const isFirst =
      isNewDay ||
      isNew ||
      before?.message.senderId !== message.senderId ||
      before.message.type === 'system' ||
      message.replyTo !== null ||
      at - before.at > GROUP;
    rows.push({ kind: 'message', key: message.key, message, isFirst });
    before = { message, at };
  }
  return rows;
}

/** The day in the browser's time zone. */
function dayOf(at: Date): [begin: number, end: number] {
  const [year, month, date] = [at.getFullYear(), at.getMonth(), at.getDate()];
  return [new Date(year, month, date).getTime(), new Date(year, month, date + 1).getTime()];
}

export function dayName(at: Date, labels: { today: string; yesterday: string }, now = new Date()): string {
  const [day] = dayOf(at);
  const [today] = dayOf(now);
  const [yesterday] = dayOf(new Date(today - 1));
  if (day === today) return labels.today;
  if (day === yesterday) return labels.yesterday;
  const isThisYear = at.getFullYear() === now.getFullYear();
  const options = { weekday: 'long', day: 'numeric', month: 'long' } as const;
  return at.toLocaleDateString(undefined, isThisYear ? options : { ...options, year: 'numeric' });
}

export function timeOf(at: string): string {
  return new Date(at).toLocaleTimeString(undefined, { hour: '2-digit', minute: '2-digit' });
}
