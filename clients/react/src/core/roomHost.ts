// The interface through which a room uses its client.
import type { Author } from './pending.js';
import type { Message, SendRequest } from './protocol.js';
import type { Reading } from './reading.js';
import type { Ask, ChatSocket } from './wire.js';

export interface RoomHost {
  readonly socket: ChatSocket;
  readonly ask: Ask;
  readonly reading: Reading;
  author(): Author | null;
  send(request: SendRequest & { clientId: string }): Promise<Message>;
  retry(clientId: string): void;
  discard(clientId: string): void;
  /** The room's unread count from `rooms:list`; undefined while that is loading. */
  unreadOf(roomId: string): number | undefined;
  wasRead(roomId: string): void;
}
