// The rooms that a user is in and those that are open to all, with what is unread in each.
import type { ChatError } from './errors.js';
import type { ListedRoom } from './protocol.js';
import { Store, type Readable, type Unsubscribe } from './store.js';
import type { Refusal } from './types.js';
import type { Ask } from './wire.js';

export interface RoomListState {
  /** Where something was said last comes first. */
  rooms: readonly ListedRoom[];
  /** The list has come. */
  isReady: boolean;
  refusal: Refusal | null;
}

/** The server tells nobody what is said in rooms that are not open: it is asked so often, while somebody looks. */
const INTERVAL = 15_000;

export class RoomList implements Readable<RoomListState> {
  private readonly store = new Store<RoomListState>({ rooms: [], isReady: false, refusal: null });
  private watchers = 0;
  private timer: ReturnType<typeof setInterval> | undefined;
  private running: Promise<void> | undefined;
  private isStale = false;

  readonly get = this.store.get;

  constructor(
    private readonly ask: Ask,
    private readonly isConnected: () => boolean,
    private readonly isOpen: (roomId: string) => boolean,
  ) {}

  readonly subscribe = (listener: () => void): Unsubscribe => {
    const unsubscribe = this.store.subscribe(listener);
    this.watchers += 1;
    this.timer ??= setInterval(() => this.poll(), INTERVAL);
    if (this.isConnected()) void this.refresh();
    return () => {
      unsubscribe();
      this.watchers -= 1;
      if (this.watchers > 0) return;
      clearInterval(this.timer);
      this.timer = undefined;
    };
  };

  /** Asks for the list. A call while one is on its way leads to one more afterwards. */
  readonly refresh = async (): Promise<void> => {
    this.isStale = true;
    this.running ??= this.load().finally(() => (this.running = undefined));
    await this.running;
  };

  /** Something has changed that others are told of; nobody may be looking. */
  changed(): void {
    if (this.watchers > 0 && this.isConnected()) void this.refresh();
  }

  find(roomId: string): ListedRoom | undefined {
    return this.store.get().rooms.find(({ id }) => id === roomId);
  }

  wasRead(roomId: string): void {
    this.set(roomId, { unreadCount: 0 });
  }

  /** A message was heard in an open room. */
  heard(roomId: string, lastMessageAt: string): void {
    this.set(roomId, { lastMessageAt });
    this.store.patch({ rooms: [...this.store.get().rooms].sort(byActivity) });
  }

  private set(roomId: string, changes: Partial<ListedRoom>): void {
    const { rooms } = this.store.get();
    if (!rooms.some(({ id }) => id === roomId)) return;
    this.store.patch({ rooms: rooms.map((room) => (room.id === roomId ? { ...room, ...changes } : room)) });
  }

  private poll(): void {
    if (typeof document === 'undefined' || document.visibilityState === 'visible') this.changed();
  }

  private async load(): Promise<void> {
    while (this.isStale) {
      this.isStale = false;
      try {
        const { rooms } = await this.ask('rooms:list', {});
        // What is open is counted here, by what is looked at.
        const counted = rooms.map((room) => (this.isOpen(room.id) ? { ...room, unreadCount: 0 } : room));
        this.store.patch({ rooms: counted, isReady: true, refusal: null });
      } catch (error) {
        this.store.patch({ refusal: (error as ChatError).refusal });
      }
    }
  }
}

function byActivity(one: ListedRoom, other: ListedRoom): number {
  const at = (room: ListedRoom) => room.lastMessageAt ?? room.createdAt;
  return at(one) === at(other) ? 0 : at(one) > at(other) ? -1 : 1;
}
