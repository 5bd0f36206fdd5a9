// The state of a thread: below its root a button that opens it.
import type { ComponentType } from 'react';
import type { ChatClient } from '../core/client.js';
import type { ThreadSummary as Summary } from '../core/protocol.js';
import type { ChatMessage } from '../core/types.js';
import { unreadThreadsOf, type UnreadThreadsState } from '../core/unreadThreads.js';
import { useSelected } from '../react/hooks.js';
import type { AvatarProps } from './Avatar.js';
import { useRoomContext } from './context.js';
import { countText, type Labels } from './labels.js';
import { whenOf } from './when.js';

/** The most faces. */
const FACES = 3;

export function ThreadSummary({ message }: { message: ChatMessage }) {
  const { client, labels, components, openThread } = useRoomContext();
  const { threadSummary: summary } = message;
  if (!summary || !openThread) return null;
  return (
    <button
      type="button"
      className="chat-thread-summary"
      tabIndex={-1}
      onClick={() => openThread(message.id)}
    >
      <Replies summary={summary} labels={labels} Avatar={components.Avatar} />
      {client && <UnreadOf rootId={message.id} client={client} labels={labels} />}
    </button>
  );
}

interface RepliesProps {
  summary: Summary;
  labels: Labels;
  Avatar: ComponentType<AvatarProps>;
}

/** The last people who have replied, how many replies there are, and when the last one came. */
export function Replies({ summary, labels, Avatar }: RepliesProps) {
  const { replyCount, lastReply, participants } = summary;
  return (
    <>
      <span className="chat-thread-faces">
        {participants.slice(0, FACES).map(({ id, name, avatar }) => (
          <Avatar key={id} id={id} name={name} picture={avatar} />
        ))}
      </span>
      <span className="chat-thread-count">{labels.thread.replies(replyCount)}</span>
      <span className="chat-thread-last">{labels.thread.lastReply(whenOf(lastReply.createdAt, labels))}</span>
    </>
  );
}

function UnreadOf({ rootId, client, labels }: { rootId: string; client: ChatClient; labels: Labels }) {
  const countOf = ({ threads }: UnreadThreadsState) => threads.get(rootId)?.unreadCount ?? 0;
  return <UnreadReplies count={useSelected(unreadThreadsOf(client), countOf)} labels={labels} />;
}

/** How many replies the user has not read; nothing where there are none. */
export function UnreadReplies({ count, labels }: { count: number; labels: Labels }) {
  if (count === 0) return null;
  return <span className="chat-thread-unread">{labels.thread.unread(countText(count))}</span>;
}
