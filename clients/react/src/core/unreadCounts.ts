// The unread messages and mentions of all rooms, as the server counts them over all devices of the user. It stands apart from the
// client, so that a page without it is not larger for it.
import type { ChatClient } from './client.js';
import { perClient } from './perClient.js';
import { keptUnreadOf } from './keptUnread.js';
import type { ListedRoom, RoomUnread } from './protocol.js';
import { Store, type Readable, type Unsubscribe } from './store.js';
import { asking } from './wire.js';

export interface RoomCounts {
  /** Messages of others: 99 stands for 99 or more. */
  unreadCount: number;
  /** Those of them that mention the user. */
  mentionCount: number;
  /** The user has marked the room as unread while it is open. */
  isKept: boolean;
}

export interface UnreadState {
  /** By room id: the rooms that the user is a member of. */
  rooms: ReadonlyMap<string, RoomCounts>;
  /** The sum over all rooms. */
  unreadCount: number;
  mentionCount: number;
  /** The list of rooms is loaded. */
  isReady: boolean;
}

const EMPTY: UnreadState = { rooms: new Map(), unreadCount: 0, mentionCount: 0, isReady: false };

export class UnreadCounts implements Readable<UnreadState> {
  private readonly store = new Store<UnreadState>(EMPTY);
  /** As the server has told them. It counts deletions and other devices, too, which the list of rooms does not. */
  private told = new Map<string, RoomUnread>();
  private watchers = 0;
  private endings: Unsubscribe[] = [];
  /** Counts the loads: an answer to an earlier one is void. */
  private loads = 0;
  /** The rooms that were told during a load: its answer may be older. */
  private readonly toldMeanwhile = new Set<string>();

  readonly get = this.store.get;

  constructor(private readonly client: ChatClient) {
    const { socket } = client;
    socket.on('room:unread', (counts) => {
      this.told.set(counts.roomId, counts);
      this.toldMeanwhile.add(counts.roomId);
      this.show();
    });
    socket.on('connect', () => this.reload());
    let userId = client.get().user?.id;
    client.subscribe(() => {
      const user = client.get().user?.id;
      if (user !== userId) this.told = new Map();
      userId = user;
    });
  }

  readonly subscribe = (listener: () => void): Unsubscribe => {
    const unsubscribe = this.store.subscribe(listener);
    this.watchers += 1;
    if (this.watchers === 1) this.begin();
    return () => {
      unsubscribe();
      this.watchers -= 1;
      if (this.watchers > 0) return;
      for (const end of this.endings) end();
      this.endings = [];
    };
  };

  private begin(): void {
    const show = () => this.show();
    // The server tells counts to sockets that have asked for the list of rooms.
    this.endings = [this.client.rooms.subscribe(show), keptUnreadOf(this.client).subscribe(show)];
    this.reload();
    this.show();
  }

  private reload(): void {
    if (this.watchers > 0 && this.client.socket.connected) void this.load();
  }

  private async load(): Promise<void> {
    const load = (this.loads += 1);
    this.toldMeanwhile.clear();
    try {
      const { rooms } = await asking(this.client.socket)('unread:list', {});
      if (load !== this.loads) return;
      const newer = [...this.told].filter(([roomId]) => this.toldMeanwhile.has(roomId));
      this.told = new Map([...rooms.map((counts) => [counts.roomId, counts] as const), ...newer]);
      this.show();
    } catch {
      // The original's server does not know the event: the counts of the list of rooms stay.
    }
  }

  private show(): void {
    const { rooms: listed, isReady } = this.client.rooms.get();
    const before = this.store.get();
    const own = listed.filter(({ isMember }) => isMember);
    const all = new Map(own.map((room) => [room.id, this.countsOf(room, before.rooms.get(room.id))]));
    const isSame =
      all.size === before.rooms.size && [...all].every(([id, counts]) => before.rooms.get(id) === counts);
    const sum = (of: (counts: RoomCounts) => number) =>
      [...all.values()].reduce((total, counts) => total + of(counts), 0);
    this.store.patch({
      rooms: isSame ? before.rooms : all,
      unreadCount: sum(({ unreadCount }) => unreadCount),
      mentionCount: sum(({ mentionCount }) => mentionCount),
      isReady,
    });
  }

  private countsOf(room: ListedRoom, before: RoomCounts | undefined): RoomCounts {
    const isKept = keptUnreadOf(this.client).get().rooms.has(room.id);
    // The server learns a moment later what somebody is reading here.
    const isRead = !isKept && this.client.rooms.host.countOf(room.id) === 0;
    const { unreadCount: told, mentionCount } = this.told.get(room.id) ?? room;
    const unreadCount = isRead ? 0 : told;
    const counts = { unreadCount, mentionCount: Math.min(mentionCount, unreadCount), isKept };
    const isSame =
      before && (Object.keys(counts) as (keyof RoomCounts)[]).every((key) => before[key] === counts[key]);
    return isSame ? before : counts;
  }
}

/** The unread counts of this client's user. */
export const unreadCountsOf = perClient((client) => new UnreadCounts(client));
