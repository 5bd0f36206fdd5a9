// A client for pages that are to work without a network: rooms open from what was stored, and edits, deletions and reactions
// wait in one queue with messages.
import { ChatClient, type ClientOptions } from '../core/client.js';
import { Delivery } from '../core/delivery.js';
import { ChatError, isPassing } from '../core/errors.js';
import type { Entry } from '../core/outbox.js';
import type { Message } from '../core/protocol.js';
import type { RoomListState } from '../core/roomList.js';
import type { Unsubscribe } from '../core/store.js';
import type { TokenOwner } from '../core/token.js';
import type { RefusedChange } from '../core/types.js';
import { uuid } from '../core/uuid.js';
import type { Change } from './change.js';
import { HistoryStore } from './history.js';
import { openOfflineOutbox } from './outbox.js';
import { Queue } from './queue.js';
import { OfflineRoom, type OfflineHost } from './room.js';
import { holdUse, ifUnused, thisBrowser, type SharedBrowser } from './tabs.js';

/** The pause before the list of rooms is stored, in milliseconds. */
const KEEP_AFTER = 300;
/**
 * How long a room waits for the server before it opens from what was stored, in milliseconds, while there may be a connection:
 * the server knows what is unread, and a room opens there.
 */
const PATIENCE = 3_000;

export interface OfflineOptions extends ClientOptions {
  /** Where rooms are stored; the browser's IndexedDB if absent, and nowhere if there is none. */
  indexedDB?: IDBFactory;
  /** How tabs talk to each other; by default the browser's locks and channels. */
  browser?: SharedBrowser;
}

/** A `ChatClient` with a stored history, and with changes that wait like messages do. */
export class OfflineClient extends ChatClient {
  /** Edits, deletions and reactions may be made at any time, also of messages that are not sent yet. */
  override readonly keepsChanges = true;
  private readonly browser: SharedBrowser;
  private readonly history: HistoryStore;
  private readonly disk: OfflineHost;
  private owner: string | undefined;
  /** Ends this page's use of what is stored of the user. */
  private release: (() => void) | undefined;
  private connectedAt = 0;
  /** The last attempt to connect has failed. */
  private hasFailed = false;
  /** Open rooms that wait for the server from what was stored. */
  private readonly hurry = new Set<() => void>();
  private listTimer: ReturnType<typeof setTimeout> | undefined;
  private keptRooms: RoomListState['rooms'] | undefined;
  /** The user has signed out: nothing of them is stored any more. */
  private isErased = false;
  private readonly refusedListeners = new Map<string, Set<(change: RefusedChange) => void>>();
  private refusedChanges: RefusedChange[] = [];

  constructor(options: OfflineOptions) {
    const browser = options.browser ?? thisBrowser();
    super({ ...options, outbox: options.outbox ?? openOfflineOutbox(uuid(), browser.locks) });
    this.browser = browser;
    const factory = options.indexedDB ?? (typeof indexedDB === 'undefined' ? undefined : indexedDB);
    this.history = new HistoryStore(factory);
    this.disk = {
      queue: () => this.queue,
      keep: (roomId, history) => {
        if (this.owner && !this.isErased) void this.history.keepRoom(this.owner, roomId, history);
      },
      forget: (roomId) => {
        if (this.owner) void this.history.eraseRoom(this.owner, roomId);
      },
      refused: (change) => this.tellRefused(change),
    };
    this.listenToo();
    this.use(this.get().user);
  }

  /** The number of messages and changes that the server does not have. */
  get unsent(): number {
    return this.queue?.size ?? 0;
  }

  override enter(roomId: string): Unsubscribe {
    const leave = super.enter(roomId);
    void this.restore(roomId);
    return leave;
  }

  override close(): void {
    this.flush();
    super.close();
    this.release?.();
    this.release = undefined;
  }

  /**
   * Closes the connection and erases what this browser keeps of the user: stored rooms, and messages and changes that are not
   * sent. Other tabs of the user go on, and store nothing.
   */
  async signOut(): Promise<void> {
    const { owner, queue } = this;
    this.isErased = true;
    queue?.erased();
    this.close();
    if (owner === undefined) return;
    for (const { clientId } of await this.outbox.take(owner)) await this.outbox.remove(clientId);
    this.outbox.close();
    await this.history.eraseOwner(owner);
  }

  /** Calls `listener` for each change of a room that was refused after the page that made it had gone. */
  override readonly onRefusedChange = (
    roomId: string,
    listener: (change: RefusedChange) => void,
  ): Unsubscribe => {
    const listeners = this.refusedListeners.get(roomId) ?? new Set();
    this.refusedListeners.set(roomId, listeners.add(listener));
    this.refusedChanges.filter((change) => change.roomId === roomId).forEach(listener);
    this.refusedChanges = this.refusedChanges.filter((change) => change.roomId !== roomId);
    return () => listeners.delete(listener);
  };

  protected override roomOf(roomId: string): OfflineRoom {
    return new OfflineRoom(roomId, this.host, this.disk);
  }

  protected override deliveryOf(...parts: ConstructorParameters<typeof Delivery>): Queue {
    const [owner, page, outbox, wire, listener] = parts;
    const queue = new Queue({
      owner,
      page,
      outbox,
      wire,
      listener,
      browser: this.browser,
      makeChange: (change, entry) => this.makeChange(change, entry),
      onErased: () => (this.isErased = true),
    });
    if (this.socket.connected) queue.connected();
    return queue;
  }

  protected override signedIn(user: TokenOwner | null): void {
    // The constructor of `ChatClient` calls this before there is anything here.
    if (this.disk) this.use(user);
    super.signedIn(user);
  }

  private get queue(): Queue | undefined {
    return this.delivery as Queue | undefined;
  }

  private listenToo(): void {
    this.socket.on('connect', () => {
      this.connectedAt = Date.now();
      this.hasFailed = false;
      this.queue?.connected();
    });
    this.socket.on('disconnect', () => {
      this.queue?.disconnected();
      this.giveUp();
    });
    this.socket.on('connect_error', () => this.giveUp());
    this.socket.on('member:left', ({ roomId }) => (this.room(roomId) as OfflineRoom).forget());
    this.rooms.store.subscribe(() => {
      this.listTimer ??= setTimeout(() => this.keepList(), KEEP_AFTER);
    });
    if (typeof addEventListener === 'function') addEventListener('pagehide', () => this.flush());
  }

  /** From now on this user's history is stored, and no other's that nobody uses. */
  private use(user: TokenOwner | null): void {
    const owner = user ? `${this.url}\n${user.id}` : undefined;
    const isOther = owner !== this.owner;
    if (isOther) {
      this.release?.();
      this.release = undefined;
    }
    if (owner !== undefined) this.release ??= holdUse(owner, this.browser);
    if (!isOther) return;
    this.owner = owner;
    this.isErased = false;
    this.keptRooms = undefined;
    if (owner === undefined) return;
    void this.eraseOthers(owner);
    void this.restoreList(owner);
    for (const [roomId, { users }] of this.kept) if (users > 0) void this.restore(roomId);
  }

  private async eraseOthers(owner: string): Promise<void> {
    for (const other of await this.history.owners()) {
      const isOther = other !== owner && other.startsWith(`${this.url}\n`);
      if (isOther) await ifUnused(other, this.browser, () => this.history.eraseOwner(other));
    }
  }

  private async restoreList(owner: string): Promise<void> {
    const rooms = await this.history.list(owner);
    if (!rooms || owner !== this.owner || this.rooms.get().isReady) return;
    this.keptRooms = rooms;
    this.rooms.store.patch({ rooms, isReady: true });
  }

  private async restore(roomId: string): Promise<void> {
    const { owner } = this;
    if (owner === undefined) return;
    const history = await this.history.room(owner, roomId);
    if (history) await this.serverOr(PATIENCE);
    const kept = this.kept.get(roomId);
    if (!history || owner !== this.owner || !kept?.users) return;
    (kept.room as OfflineRoom).restore(history);
  }

  /** Resolves when nothing more can be expected of the server, or after this time. */
  private async serverOr(patience: number): Promise<void> {
    const isOffline = typeof navigator !== 'undefined' && navigator.onLine === false;
    if (isOffline || this.hasFailed || this.get().status === 'closed') return;
    await new Promise<void>((resolve) => {
      const end = () => {
        clearTimeout(timer);
        this.hurry.delete(end);
        resolve();
      };
      const timer = setTimeout(end, patience);
      this.hurry.add(end);
    });
  }

  private giveUp(): void {
    this.hasFailed = true;
    this.hurry.forEach((end) => end());
    this.hurry.clear();
  }

  private flush(): void {
    this.kept.forEach(({ room }) => (room as OfflineRoom).flush());
    this.keepList();
  }

  private keepList(): void {
    clearTimeout(this.listTimer);
    this.listTimer = undefined;
    const { rooms, isReady } = this.rooms.get();
    if (this.owner === undefined || this.isErased || !isReady || rooms === this.keptRooms) return;
    this.keptRooms = rooms;
    void this.history.keepList(this.owner, rooms);
  }

  private tellRefused(change: RefusedChange): void {
    const listeners = this.refusedListeners.get(change.roomId);
    if (listeners?.size) listeners.forEach((listener) => listener(change));
    else this.refusedChanges.push(change);
  }

  /** Makes a change on the server. One that is made already is not made again. */
  private async makeChange(
    { event, messageId, emoji = '', base }: Change,
    { at, request: { roomId, content } }: Entry,
  ): Promise<Message | undefined> {
    if (event === 'message:edit') {
      // It was made in an earlier connection: meanwhile others of the user's devices may have edited the message.
      const now = at <= this.connectedAt ? await this.messageNow(messageId) : undefined;
      if (now === null) throw new ChatError('message_not_found', 'Message not found');
      if (now?.content === content) return now;
      if (now && base !== undefined && now.updatedAt !== base)
        throw new ChatError('conflict', 'The message was changed meanwhile');
      return (await this.ask('message:edit', { messageId, content })).message;
    }
    if (event !== 'message:delete') {
      await this.ask(event, { messageId, roomId, emoji });
      return undefined;
    }
    try {
      await this.ask('message:delete', { messageId, roomId });
    } catch (error) {
      const isRefused = error instanceof ChatError && !isPassing(error.code);
      if (!isRefused || (await this.messageNow(messageId)) !== null) throw error;
    }
    return undefined;
  }

  /** The message as the server has it; null if it is gone, and undefined from a server that cannot say. */
  private async messageNow(messageId: string): Promise<Message | null | undefined> {
    try {
      const { messages } = await this.ask('messages:show', { messageIds: [messageId] });
      return messages.find(({ id }) => id === messageId) ?? null;
    } catch (error) {
      if (!this.socket.connected) throw error;
      return undefined;
    }
  }
}
