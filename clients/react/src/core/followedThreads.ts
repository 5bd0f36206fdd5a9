// The threads that the user follows, loaded by pages and kept up to date. It stands apart from the client, so that a page without it
// is not larger for it.
import type { ChatClient } from './client.js';
import { ChatError, ignorable, isPassing } from './errors.js';
import type { FollowedThread, Message, ServerToClientEvents, ThreadsRequest } from './protocol.js';
import { Store, type Readable, type Unsubscribe } from './store.js';
import type { Refusal } from './types.js';
import { asking, type Ask, type ChatSocket } from './wire.js';

export interface FollowedThreadsState {
  /** The one with the newest reply first. */
  threads: readonly FollowedThread[];
  /** The first page is loaded. */
  isReady: boolean;
  /** There are more threads. */
  hasMore: boolean;
  refusal: Refusal | null;
}

/** Which of the threads: those of one room, those with unread replies. */
export type ThreadFilter = Pick<ThreadsRequest, 'roomId' | 'unreadOnly'>;

type Threads = readonly FollowedThread[];
type Change = (threads: Threads) => Threads;
type Heard<Event extends keyof ServerToClientEvents> = Parameters<ServerToClientEvents[Event]>[0];

/** The pause between a change that the server says nothing more of, and the load of the list, in milliseconds. */
const SOON = 1_000;
/** The pause after a list that could not be loaded for now, in milliseconds. */
const AGAIN = 5_000;

const EMPTY: FollowedThreadsState = { threads: [], isReady: false, hasMore: false, refusal: null };

export class FollowedThreads implements Readable<FollowedThreadsState> {
  private readonly store = new Store<FollowedThreadsState>(EMPTY);
  private readonly socket: ChatSocket;
  private readonly ask: Ask;
  /** The cursor for the next page. */
  private after: string | null = null;
  private watchers = 0;
  /** Counts the loads of the first page: an answer to an earlier one is void. */
  private loads = 0;
  /** Changes that came during a load: its answer may not have them. */
  private missed: Change[] | undefined;
  private page: Promise<void> | undefined;
  private timer: ReturnType<typeof setTimeout> | undefined;

  readonly get = this.store.get;

  constructor(
    private readonly client: ChatClient,
    private readonly filter: ThreadFilter = {},
  ) {
    this.socket = client.socket;
    this.ask = asking(client.socket);
  }

  readonly subscribe = (listener: () => void): Unsubscribe => {
    const unsubscribe = this.store.subscribe(listener);
    this.watchers += 1;
    if (this.watchers === 1) this.begin();
    return () => {
      unsubscribe();
      this.watchers -= 1;
      if (this.watchers === 0) this.end();
    };
  };

  /** Loads the next page. */
  readonly loadMore = (): Promise<void> => {
    this.page ??= this.loadPage().finally(() => (this.page = undefined));
    return ignorable(this.page);
  };

  private begin(): void {
    this.socket.on('connect', this.load);
    this.socket.on('message:new', this.heardNew);
    this.socket.on('message:updated', this.heardUpdate);
    this.socket.on('message:deleted', this.heardDeletion);
    this.socket.on('member:left', this.heardLeft);
    this.socket.on('thread:unread', this.heardUnread);
    void this.load();
  }

  private end(): void {
    this.socket.off('connect', this.load);
    this.socket.off('message:new', this.heardNew);
    this.socket.off('message:updated', this.heardUpdate);
    this.socket.off('message:deleted', this.heardDeletion);
    this.socket.off('member:left', this.heardLeft);
    this.socket.off('thread:unread', this.heardUnread);
    this.cancel();
    this.loads += 1;
  }

  private readonly load = async (): Promise<void> => {
    const load = (this.loads += 1);
    this.cancel();
    if (!this.socket.connected) return;
    const missed: Change[] = (this.missed = []);
    try {
      const page = await this.pageAfter(null);
      if (load !== this.loads) return;
      this.missed = undefined;
      const older = page.after === null ? [] : olderThan(page.threads, this.store.get().threads);
      if (older.length === 0) this.after = page.after;
      const loaded: Threads = [...page.threads, ...older];
      const threads = missed.reduce((changed, change) => change(changed), loaded);
      this.store.patch({ threads, isReady: true, hasMore: this.after !== null, refusal: null });
    } catch (error) {
      if (load !== this.loads) return;
      this.missed = undefined;
      this.refuse(error);
    }
  };

  private async loadPage(): Promise<void> {
    const { loads, after } = this;
    if (after === null) return;
    const page = await this.pageAfter(after);
    // The list was loaded again meanwhile: the page may not belong to it.
    if (loads !== this.loads) return;
    this.after = page.after;
    const known = new Set(this.store.get().threads.map(({ root }) => root.id));
    const added = page.threads.filter(({ root }) => !known.has(root.id));
    this.store.patch({ threads: [...this.store.get().threads, ...added], hasMore: page.after !== null });
  }

  /** The server leaves out threads of rooms that the user may not enter: where none is left, the next page is asked for. */
  private async pageAfter(
    cursor: string | null,
  ): Promise<{ threads: FollowedThread[]; after: string | null }> {
    const page = await this.ask('threads:list', { ...this.filter, after: cursor });
    return page.threads.length > 0 || page.after === null ? page : this.pageAfter(page.after);
  }

  private refuse(error: unknown): void {
    const { code, message } = error instanceof ChatError ? error : new ChatError('internal', String(error));
    if (isPassing(code)) this.timer = setTimeout(() => void this.load(), AGAIN);
    // Without a connection it is loaded with the next one.
    if (code !== 'offline') this.store.patch({ refusal: { code, error: message } });
  }

  /** Loads the list in a moment: many changes are one load. */
  private loadSoon(): void {
    this.timer ??= setTimeout(() => void this.load(), SOON);
  }

  private cancel(): void {
    clearTimeout(this.timer);
    this.timer = undefined;
  }

  // Handlers of server events.

  private readonly heardNew = ({ root, senderId }: Message): void => {
    if (!root) return;
    if (this.has(root.id)) this.heardRoot(root);
    // Authors follow the thread.
    else if (senderId === this.client.get().user?.id) this.loadSoon();
  };

  private heardRoot({ id, threadSummary }: NonNullable<Message['root']>): void {
    this.note((threads) => {
      // A thread without replies is none.
      if (!threadSummary) return threads.filter(({ root }) => root.id !== id);
      return sorted(threads.map((thread) => (thread.root.id === id ? { ...thread, threadSummary } : thread)));
    });
  }

  private readonly heardUpdate = ({ id }: Heard<'message:updated'>): void => {
    // Only the server makes excerpts.
    if (this.has(id)) this.loadSoon();
  };

  private readonly heardDeletion = ({ messageId, root }: Heard<'message:deleted'>): void => {
    if (root) this.heardRoot(root);
    if (this.has(messageId)) this.loadSoon();
  };

  private readonly heardLeft = ({ roomId: left }: Heard<'member:left'>): void =>
    this.note((threads) => threads.filter(({ roomId }) => roomId !== left));

  private readonly heardUnread = ({ rootId, roomId, unreadCount }: Heard<'thread:unread'>): void => {
    const { roomId: only } = this.filter;
    if (only !== undefined && roomId !== only) return;
    this.note((threads) =>
      threads.map((thread) => (thread.root.id === rootId ? { ...thread, unreadCount } : thread)),
    );
    // There is a reply that this socket may not have been told of, or the user follows the thread no more.
    this.loadSoon();
  };

  private has(rootId: string): boolean {
    return this.store.get().threads.some(({ root }) => root.id === rootId);
  }

  private note(change: Change): void {
    this.missed?.push(change);
    this.store.patch({ threads: change(this.store.get().threads) });
  }
}

/** The threads of those that were loaded before that come after a page. */
function olderThan(page: Threads, before: Threads): Threads {
  const last = page.at(-1);
  if (!last) return [];
  const ids = new Set(page.map(({ root }) => root.id));
  return before.filter((thread) => !ids.has(thread.root.id) && lastAt(thread) < lastAt(last));
}

const lastAt = ({ threadSummary }: FollowedThread) => threadSummary.lastReply.createdAt;

function sorted(threads: Threads): Threads {
  return [...threads].sort((one, other) => lastAt(other).localeCompare(lastAt(one)));
}
