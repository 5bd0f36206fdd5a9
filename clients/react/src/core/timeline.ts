// The messages of a room in their order, and every change to them. Pure: each function returns a timeline, the same one if
// nothing has changed.
import type { Message, Reaction } from './protocol.js';
import type { ChatMessage } from './types.js';

/** Oldest first. */
export type Timeline = readonly ChatMessage[];

export const EMPTY: Timeline = [];

/** As the server sorts: by time, then by id. */
function compare(one: Message | ChatMessage, other: Message | ChatMessage): number {
  if (one.createdAt !== other.createdAt) return one.createdAt < other.createdAt ? -1 : 1;
  return one.id === other.id ? 0 : one.id < other.id ? -1 : 1;
}

export function shown(message: Message, key: string): ChatMessage {
  // The original's server sends no reactions.
  return { ...message, reactions: message.reactions ?? [], key, status: 'sent' };
}

export function find(timeline: Timeline, id: string): ChatMessage | undefined {
  return timeline.find((message) => message.id === id);
}

/** Puts messages in; one that is there already becomes as it is now. `keys` names those that were here under another id. */
export function merge(
  timeline: Timeline,
  messages: readonly Message[],
  keys: ReadonlyMap<string, string> = new Map(),
): Timeline {
  const [first] = messages;
  if (!first) return timeline;
  const newest = timeline.at(-1);
  // As most are that come: newer than all that are there.
  if (messages.length === 1 && newest && compare(newest, first) < 0)
    return [...timeline, shown(first, keys.get(first.id) ?? first.id)];
  const merged = new Map(timeline.map((message) => [message.id, message]));
  for (const message of messages) {
    const key = keys.get(message.id) ?? merged.get(message.id)?.key ?? message.id;
    merged.set(message.id, shown(message, key));
  }
  return [...merged.values()].sort(compare);
}

/** Changes a message that is there. */
export function update(timeline: Timeline, message: Message): Timeline {
  return change(timeline, message.id, (there) => {
    // The original's server says nothing of reactions when a message is edited.
    const reactions = message.reactions ?? there.reactions;
    return { ...shown(message, there.key), reactions };
  });
}

export function remove(timeline: Timeline, id: string): Timeline {
  return find(timeline, id) ? timeline.filter((message) => message.id !== id) : timeline;
}

/** Adds a reaction to a message, or removes it. */
export function setReaction(
  timeline: Timeline,
  id: string,
  { emoji, userId }: Reaction,
  isAdded: boolean,
): Timeline {
  return change(timeline, id, (there) => {
    const others = there.reactions.filter((other) => other.userId !== userId || other.emoji !== emoji);
    if (others.length < there.reactions.length === isAdded) return there;
    return { ...there, reactions: isAdded ? [...others, { emoji, userId }] : others };
  });
}

/**
 * Puts in a history that says nothing of what changed before it: whatever lies in its time and is not in it has been
 * deleted. `undefined` when the two do not meet, so that something may be missing between them.
 */
export function overlay(timeline: Timeline, history: readonly Message[]): Timeline | undefined {
  if (timeline.length === 0) return merge(EMPTY, history);
  const ids = new Set(history.map((message) => message.id));
  if (!timeline.some((message) => ids.has(message.id))) return undefined;
  const since = history.reduce((least, { createdAt }) => (createdAt < least ? createdAt : least), '\uffff');
  const kept = timeline.filter((message) => message.createdAt < since || ids.has(message.id));
  return merge(kept, history);
}

export function change(timeline: Timeline, id: string, to: (there: ChatMessage) => ChatMessage): Timeline {
  const there = find(timeline, id);
  if (!there) return timeline;
  const changed = to(there);
  return changed === there ? timeline : timeline.map((message) => (message === there ? changed : message));
}
