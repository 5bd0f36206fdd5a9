// What a room needs of its client.
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
  /** What `rooms:list` says; undefined while that is on its way. */
  unreadOf(roomId: string): number | undefined;
  wasRead(roomId: string): void;
}
