// The threads that the user follows, the one with the newest reply first. Needs a `ChatProvider`.
import { useMemo } from 'react';
import type { FollowedThread } from '../core/protocol.js';
import { useRooms } from '../react/hooks.js';
import { useThreads } from '../react/useThreads.js';
import type { ThreadListComponents } from './components.js';
import { useThreadListComponents } from './defaults.js';
import { ENGLISH, type Labels } from './labels.js';
import { nameOfRoom } from './rooms.js';
import { Replies, UnreadReplies } from './ThreadSummary.js';
import { walkList } from './walk.js';

export interface ThreadListProps {
  /** Called with a thread that was chosen. */
  onOpen?: (thread: FollowedThread) => void;
  /** Only the threads of this room. */
  roomId?: string;
  /** Only those with unread replies. */
  unreadOnly?: boolean;
  labels?: Partial<Labels>;
  /** Parts to use in place of the usual ones. Define them outside of the component that renders this. */
  components?: Partial<ThreadListComponents>;
  className?: string;
}

export function ThreadList({ onOpen, roomId, unreadOnly = false, className, ...props }: ThreadListProps) {
  const filter = { unreadOnly, ...(roomId !== undefined && { roomId }) };
  const { threads, isReady, hasMore, refusal, loadMore } = useThreads(filter);
  const labels = useMemo(() => ({ ...ENGLISH, ...props.labels }), [props.labels]);
  const components = useThreadListComponents(props.components);
  const { Empty, Error, Loading } = components;
  const texts = labels.thread;
  return (
    <div className={['chat-part', 'chat-thread-list', className].filter(Boolean).join(' ')}>
      {refusal && <Error text={texts.threadsNotLoaded(labels.reason(refusal))} refusal={refusal} />}
      {!isReady && !refusal && <Loading text={labels.loading} />}
      {isReady && threads.length === 0 && (
        <Empty text={unreadOnly ? texts.noUnreadThreads : texts.noThreads} />
      )}
      {threads.length > 0 && (
        <ul aria-label={texts.threads} onKeyDown={walkList}>
          {threads.map((thread) => (
            <li key={thread.root.id}>
              <ThreadRow
                thread={thread}
                labels={labels}
                components={components}
                onOpen={() => onOpen?.(thread)}
              />
            </li>
          ))}
        </ul>
      )}
      {hasMore && (
        <button type="button" className="chat-link chat-more" onClick={() => void loadMore()}>
          {texts.moreThreads}
        </button>
      )}
    </div>
  );
}

interface ThreadRowProps {
  thread: FollowedThread;
  labels: Labels;
  components: ThreadListComponents;
  onOpen: () => void;
}

function ThreadRow({ thread, labels, components, onOpen }: ThreadRowProps) {
  const { roomId, root, threadSummary, unreadCount } = thread;
  const { rooms } = useRooms();
  const { Avatar, Row } = components;
  const rowProps = {
    className: unreadCount > 0 ? 'chat-thread-row chat-thread-row--unread' : 'chat-thread-row',
    onClick: onOpen,
  };
  return (
    <Row thread={thread} rowProps={rowProps}>
      <Avatar id={root.senderId ?? root.id} name={root.senderName ?? ''} />
      <span className="chat-result-header">
        {root.senderName !== null && (
          <span className="chat-name" dir="auto">
            {root.senderName}
          </span>
        )}
        <span className="chat-result-room" dir="auto">
          {nameOfRoom(roomId, rooms, labels.inbox)}
        </span>
      </span>
      <span className="chat-excerpt" dir="auto">
        {root.isDeleted ? labels.deletedMessage : root.excerpt}
      </span>
      <span className="chat-thread-state">
        <Replies summary={threadSummary} labels={labels} Avatar={Avatar} />
        <UnreadReplies count={unreadCount} labels={labels} />
      </span>
    </Row>
  );
}
