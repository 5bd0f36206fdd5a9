// The state of a thread below its root: a button that opens it.
import type { ChatMessage } from '../core/types.js';
import { useRoomContext } from './context.js';
import { whenOf } from './when.js';

/** The most faces. */
const FACES = 3;

export function ThreadSummary({ message }: { message: ChatMessage }) {
  const { labels, components, openThread } = useRoomContext();
  const { Avatar } = components;
  const { threadSummary: summary } = message;
  if (!summary || !openThread) return null;
  const { replyCount, lastReply, participants } = summary;
  return (
    <button
      type="button"
      className="chat-thread-summary"
      tabIndex={-1}
      onClick={() => openThread(message.id)}
    >
      <span className="chat-thread-faces">
        {participants.slice(0, FACES).map(({ id, name, avatar }) => (
          <Avatar key={id} id={id} name={name} picture={avatar} />
        ))}
      </span>
      <span className="chat-thread-count">{labels.thread.replies(replyCount)}</span>
      <span className="chat-thread-last">{labels.thread.lastReply(whenOf(lastReply.createdAt, labels))}</span>
    </button>
  );
}
