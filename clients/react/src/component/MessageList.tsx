/* eslint-disable react-hooks/refs -- Whether messages were put before those drawn last is for the very drawing that has them. */
// The messages: only those in view are drawn. It stays at the newest while one is there, and lets nobody push who reads above.
import {
  memo,
  useCallback,
  useEffect,
  useImperativeHandle,
  useMemo,
  useRef,
  useState,
  type KeyboardEvent,
  type Ref,
} from 'react';
import { useBeforePaint } from '../react/beforePaint.js';
import { VList, type VListHandle } from 'virtua';
import type { Chat, ChatMessage } from '../core/types.js';
import { useRoomContext, type Editing } from './context.js';
import { DownIcon } from './icons.js';
import { MessageRow } from './MessageRow.js';
import { useMarkAsRead } from './reading.js';
import { drawnRows, useKeptFocus } from './focus.js';
import { useInNextFrame } from './frames.js';
import { Place } from './place.js';
import { dayName, rowsOf, type Row } from './rows.js';

/** So close to an end is at the end, in pixels. */
const AT_END = 48;
/** So close to the beginning older messages are asked for. */
const NEAR_TOP = 600;

export interface MessageListHandle {
  /** Brings a message into view; false when it is not among those that have come. */
  show: (messageId: string) => boolean;
  /** The same for one that is not drawn. */
  reveal: (messageId: string) => void;
}

type Shown =
  | 'messages'
  | 'firstUnreadId'
  | 'unreadCount'
  | 'hasMore'
  | 'isLoading'
  | 'isReady'
  | 'loadMore'
  | 'markAsRead';

interface Props extends Pick<Chat, Shown> {
  handle: Ref<MessageListHandle>;
  editing: Editing | null;
}

/** It takes what it shows and no more: who is typing does not draw it anew. */
export const MessageList = memo(function MessageList({ handle, editing, ...chat }: Props) {
  const { userId, labels } = useRoomContext();
  const { messages, firstUnreadId, hasMore, isLoading, isReady, loadMore } = chat;
  const rows = useMemo(() => rowsOf(messages, firstUnreadId, hasMore), [messages, firstUnreadId, hasMore]);
  const [place] = useState(() => new Place());
  const hasOpened = useRef(false);
  const lastOwn = useRef<string>(undefined);
  const [isAway, setAway] = useState(false);
  const [seen, setSeen] = useState<string>();
  const { frame, focused, onBlur } = useKeptFocus(rows);

  const oldest = messages[0]?.key;
  const newest = messages.at(-1);
  const drawn = useRef<string>(undefined);
  const last = drawn.current;
  const isPrepended = last !== oldest && messages.some(({ key }) => key === last);
  const list = useCallback((shown: VListHandle | null) => place.attach(shown), [place]);

  useBeforePaint(() => {
    drawn.current = oldest;
  }, [oldest]);
  useBeforePaint(() => {
    place.lay(rows, frame.current);
    if (!isReady || rows.length === 0) return;
    // Once for each that one writes: who scrolls up while it is on its way may do so.
    const isOwn = newest?.status === 'sending';
    const isNewOwn = isOwn && newest.key !== lastOwn.current;
    if (isOwn) lastOwn.current = newest.key;
    const isNew = !hasOpened.current && rows.some(({ kind }) => kind === 'new');
    if (isNew) place.go({ key: 'new', align: 'start' });
    else if (isNewOwn) place.go('end');
    else place.keep();
  }, [isReady, rows, newest, place, frame]);

  const newestKey = newest?.key;
  const isSeen = useCallback(() => {
    if (place.height === 0 || place.below >= AT_END || !frame.current) return false;
    const row = drawnRows(frame.current).at(-1);
    if (!row) return newestKey === undefined;
    const { bottom } = frame.current.getBoundingClientRect();
    return row.dataset.messageKey === newestKey && row.getBoundingClientRect().bottom <= bottom + AT_END;
  }, [place, frame, newestKey]);
  const read = useMarkAsRead(chat, userId, isSeen);
  const look = useInNextFrame(() => {
    // Until its size is known, nothing is.
    if (place.height === 0) return false;
    // Where it opens may be said in two steps, before anything is seen of it.
    hasOpened.current ||= isReady && rows.length > 0;
    // On the way elsewhere nothing is looked at.
    if (place.approach()) return true;
    setAway(place.below > AT_END * 4);
    if (isSeen()) {
      place.go('end');
      setSeen(newestKey);
      read();
    }
    if (place.above < NEAR_TOP && hasMore && !isLoading) void loadMore();
    return false;
  });
  useEffect(look, [look, rows, read, hasMore, isLoading]);
  const scroll = useCallback(() => {
    place.scrolled();
    look();
  }, [place, look]);
  const resize = useCallback(() => {
    place.keep();
    look();
  }, [place, look]);

  useImperativeHandle(handle, () => {
    const show = (messageId: string) => {
      const row = rows.find((one) => one.kind === 'message' && one.message.id === messageId);
      if (row) place.go({ key: row.key, align: 'center' });
      look();
      return row !== undefined;
    };
    const isDrawn = (messageId: string) =>
      drawnRows(frame.current).some((row) => row.dataset.messageId === messageId);
    return { show, reveal: (messageId) => void (isDrawn(messageId) || show(messageId)) };
  });

  const missed = missedOf(chat, seen, userId);
  const kept = useMemo(() => {
    const isKept = (row: Row) =>
      row.kind === 'message' && (row.message.id === editing?.id || row.key === focused);
    return rows.flatMap((row, index) => (isKept(row) ? [index] : []));
  }, [rows, editing, focused]);
  return (
    <div className="chat-list" ref={frame} onBlur={onBlur}>
      <VList
        ref={list}
        className="chat-scroller"
        data={rows}
        shift={isPrepended}
        role="log"
        aria-live="off"
        aria-label={labels.messages}
        aria-busy={!isReady || isLoading}
        tabIndex={0}
        onScroll={scroll}
        onResize={resize}
        onKeyDown={walk}
        keepMounted={kept}
      >
        {(row) => <RowView key={row.key} row={row} messages={messages} editing={editing} />}
      </VList>
      {!isReady && <p className="chat-notice">{labels.loading}</p>}
      {isReady && rows.length === 0 && <p className="chat-notice">{labels.empty}</p>}
      {isLoading && <p className="chat-loading">{labels.loading}</p>}
      {isAway && (
        <button type="button" className="chat-jump" onClick={() => place.go('end')}>
          <DownIcon />
          {missed > 0 ? labels.unread(missed) : labels.jumpToNewest}
        </button>
      )}
    </div>
  );
});

/** How many messages of others one has not come to: what is unread, and what came while one read above. */
function missedOf(
  { messages, firstUnreadId, unreadCount }: Pick<Chat, Shown>,
  seen: string | undefined,
  userId: string | null,
): number {
  const seenAt = messages.findIndex(({ key }) => key === seen);
  const from = seenAt < 0 ? messages.findIndex(({ id }) => id === firstUnreadId) : seenAt + 1;
  const after = from < 0 ? [] : messages.slice(from).filter(({ senderId }) => senderId !== userId);
  // More than has come of them may be unread.
  return Math.max(unreadCount, after.length);
}

interface RowProps {
  row: Row;
  messages: readonly ChatMessage[];
  editing: Editing | null;
}

function RowView({ row, messages, editing }: RowProps) {
  const { labels } = useRoomContext();
  switch (row.kind) {
    case 'beginning':
      return <p className="chat-beginning">{labels.beginning}</p>;
    case 'day':
      return (
        <div className="chat-day" role="separator" aria-label={dayName(row.at, labels)}>
          <span>{dayName(row.at, labels)}</span>
        </div>
      );
    case 'new':
      return (
        <div className="chat-new" role="separator" aria-label={labels.newMessages}>
          <span>{labels.newMessages}</span>
        </div>
      );
    case 'message': {
      const { id, replyTo } = row.message;
      const quoted = replyTo === null ? undefined : messages.find((message) => message.id === replyTo);
      const editedFrom = editing?.id === id ? editing.from : null;
      return (
        <MessageRow message={row.message} isFirst={row.isFirst} quoted={quoted} editedFrom={editedFrom} />
      );
    }
  }
}

/** The arrow keys go from message to message. */
function walk(event: KeyboardEvent<HTMLElement>): void {
  if (event.key !== 'ArrowUp' && event.key !== 'ArrowDown') return;
  const target = event.target as HTMLElement;
  if (target.closest('textarea, input')) return;
  const all = drawnRows(event.currentTarget);
  const here = all.findIndex((message) => message.contains(target));
  const next = all[here < 0 ? all.length - 1 : here + (event.key === 'ArrowUp' ? -1 : 1)];
  if (!next) return;
  event.preventDefault();
  next.focus({ preventScroll: true });
  next.scrollIntoView({ block: 'nearest' });
}
