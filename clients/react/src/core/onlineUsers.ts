// Which users are online: connected by any device, whichever rooms they have open. It stands apart from the client, so that
// a page without it is not larger for it.
import { perClient } from './perClient.js';
import { PresenceList } from './presence.js';
import type { Presence } from './protocol.js';
import { Store, type Readable, type Unsubscribe } from './store.js';
import { WatchedIds } from './watchedIds.js';
import { asking, type Ask, type ChatSocket } from './wire.js';

export interface OnlineState {
  /** The ids of the watched users who are online. Nobody is while there is no connection. */
  online: ReadonlySet<string>;
}

/** The users that a client watches. There is one for each client: the server keeps the last request of a connection. */
export class OnlineUsers implements Readable<OnlineState> {
  readonly get: () => OnlineState;
  readonly subscribe: (listener: () => void) => Unsubscribe;
  private readonly store = new Store<OnlineState>({ online: new Set() });
  private readonly ask: Ask;
  private readonly ids: WatchedIds;

  constructor(socket: ChatSocket) {
    this.get = this.store.get;
    this.subscribe = this.store.subscribe;
    this.ask = asking(socket);
    // One list for all requests: what comes while one is under way is newer than its answer.
    let answer: Promise<Presence> = Promise.resolve({ users: [], count: 0 });
    const list = new PresenceList(
      () => answer,
      (online) => this.store.patch({ online }),
    );
    this.ids = new WatchedIds(socket, async (userIds) => {
      answer = this.request(userIds);
      list.ask();
      await answer;
    });
    socket.on('disconnect', () => list.clear());
    socket.on('users:presence', ({ online, offline }) => {
      for (const userId of online) if (this.ids.has(userId)) list.changed(userId, true);
      for (const userId of offline) list.changed(userId, false);
    });
  }

  /**
   * Watches users until what this returns is called. All calls of one turn of the event loop are one request. The server
   * leaves out users who share no room with the client's.
   */
  watch(userIds: readonly string[]): Unsubscribe {
    return this.ids.watch(userIds);
  }

  private async request(userIds: string[]): Promise<Presence> {
    const { online } = await this.ask('users:watch', { userIds });
    return { users: online, count: online.length };
  }
}

/** The users that this client watches. */
export const onlineUsersOf = perClient((client) => new OnlineUsers(client.socket));
