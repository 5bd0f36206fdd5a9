// Rooms that the user has marked as unread while they are open: what is shown of them is not taken for read until the user leaves
// the room, or writes in it.
import type { ChatClient } from './client.js';
import { perClient } from './perClient.js';
import { Store, type Readable } from './store.js';
import { asking } from './wire.js';

export interface KeptUnreadState {
  /** Ids. */
  rooms: ReadonlySet<string>;
}

const storeOf = perClient(() => new Store<KeptUnreadState>({ rooms: new Set() }));

/** The rooms of this client that are kept unread. */
export function keptUnreadOf(client: ChatClient): Readable<KeptUnreadState> {
  return storeOf(client);
}

/** Counts a room's messages from this one on as unread, on every device of the user. */
export async function markUnread(client: ChatClient, roomId: string, messageId: string): Promise<void> {
  const store = storeOf(client);
  const wasKept = store.get().rooms.has(roomId);
  // Before the answer: nothing marks the room as read meanwhile.
  store.patch({ rooms: new Set([...store.get().rooms, roomId]) });
  try {
    await asking(client.socket)('room:mark-unread', { roomId, messageId });
  } catch (error) {
    if (!wasKept) endKeepingUnread(client, roomId);
    throw error;
  }
  const room = client.room(roomId);
  const { messages } = room.get();
  const from = messages.findIndex(({ id }) => id === messageId);
  const userId = client.get().user?.id;
  const unread = from < 0 ? [] : messages.slice(from).filter(({ senderId }) => senderId !== userId);
  room.unread.begin(messages, unread.length);
  client.rooms.set(roomId, { unreadCount: unread.length });
}

/** The user has left the room, or has written in it. */
export function endKeepingUnread(client: ChatClient, roomId: string): void {
  const store = storeOf(client);
  if (!store.get().rooms.has(roomId)) return;
  store.patch({ rooms: new Set([...store.get().rooms].filter((id) => id !== roomId)) });
}
