// A connection of a user, as the server in memory knows it.
import type { ServerToClientEvents, TokenUser } from '../core/protocol.js';
import type { MemorySocket } from './socket.js';

export type Told<Name extends keyof ServerToClientEvents> = Parameters<ServerToClientEvents[Name]>[0];

export class Peer {
  /** Joined. */
  readonly rooms = new Set<string>();
  readonly typingIn = new Set<string>();
  /** The users that it watches. */
  watched: ReadonlySet<string> = new Set();
  /** The users whose presence it watches, and what it was last told of each. */
  presences = new Map<string, string>();
  /** The device has said that it is away. */
  isAway = false;
  /** It has asked for the list of rooms. */
  isWatching = false;
  /** The numbers of unread messages and mentions that it was told, by room. */
  readonly counts = new Map<string, string>();

  constructor(
    readonly socket: MemorySocket,
    readonly user: TokenUser,
  ) {}

  hear<Name extends keyof ServerToClientEvents>(event: Name, data: Told<Name>): void {
    this.socket.hear(event, data);
  }
}
