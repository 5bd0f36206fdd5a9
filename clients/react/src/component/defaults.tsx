// The parts as they are where a page replaces none of them.
import { useMemo } from 'react';
import { Avatar } from './Avatar.js';
import { Composer } from './Composer.js';
import type {
  ActionsProps,
  BubbleProps,
  ChatComponents,
  EmptyProps,
  ErrorProps,
  InboxComponents,
  LoadingProps,
  MentionProps,
  ResultProps,
  RoomListComponents,
  RoomRowProps,
  RowProps,
  SearchComponents,
  ThreadListComponents,
  ThreadRowProps,
} from './components.js';
import { useRoomContext } from './context.js';

function Row({ rowProps, children }: RowProps) {
  return <article {...rowProps}>{children}</article>;
}

function Bubble({ children }: BubbleProps) {
  return <div className="chat-body">{children}</div>;
}

function Actions({ message, children }: ActionsProps) {
  const { labels } = useRoomContext();
  return (
    <div className="chat-actions" role="group" aria-label={labels.actions(message.senderName)}>
      {children}
    </div>
  );
}

function Empty({ text }: EmptyProps) {
  return <p className="chat-notice">{text}</p>;
}

function Loading({ text }: LoadingProps) {
  return <p className="chat-notice">{text}</p>;
}

function Failure({ text }: ErrorProps) {
  return (
    <p className="chat-notice chat-notice--failed" role="alert">
      {text}
    </p>
  );
}

function RoomRow({ rowProps, children }: RoomRowProps) {
  return rowProps.href === undefined ? (
    <button type="button" {...rowProps}>
      {children}
    </button>
  ) : (
    <a {...rowProps}>{children}</a>
  );
}

function Result({ resultProps, children }: ResultProps) {
  return <div {...resultProps}>{children}</div>;
}

function Mention({ mentionProps, children }: MentionProps) {
  return (
    <button type="button" {...mentionProps}>
      {children}
    </button>
  );
}

function ThreadRow({ rowProps, children }: ThreadRowProps) {
  return (
    <button type="button" {...rowProps}>
      {children}
    </button>
  );
}

const SHARED = { Avatar, Empty, Loading, Error: Failure };
const ROOM: ChatComponents = { ...SHARED, Row, Bubble, Actions, Composer };
const LIST: RoomListComponents = { ...SHARED, Row: RoomRow };
const SEARCH: SearchComponents = { ...SHARED, Result };
const INBOX: InboxComponents = { ...SHARED, Mention };
const THREADS: ThreadListComponents = { ...SHARED, Row: ThreadRow };

/** The page's parts and the usual ones: the same object as long as each part is the same. */
export function useChatComponents(given: Partial<ChatComponents> = {}): ChatComponents {
  const { Row, Avatar, Bubble, Actions, Composer, Empty, Loading, Error } = { ...ROOM, ...given };
  return useMemo(
    () => ({ Row, Avatar, Bubble, Actions, Composer, Empty, Loading, Error }),
    [Row, Avatar, Bubble, Actions, Composer, Empty, Loading, Error],
  );
}

export function useRoomListComponents(given: Partial<RoomListComponents> = {}): RoomListComponents {
  const { Row, Avatar, Empty, Loading, Error } = { ...LIST, ...given };
  return useMemo(() => ({ Row, Avatar, Empty, Loading, Error }), [Row, Avatar, Empty, Loading, Error]);
}

export function useSearchComponents(given: Partial<SearchComponents> = {}): SearchComponents {
  const { Result, Avatar, Empty, Loading, Error } = { ...SEARCH, ...given };
  return useMemo(() => ({ Result, Avatar, Empty, Loading, Error }), [Result, Avatar, Empty, Loading, Error]);
}

export function useInboxComponents(given: Partial<InboxComponents> = {}): InboxComponents {
  const { Mention, Avatar, Empty, Loading, Error } = { ...INBOX, ...given };
  return useMemo(
    () => ({ Mention, Avatar, Empty, Loading, Error }),
    [Mention, Avatar, Empty, Loading, Error],
  );
}

export function useThreadListComponents(given: Partial<ThreadListComponents> = {}): ThreadListComponents {
  const { Row, Avatar, Empty, Loading, Error } = { ...THREADS, ...given };
  return useMemo(() => ({ Row, Avatar, Empty, Loading, Error }), [Row, Avatar, Empty, Loading, Error]);
}
