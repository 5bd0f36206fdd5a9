// The threads of the user with unread replies, in all rooms, as the server counts them over all devices. It stands apart from the
// client, so that a page without it is not larger for it.
import { perClient } from './perClient.js';
import { ChatError, isPassing } from './errors.js';
import { Store, type Readable, type Unsubscribe } from './store.js';
import { asking, type ChatSocket } from './wire.js';

export interface UnreadThread {
  roomId: string;
  /** Replies of others: 99 stands for 99 or more. */
  unreadCount: number;
}

export interface UnreadThreadsState {
  /** By the id of the root. At most 100 are loaded: more stand for 100 or more. */
  threads: ReadonlyMap<string, UnreadThread>;
  isReady: boolean;
}

/** The most that the server lists at once. */
const PAGE = 100;
/** The pause after threads that could not be loaded for now, in milliseconds. */
const AGAIN = 5_000;

type Change = (threads: Map<string, UnreadThread>) => void;

export class UnreadThreads implements Readable<UnreadThreadsState> {
  private readonly store = new Store<UnreadThreadsState>({ threads: new Map(), isReady: false });
  private watchers = 0;
  /** Counts the loads: an answer to an earlier one is void. */
  private loads = 0;
  /** Changes that came during a load: its answer may not have them. */
  private missed: Change[] | undefined;
  private again: ReturnType<typeof setTimeout> | undefined;

  readonly get = this.store.get;

  constructor(private readonly socket: ChatSocket) {
    socket.on('connect', () => this.reload());
    socket.on('thread:unread', ({ rootId, roomId, unreadCount }) =>
      this.note((threads) => {
        if (unreadCount > 0) threads.set(rootId, { roomId, unreadCount });
        else threads.delete(rootId);
      }),
    );
    socket.on('member:left', ({ roomId: left }) =>
      this.note((threads) => {
        for (const [rootId, { roomId }] of threads) if (roomId === left) threads.delete(rootId);
      }),
    );
  }

  readonly subscribe = (listener: () => void): Unsubscribe => {
    const unsubscribe = this.store.subscribe(listener);
    this.watchers += 1;
    // Another component keeps it up to date.
    if (this.watchers === 1) this.reload();
    return () => {
      unsubscribe();
      this.watchers -= 1;
      if (this.watchers === 0) clearTimeout(this.again);
    };
  };

  private reload(): void {
    clearTimeout(this.again);
    if (this.watchers > 0 && this.socket.connected) void this.load();
  }

  private async load(): Promise<void> {
    const load = (this.loads += 1);
    const missed: Change[] = (this.missed = []);
    try {
      const page = await asking(this.socket)('threads:list', { unreadOnly: true, limit: PAGE });
      if (load !== this.loads) return;
      this.missed = undefined;
      const threads = new Map(
        page.threads.map(({ root, roomId, unreadCount }) => [root.id, { roomId, unreadCount }]),
      );
      for (const change of missed) change(threads);
      this.store.patch({ threads, isReady: true });
    } catch (error) {
      if (load !== this.loads) return;
      this.missed = undefined;
      // The original's server does not know the event.
      if (error instanceof ChatError && isPassing(error.code))
        this.again = setTimeout(() => this.reload(), AGAIN);
    }
  }

  private note(change: Change): void {
    this.missed?.push(change);
    const threads = new Map(this.store.get().threads);
    change(threads);
    this.store.patch({ threads });
  }
}

/** The threads with unread replies of this client's user. */
export const unreadThreadsOf = perClient((client) => new UnreadThreads(client.socket));
