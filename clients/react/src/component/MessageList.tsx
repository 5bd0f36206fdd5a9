/* eslint-disable react-hooks/refs -- Whether messages were put before those drawn last is for the very drawing that has them. */
// The messages: only those in view are drawn. It stays at the newest while one is there, and lets nobody push who reads above.
import {
  memo,
  useCallback,
  useEffect,
  useId,
  useImperativeHandle,
  useMemo,
  useRef,
  useState,
  type Ref,
} from 'react';
import { useBeforePaint } from '../react/beforePaint.js';
import { VList, type VListHandle } from 'virtua';
import type { Chat, ChatMessage, Refusal } from '../core/types.js';
import { useRoomContext, type Active, type RefusedChange } from './context.js';
import { DownIcon } from './icons.js';
import { MessageRow } from './MessageRow.js';
import { isDeleted } from './quotes.js';
import { useMarkAsRead } from './reading.js';
import { drawnRows, useKeptFocus } from './focus.js';
import { useInNextFrame } from './frames.js';
import { Place } from './place.js';
import { dayName, rowsOf, type Row } from './rows.js';
import { useOlder } from './useOlder.js';
import { walk } from './walk.js';

/** So close to an end is at the end, in pixels. */
const AT_END = 48;
/** So close to the beginning older messages are asked for. */
const NEAR_TOP = 600;

/** After so many frames a row is taken for one that is not drawn. */
const FRAMES = 60;

export interface MessageListHandle {
  /** Brings a message into view; false when it is not among those that have come. */
  show: (messageId: string) => boolean;
  /** The same for one that is not drawn. */
  reveal: (messageId: string) => void;
  /** Gives the focus to a message that is being brought into view, as soon as it is drawn. */
  focus: (messageId: string) => void;
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
  active: Active | null;
  /** The id of a message that somebody has been led to. */
  found: string | null;
  /** By message id. */
  refused: ReadonlyMap<string, RefusedChange>;
  /** Why there are no messages. */
  refusal: Refusal | null;
}

/** It takes what it shows and no more: who is typing does not draw it anew. */
export const MessageList = memo(function MessageList({
  handle,
  active,
  found,
  refused,
  refusal,
  ...chat
}: Props) {
  const { userId, labels } = useRoomContext();
  const { messages, firstUnreadId, hasMore, isLoading, isReady } = chat;
  const older = useOlder(chat.loadMore);
  const hint = useId();
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
    // A thread may lie over it.
    if (!isVisible(frame.current)) return false;
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
    if (place.above < NEAR_TOP && hasMore && !isLoading) older.load();
    return false;
  });
  useEffect(look, [look, rows, read, hasMore, isLoading, older.isFailed]);
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
    const focus = (messageId: string, frames = FRAMES) => {
      const row = drawnRows(frame.current).find(({ dataset }) => dataset.messageId === messageId);
      row?.focus({ preventScroll: true });
      // A row that was just added is hidden until its size is known, and cannot take the focus before that.
      const hasFocus = row !== undefined && document.activeElement === row;
      if (!hasFocus && frames > 0) requestAnimationFrame(() => focus(messageId, frames - 1));
    };
    return { show, focus, reveal: (messageId) => void (isDrawn(messageId) || show(messageId)) };
  });

  const missed = missedOf(chat, seen, userId);
  const edited = active?.what === 'edit' ? active.id : undefined;
  const kept = useMemo(() => {
    const isKept = (row: Row) => row.kind === 'message' && (row.message.id === edited || row.key === focused);
    return rows.flatMap((row, index) => (isKept(row) ? [index] : []));
  }, [rows, edited, focused]);
  return (
    <div className="chat-list" ref={frame} onFocus={look} onBlur={onBlur}>
      <VList
        ref={list}
        className="chat-scroller"
        data={rows}
        shift={isPrepended}
        role="log"
        aria-live="off"
        aria-label={labels.messages}
        aria-describedby={hint}
        aria-busy={!isReady || isLoading}
        tabIndex={0}
        onScroll={scroll}
        onResize={resize}
        onKeyDown={walk}
        keepMounted={kept}
      >
        {(row) => (
          <RowView
            key={row.key}
            row={row}
            all={messages}
            hasMore={hasMore}
            active={active}
            found={found}
            refused={refused}
          />
        )}
      </VList>
      <p className="chat-hidden" id={hint}>
        {labels.messagesHint}
      </p>
      <Instead isReady={isReady} isEmpty={rows.length === 0 && !hasMore} refusal={refusal} />
      {isLoading && <p className="chat-loading">{labels.loading}</p>}
      {older.why !== undefined && !isLoading && (
        <p className="chat-loading chat-loading--failed" role="alert">
          {labels.notLoaded(older.why)}{' '}
          <button type="button" className="chat-link" onClick={older.retry}>
            {labels.retry}
          </button>
        </p>
      )}
      {isAway && (
        <button type="button" className="chat-jump" onClick={() => place.go('end')}>
          <DownIcon />
          {missed > 0 ? labels.unread(missed) : labels.jumpToNewest}
        </button>
      )}
    </div>
  );
});

/** False for what is laid out and not drawn. A browser that cannot tell draws it. */
function isVisible(element: HTMLElement): boolean {
  const { checkVisibility } = element as Partial<HTMLElement>;
  return checkVisibility?.call(element, { visibilityProperty: true }) ?? true;
}

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

interface InsteadProps {
  isReady: boolean;
  isEmpty: boolean;
  refusal: Refusal | null;
}

/** In place of messages. */
function Instead({ isReady, isEmpty, refusal }: InsteadProps) {
  const { labels, components } = useRoomContext();
  const { Empty, Error, Loading } = components;
  if (isReady) return isEmpty && <Empty text={labels.empty} />;
  if (!refusal) return <Loading text={labels.loading} />;
  const text =
    refusal.code === 'signed_out' ? labels.connection.refused : labels.noEntry(labels.reason(refusal));
  return <Error text={text} refusal={refusal} />;
}

interface RowViewProps {
  row: Row;
  all: readonly ChatMessage[];
  hasMore: boolean;
  active: Active | null;
  found: string | null;
  refused: ReadonlyMap<string, RefusedChange>;
}

function RowView({ row, all, hasMore, active, found, refused }: RowViewProps) {
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
      return (
        <MessageRow
          message={row.message}
          isFirst={row.isFirst}
          isFound={id === found}
          quoted={replyTo === null ? undefined : quotedIn(all, replyTo, hasMore)}
          active={active?.id === id ? active : null}
          refused={refused.get(id)}
        />
      );
    }
  }
}

function quotedIn(
  messages: readonly ChatMessage[],
  id: string,
  hasMore: boolean,
): ChatMessage | 'deleted' | undefined {
  const quoted = messages.find((message) => message.id === id);
  return quoted ?? (isDeleted(id, messages, hasMore) ? 'deleted' : undefined);
}
