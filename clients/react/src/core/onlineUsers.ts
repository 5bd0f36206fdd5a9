// Which users are online: connected by any device, whichever rooms they have open. It stands apart from the client, so that
// a page without it is not larger for it.
import type { ChatClient } from './client.js';
import { ChatError, isPassing } from './errors.js';
import { PresenceList } from './presence.js';
import type { Presence } from './protocol.js';
import { Store, type Readable, type Unsubscribe } from './store.js';
import { asking, type Ask, type ChatSocket } from './wire.js';

export interface OnlineState {
  /** The ids of the watched users who are online. Nobody is while there is no connection. */
  online: ReadonlySet<string>;
}

/** The most users that a server watches for a connection. More are not watched until others are no longer. */
export const MOST_WATCHED = 500;
/** The pause before the server is asked again that could not answer, in milliseconds. */
const AGAIN = 10_000;

/** The users that a client watches. There is one for each client: the server keeps the last request of a connection. */
export class OnlineUsers implements Readable<OnlineState> {
  readonly get: () => OnlineState;
  readonly subscribe: (listener: () => void) => Unsubscribe;
  private readonly store = new Store<OnlineState>({ online: new Set() });
  /** How often each user is watched. */
  private readonly counts = new Map<string, number>();
  private readonly ask: Ask;
  private readonly list: PresenceList;
  private isScheduled = false;
  /** The server was sent users on this connection, and may watch them. */
  private isWatching = false;
  private timer: ReturnType<typeof setTimeout> | undefined;

  constructor(private readonly socket: ChatSocket) {
    this.get = this.store.get;
    this.subscribe = this.store.subscribe;
    this.ask = asking(socket);
    this.list = new PresenceList(
      () => this.request(),
      (online) => this.store.patch({ online }),
    );
    socket.on('connect', () => this.schedule());
    socket.on('disconnect', () => {
      this.isWatching = false;
      this.list.clear();
    });
    socket.on('users:presence', ({ online, offline }) => {
      for (const userId of online) if (this.counts.has(userId)) this.list.changed(userId, true);
      for (const userId of offline) this.list.changed(userId, false);
    });
  }

  /**
   * Watches users until what this returns is called. All calls of one turn of the event loop are one request. The server
   * leaves out users who share no room with the client's.
   */
  watch(userIds: readonly string[]): Unsubscribe {
    const watched = [...new Set(userIds)];
    for (const userId of watched) this.count(userId, 1);
    this.schedule();
    let isWatched = true;
    return () => {
      if (!isWatched) return;
      isWatched = false;
      for (const userId of watched) this.count(userId, -1);
      this.schedule();
    };
  }

  private count(userId: string, change: number): void {
    const count = (this.counts.get(userId) ?? 0) + change;
    if (count > 0) this.counts.set(userId, count);
    else this.counts.delete(userId);
  }

  private schedule(): void {
    if (this.isScheduled) return;
    this.isScheduled = true;
    void Promise.resolve().then(() => {
      this.isScheduled = false;
      this.send();
    });
  }

  private send(): void {
    clearTimeout(this.timer);
    if (!this.socket.connected || (this.counts.size === 0 && !this.isWatching)) return;
    this.isWatching = this.counts.size > 0;
    this.list.ask();
  }

  private async request(): Promise<Presence> {
    const userIds = [...this.counts.keys()].slice(0, MOST_WATCHED);
    try {
      const { online } = await this.ask('users:watch', { userIds });
      return { users: online, count: online.length };
    } catch (error) {
      const isWorthwhile = error instanceof ChatError && isPassing(error.code) && this.socket.connected;
      clearTimeout(this.timer);
      if (isWorthwhile) this.timer = setTimeout(() => this.send(), AGAIN);
      throw error;
    }
  }
}

const known = new WeakMap<ChatClient, OnlineUsers>();

/** The users that this client watches. */
export function onlineUsersOf(client: ChatClient): OnlineUsers {
  let users = known.get(client);
  if (!users) {
    users = new OnlineUsers(client.socket);
    known.set(client, users);
  }
  return users;
}
