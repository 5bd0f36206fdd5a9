// The rooms that a user is in and those that are open to all, with what is unread in each.
import type { ChatError } from './errors.js';
import type { ListedRoom, RoomActivity, UserRead } from './protocol.js';
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

/** A server such as the original's does not tell what is read on another device: the list is asked for so often, while
 * somebody looks. */
const INTERVAL = 60_000;
/** Stands for more, too, as the server counts. */
const MOST = 99;

/** What the list needs of its client. */
export interface RoomListHost {
  readonly ask: Ask;
  isConnected(): boolean;
  /** What is unread in a room that is open and has been shown: there it is counted by what is looked at. */
  countOf(roomId: string): number | undefined;
  userId(): string | undefined;
  /** The list has come, or will not. */
  heardList(): void;
}

export class RoomList implements Readable<RoomListState> {
  private readonly store = new Store<RoomListState>({ rooms: [], isReady: false, refusal: null });
  private watchers = 0;
  private timer: ReturnType<typeof setInterval> | undefined;
  private running: Promise<void> | undefined;
  private isStale = false;

  readonly get = this.store.get;

  constructor(private readonly host: RoomListHost) {}

  readonly subscribe = (listener: () => void): Unsubscribe => {
    const unsubscribe = this.store.subscribe(listener);
    this.watchers += 1;
    this.timer ??= setInterval(() => this.poll(), INTERVAL);
    if (this.host.isConnected()) void this.refresh();
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
    this.running ??= this.load().finally(() => {
      this.running = undefined;
      this.host.heardList();
    });
    await this.running;
  };

  /** What is unread in a room; undefined while the list is on its way. */
  unreadOf(roomId: string): number | undefined {
    return this.running ? undefined : (this.find(roomId)?.unreadCount ?? 0);
  }

  /** Something has changed that others are told of; nobody may be looking. */
  changed(): void {
    if (this.watchers > 0 && this.host.isConnected()) void this.refresh();
  }

  find(roomId: string): ListedRoom | undefined {
    return this.store.get().rooms.find(({ id }) => id === roomId);
  }

  /** It was somebody else's. */
  forget(): void {
    this.store.patch({ rooms: [], isReady: false, refusal: null });
  }

  wasRead(roomId: string): void {
    this.set(roomId, { unreadCount: 0 });
  }

  /** The room was read up to then on another device of the user's. */
  heardRead({ roomId, timestamp }: UserRead): void {
    const room = this.find(roomId);
    if (!room?.unreadCount) return;
    // If something was said since, the server knows how much of it is unread.
    if ((room.lastMessageAt ?? '') > timestamp) this.changed();
    else this.wasRead(roomId);
  }

  /** Something was said. */
  heard({ roomId, lastMessageAt, by }: RoomActivity): void {
    const room = this.find(roomId);
    // The list that came last may say it already.
    if (!room || lastMessageAt <= (room.lastMessageAt ?? '')) return;
    const ofOthers = by.filter(({ userId }) => userId !== this.host.userId());
    const count =
      this.host.countOf(roomId) !== undefined ? 0 : ofOthers.reduce((sum, said) => sum + said.count, 0);
    this.set(roomId, { lastMessageAt, unreadCount: Math.min(room.unreadCount + count, MOST) });
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
        const { rooms } = await this.host.ask('rooms:list', {});
        const counted = rooms.map((room) => ({
          ...room,
          unreadCount: this.host.countOf(room.id) ?? room.unreadCount,
        }));
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
