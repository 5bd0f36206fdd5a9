// Whether a message that another one answers has been deleted, as far as that can be told from the messages that are loaded.
import type { ChatMessage } from '../core/types.js';

/** The server's ids: UUIDs of version 7, whose text sorts as their messages do. */
const SORTED = /^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/u;

/** `messages`: all that are loaded, oldest first, without this one; `hasMore`: there are older ones. */
export function isDeleted(id: string, messages: readonly ChatMessage[], hasMore: boolean): boolean {
  if (!hasMore) return messages.length > 0;
  const [oldest] = messages;
  // It would be among those that are loaded.
  return oldest !== undefined && SORTED.test(oldest.id) && SORTED.test(id) && id > oldest.id;
}
