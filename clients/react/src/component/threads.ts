// Which messages a room shows that shows its threads apart, and what a thread shows.
import type { Chat, ChatMessage } from '../core/types.js';

/** The root of the thread in which alone the message is a reply; undefined for one that the room shows. */
export function hiddenIn({ thread, threadId, alsoToRoom }: ChatMessage): string | undefined {
  if (thread) return thread.alsoToRoom ? undefined : thread.rootId;
  return alsoToRoom === true ? undefined : threadId;
}

/** The room as it is shown where its threads are apart: without the replies that are only in them. */
export function withoutThreads(chat: Chat): Chat {
  return { ...chat, messages: chat.messages.filter((message) => hiddenIn(message) === undefined) };
}

const bare = new WeakMap<ChatMessage, ChatMessage>();

/** The message without a quote of its thread's root, which the thread shows anyway. The same one is the same again. */
export function withoutQuote(message: ChatMessage, rootId: string): ChatMessage {
  if (message.replyTo !== rootId) return message;
  const known = bare.get(message) ?? { ...message, replyTo: null };
  bare.set(message, known);
  return known;
}
