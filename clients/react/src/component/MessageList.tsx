/* eslint-disable react-hooks/refs -- Whether messages were put before those drawn last is for the very drawing that has them. */
// The messages: only those in view are drawn. It stays at the newest while one is there, and lets nobody push who reads above.
import {
  useCallback,
  useEffect,
  useImperativeHandle,
  useLayoutEffect,
  useMemo,
  useRef,
  useState,
  type KeyboardEvent,
  type Ref,
} from 'react';
import { VList, type VListHandle } from 'virtua';
import { useRoomContext } from './context.js';
import { DownIcon } from './icons.js';
import { MessageRow } from './MessageRow.js';
import { dayName, rowsOf, type Row } from './rows.js';

/** So close to an end is at the end, in pixels. */
const AT_END = 48;
/** So close to the beginning older messages are asked for. */
const NEAR_TOP = 600;

export interface MessageListHandle {
  /** Brings a message into view; false when it is not among those that have come. */
  show: (messageId: string) => boolean;
  toEnd: () => void;
}

export function MessageList({ handle }: { handle?: Ref<MessageListHandle> }) {
  const { chat, userId, labels } = useRoomContext();
  const { messages, firstUnreadId, hasMore, isLoading, isReady, loadMore } = chat;
  const rows = useMemo(() => rowsOf(messages, firstUnreadId, hasMore), [messages, firstUnreadId, hasMore]);
  const list = useRef<VListHandle>(null);
  const isAtEnd = useRef(true);
  const hasOpened = useRef(false);
  const [isAway, setAway] = useState(false);
  const [seen, setSeen] = useState<string>();

  const oldest = messages[0]?.key;
  const newest = messages.at(-1);
  const drawn = useRef<string>(undefined);
  const last = drawn.current;
  const isPrepended = last !== oldest && messages.some(({ key }) => key === last);
  const toEnd = useCallback(() => {
    list.current?.scrollToIndex(rows.length - 1, { align: 'end' });
  }, [rows.length]);

  useLayoutEffect(() => {
    drawn.current = oldest;
  }, [oldest]);
  useLayoutEffect(() => {
    if (!isReady || rows.length === 0) return;
    if (!hasOpened.current) {
      hasOpened.current = true;
      const isNew = rows.findIndex((row) => row.kind === 'new');
      if (isNew >= 0) {
        isAtEnd.current = false;
        list.current?.scrollToIndex(isNew, { align: 'start' });
        return;
      }
    }
    if (isAtEnd.current || (newest?.senderId === userId && newest?.status === 'sending')) toEnd();
  }, [isReady, rows, newest, userId, toEnd]);

  const look = useCallback(() => {
    const shown = list.current;
    if (!shown) return;
    const left = shown.scrollSize - shown.viewportSize - shown.scrollOffset;
    isAtEnd.current = left < AT_END;
    setAway(left > AT_END * 4);
    if (isAtEnd.current) setSeen(newest?.key);
    if (shown.scrollOffset < NEAR_TOP && hasMore && !isLoading) void loadMore();
  }, [hasMore, isLoading, loadMore, newest?.key]);
  useEffect(look, [look, rows]);

  useImperativeHandle(handle, () => ({
    show: (messageId) => {
      const index = rows.findIndex((row) => row.kind === 'message' && row.message.id === messageId);
      if (index < 0) return false;
      isAtEnd.current = false;
      list.current?.scrollToIndex(index, { align: 'center' });
      return true;
    },
    toEnd,
  }));

  const seenAt = seen === undefined ? -1 : messages.findIndex(({ key }) => key === seen);
  const missed =
    seenAt < 0 ? 0 : messages.slice(seenAt + 1).filter(({ senderId }) => senderId !== userId).length;
  return (
    <div className="chat-list">
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
        onScroll={look}
        onResize={() => isAtEnd.current && toEnd()}
        onKeyDown={walk}
      >
        {(row) => <RowView key={row.key} row={row} />}
      </VList>
      {!isReady && <p className="chat-notice">{labels.loading}</p>}
      {isReady && rows.length === 0 && <p className="chat-notice">{labels.empty}</p>}
      {isLoading && <p className="chat-loading">{labels.loading}</p>}
      {isAway && (
        <button type="button" className="chat-jump" onClick={toEnd}>
          <DownIcon />
          {missed > 0 ? labels.unread(missed) : labels.jumpToNewest}
        </button>
      )}
    </div>
  );
}

function RowView({ row }: { row: Row }) {
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
    case 'message':
      return <MessageRow message={row.message} isFirst={row.isFirst} />;
  }
}

/** The arrow keys go from message to message. */
function walk(event: KeyboardEvent<HTMLElement>): void {
  if (event.key !== 'ArrowUp' && event.key !== 'ArrowDown') return;
  const target = event.target as HTMLElement;
  if (target.closest('textarea, input')) return;
  const all = [...event.currentTarget.querySelectorAll<HTMLElement>('[data-message-id]')];
  const here = all.findIndex((message) => message.contains(target));
  const next = all[here < 0 ? all.length - 1 : here + (event.key === 'ArrowUp' ? -1 : 1)];
  if (!next) return;
  event.preventDefault();
  next.focus({ preventScroll: true });
  next.scrollIntoView({ block: 'nearest' });
}
