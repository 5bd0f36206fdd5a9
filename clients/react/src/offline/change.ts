// Edits, deletions and reactions that wait to be sent, in the same queue as messages, and how they are shown meanwhile.
import type { Entry } from '../core/outbox.js';
import type { SendRequest, Timestamp } from '../core/protocol.js';
import * as timeline from '../core/timeline.js';

export interface Change {
  event: 'message:edit' | 'message:delete' | 'reaction:add' | 'reaction:remove';
  /** The `clientId` of a message that is not sent yet, until it has an id. */
  messageId: string;
  emoji?: string;
  /** `updatedAt` of the edited message as the server had it; undefined if the message was not loaded. */
  base?: Timestamp | null;
}

/** `content` is the new text of an edit, else empty. */
export interface QueuedRequest extends SendRequest {
  clientId: string;
  change?: Change;
}

export interface QueuedEntry extends Entry {
  /** The server may have it: it was sent at least once, and not refused. */
  isTried?: boolean;
}

/** The change that an entry of the queue stands for; undefined for a new message. */
export function changeOf({ request }: Pick<Entry, 'request'>): Change | undefined {
  return (request as Partial<QueuedRequest>).change;
}

export interface ShownChange {
  change: Change;
  content: string;
  /** When it was made, in milliseconds. */
  at: number;
  /** It was found in the queue: nobody on this page waits for its outcome. */
  wasLeft: boolean;
}

/** The messages with this change. */
export function withChange(
  messages: timeline.Timeline,
  { change: { event, messageId, emoji = '' }, content, at }: ShownChange,
  userId: string,
): timeline.Timeline {
  // A message that was sent just now has an id, and the change may still name it by the one that it had before.
  const id = messages.find((message) => message.id === messageId || message.key === messageId)?.id;
  if (id === undefined) return messages;
  if (event === 'message:delete') return timeline.remove(messages, id);
  if (event === 'message:edit')
    return timeline.change(messages, id, (there) => ({
      ...there,
      content,
      updatedAt: new Date(at).toISOString(),
      waits: true,
    }));
  const changed = timeline.setReaction(messages, id, { emoji, userId }, event === 'reaction:add');
  return changed === messages
    ? messages
    : timeline.change(changed, id, (there) => ({ ...there, waits: true }));
}
