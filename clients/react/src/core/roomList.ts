// The list of rooms: those that the user is in and public ones, with the unread count of each.
import { isPassing, type ChatError } from './errors.js';
import type { LogEvent } from './catchUp.js';
import type { ListedRoom, RoomActivity, UserRead } from './protocol.js';
import { Store, type Readable, type Unsubscribe } from './store.js';
import type { Refusal } from './types.js';
import type { Ask } from './wire.js';

export interface RoomListState {
  /** Sorted by last activity, newest first. */
  rooms: readonly ListedRoom[];
  /** The list is loaded. */
  isReady: boolean;
  refusal: Refusal | null;
}

/**
 * The polling interval while the page is visible, in milliseconds. A server such as the original's does not report
 * what is read on another device.
 */
const INTERVAL = 60_000;
/** The pause after a list that could not be loaded for now, in milliseconds. */
const AGAIN = 5_000;
/** The highest unread count: it stands for 99 or more, as on the server. */
const MOST = 99;

const EMPTY: RoomListState = { rooms: [], isReady: false, refusal: null };

/** The interface through which the list uses its client. */
export interface RoomListHost {
  readonly ask: Ask;
  isConnected(): boolean;
  /** The room's own unread count while it is open and the user is looking at it; otherwise undefined. */
  countOf(roomId: string): number | undefined;
  userId(): string | undefined;
  /** Called whenever the list was loaded, or could not be. */
  heardList(): void;
}

export class RoomList implements Readable<RoomListState> {
  /** The list; the offline client fills it before the server has answered. */
  readonly store = new Store<RoomListState>(EMPTY);
  private watchers = 0;
  private timer: ReturnType<typeof setInterval> | undefined;
  private running: Promise<void> | undefined;
  private isStale = false;
  /** Events that came during a load: the server may have made the list before them. */
  private missed: (() => void)[] = [];

  readonly get = this.store.get;

  /** `host`: also for the unread counts, which stand apart. */
  constructor(readonly host: RoomListHost) {}

  readonly subscribe = (listener: () => void): Unsubscribe => {
    const unsubscribe = this.store.subscribe(listener);
    this.watchers += 1;
    this.timer ??= setInterval(() => this.poll(), INTERVAL);
    // While another component is subscribed, the list is kept up to date, unless it was refused.
    if (this.watchers === 1 || this.store.get().refusal) this.changed();
    return () => {
      unsubscribe();
      this.watchers -= 1;
      if (this.watchers > 0) return;
      clearInterval(this.timer);
      this.timer = undefined;
    };
  };

  /** Loads the list. A call during a load makes it load once more afterwards. */
  readonly refresh = (): Promise<void> => {
    this.isStale = true;
    return (this.running ??= this.load());
  };

  /** The unread count of a room in the list; undefined while the list is loading. */
  unreadOf(roomId: string): number | undefined {
    return this.running ? undefined : (this.find(roomId)?.unreadCount ?? 0);
  }

  /** Loads the list again after a change, if a component is subscribed to it. */
  changed(): void {
    if (this.watchers > 0 && this.host.isConnected()) void this.refresh();
  }

  find(roomId: string): ListedRoom | undefined {
    return this.store.get().rooms.find(({ id }) => id === roomId);
  }

  /** Clears the list, as it belongs to another user. */
  forget(): void {
    this.store.patch(EMPTY);
  }

  wasRead(roomId: string): void {
    this.set(roomId, { unreadCount: 0 });
  }

  /** The user has read the room up to `timestamp` on another device. */
  heardRead({ roomId, timestamp }: UserRead): void {
    const room = this.find(roomId);
    const lastMessageAt = (room?.unreadCount && room.lastMessageAt) || '';
    // If there are later messages, only the server knows how many are unread. A list on its way may be older than this.
    if (this.running || lastMessageAt > timestamp) this.changed();
    else if (lastMessageAt) this.wasRead(roomId);
  }

  /** Handles new messages in a room. */
  heard(activity: RoomActivity): void {
    const { roomId, lastMessageAt, by } = activity;
    if (this.running) this.missed.push(() => this.heard(activity));
    const room = this.find(roomId);
    // The last list may include this already.
    if (!room || lastMessageAt <= (room.lastMessageAt ?? '')) return;
    let { unreadCount } = room;
    // The user is looking at it otherwise.
    if (this.host.countOf(roomId) === undefined)
      for (const { userId, count } of by) if (userId !== this.host.userId()) unreadCount += count;
    this.set(roomId, { lastMessageAt, unreadCount: Math.min(unreadCount, MOST) });
  }

  /** Handles a change in a room: a new message, and a new name or topic. */
  heardLog(change: LogEvent): void {
    const { event, data } = change;
    if (event === 'message:new') {
      const { roomId, senderId: userId, createdAt: lastMessageAt } = data;
      this.heard({ roomId, lastMessageAt, by: [{ userId, count: 1 }] });
    } else if (event === 'room:updated') {
      if (this.running) this.missed.push(() => this.heardLog(change));
      this.set(data.roomId, { name: data.name, topic: data.topic });
    }
  }

  /** Changes what is shown of a room. */
  set(roomId: string, changes: Partial<ListedRoom>): void {
    if (!this.find(roomId)) return;
    const { rooms } = this.store.get();
    const changed = rooms.map((room) => (room.id === roomId ? { ...room, ...changes } : room));
    this.store.patch({ rooms: changed.sort(byActivity) });
  }

  private poll(): void {
    if (typeof document === 'undefined' || !document.hidden) this.changed();
  }

  private async load(): Promise<void> {
    while (this.isStale) {
      this.isStale = false;
      this.missed = [];
      try {
        const { rooms } = await this.host.ask('rooms:list', {});
        const counted = rooms.map((room) => ({
          ...room,
          unreadCount: this.host.countOf(room.id) ?? room.unreadCount,
        }));
        this.store.patch({ rooms: counted, isReady: true, refusal: null });
        // `forEach` does not visit what these append.
        this.missed.forEach((hearAgain) => hearAgain());
        this.host.heardList();
      } catch (error) {
        const { refusal } = error as ChatError;
        this.store.patch({ refusal });
        if (!this.isStale) this.host.heardList();
        if (isPassing(refusal.code)) setTimeout(() => this.changed(), AGAIN);
      }
    }
    this.running = undefined;
  }
}

function byActivity(one: ListedRoom, other: ListedRoom): number {
  const at = (room: ListedRoom) => room.lastMessageAt ?? room.createdAt;
  return at(other).localeCompare(at(one));
}
