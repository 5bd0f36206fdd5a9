// The presence of users over all of their devices: who is online, who is away, when the others were last seen, and their
// statuses. It stands apart from the client, so that a page without it is not larger for it.
import type { ChatClient } from './client.js';
import { perClient } from './perClient.js';
import type { NewStatus, Status, UserPresence } from './protocol.js';
import { Store, type Readable, type Unsubscribe } from './store.js';
import { WatchedIds } from './watchedIds.js';
import { asking, type Ask, type ChatSocket } from './wire.js';

export interface UserPresenceState {
  /** By the user's id. Nothing is known without a connection, nor of users who share no room with the client's. */
  users: ReadonlyMap<string, UserPresence>;
}

/** The users whose presence a client watches. There is one for each client: the server keeps the last request of a connection. */
export class UserPresences implements Readable<UserPresenceState> {
  readonly get: () => UserPresenceState;
  readonly subscribe: (listener: () => void) => Unsubscribe;
  private readonly store = new Store<UserPresenceState>({ users: new Map() });
  private readonly ask: Ask;
  private readonly ids: WatchedIds;
  /** The users that were told since the last request. */
  private told = new Map<string, UserPresence>();
  /** Counts the requests: an answer to an earlier one is void. */
  private requests = 0;

  constructor(socket: ChatSocket) {
    this.get = this.store.get;
    this.subscribe = this.store.subscribe;
    this.ask = asking(socket);
    this.ids = new WatchedIds(socket, (ids) => this.request(ids));
    socket.on('disconnect', () => {
      this.requests += 1;
      this.store.patch({ users: new Map() });
    });
    socket.on('presence:update', ({ users }) => {
      const known = new Map(this.store.get().users);
      for (const user of users.filter(({ userId }) => this.ids.has(userId))) {
        this.told.set(user.userId, user);
        known.set(user.userId, user);
      }
      this.store.patch({ users: known });
    });
  }

  /** Watches users until what this returns is called. All calls of one turn of the event loop are one request. */
  watch(userIds: readonly string[]): Unsubscribe {
    return this.ids.watch(userIds);
  }

  private async request(userIds: string[]): Promise<void> {
    const request = (this.requests += 1);
    this.told = new Map();
    const { users } = await this.ask('presence:watch', { userIds });
    if (request !== this.requests) return;
    // A user that was told meanwhile is newer.
    const answered = users.map((user) => this.told.get(user.userId) ?? user);
    this.store.patch({ users: new Map(answered.map((user) => [user.userId, user])) });
  }
}

/** The users whose presence this client watches. */
export const userPresencesOf = perClient((client) => new UserPresences(client.socket));

/** Sets the user's status; one without text and emoji ends it. Returns it as others are shown it. */
export async function setStatus(client: ChatClient, status: NewStatus): Promise<Status | null> {
  return (await asking(client.socket)('status:set', status)).status;
}

/** Whether others are shown the user as offline. */
export async function isPresenceHidden(client: ChatClient): Promise<boolean> {
  return (await asking(client.socket)('settings:show', {})).settings.hidePresence ?? false;
}

/** Shows the user to others as offline, or as they are. */
export async function hidePresence(client: ChatClient, isHidden: boolean): Promise<void> {
  await asking(client.socket)('settings:update', { hidePresence: isHidden });
}
