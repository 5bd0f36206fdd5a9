// One thread: its root and its replies, loaded by pages and kept up to date. It stands apart from the client, so that a page
// without it is not larger for it.
import type { ChatClient } from './client.js';
import { ChatError, ignorable, isPassing } from './errors.js';
import type { Message, ReactionChange, ServerToClientEvents } from './protocol.js';
import type { Room } from './room.js';
import { Store, type Readable, type Unsubscribe } from './store.js';
import * as timeline from './timeline.js';
import type { ChatMessage, Refusal, SendOptions } from './types.js';
import { asking, type Ask, type ChatSocket } from './wire.js';

export interface ThreadState {
  /** Null until it is loaded, and if it was deleted. */
  root: ChatMessage | null;
  /** Oldest first; one's own that are on their way come last. */
  replies: readonly ChatMessage[];
  /** The newest replies are loaded. */
  isReady: boolean;
  /** There are older replies. */
  hasMore: boolean;
  /** Older replies are being loaded. */
  isLoading: boolean;
  isFollowing: boolean;
  /** Replies of others that the user has not read, if the user follows the thread: 99 stands for 99 or more. */
  unreadCount: number;
  /** The oldest of those when the thread was opened. */
  firstUnreadId: string | null;
  refusal: Refusal | null;
}

type Change = (messages: timeline.Timeline) => timeline.Timeline;

/** A change of the root, which is a timeline of one message or none, and of the replies. */
interface Changes {
  root: Change;
  replies: Change;
}
type Heard<Event extends keyof ServerToClientEvents> = Parameters<ServerToClientEvents[Event]>[0];

/** As many as the server sends if it is not told, and the most that are asked for at once. */
const PAGE = 50;
const LARGEST_PAGE = 500;
/** The pause after a thread that could not be loaded for now, in milliseconds. */
const AGAIN = 5_000;

const same: Change = (messages) => messages;

const EMPTY: ThreadState = {
  root: null,
  replies: [],
  isReady: false,
  hasMore: false,
  isLoading: false,
  isFollowing: false,
  unreadCount: 0,
  firstUnreadId: null,
  refusal: null,
};

export class ThreadView implements Readable<ThreadState> {
  private readonly store = new Store<ThreadState>(EMPTY);
  private readonly socket: ChatSocket;
  private readonly ask: Ask;
  private readonly room: Room;
  private root = timeline.EMPTY;
  private sent = timeline.EMPTY;
  /** The cursor for older replies. */
  private before: string | null = null;
  /** A page of the server's has come. */
  private isLoaded = false;
  private watchers = 0;
  /** Counts the loads of the newest replies: an answer to an earlier one is void. */
  private loads = 0;
  /** Changes that came during a load: its answer may not have them. */
  private missed: Changes[] | undefined;
  private page: Promise<readonly ChatMessage[]> | undefined;
  private unroom: Unsubscribe | undefined;
  private again: ReturnType<typeof setTimeout> | undefined;

  readonly get = this.store.get;

  constructor(
    private readonly client: ChatClient,
    readonly roomId: string,
    /** That of any reply at first, too: the server names the root. */
    public rootId: string,
  ) {
    this.socket = client.socket;
    this.ask = asking(client.socket);
    this.room = client.room(roomId);
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

  /** Sends a reply as the room sends a message: it is shown at once, and waits for a connection. */
  readonly sendMessage = (content: string, options: SendOptions = {}): Promise<ChatMessage> =>
    this.room.sendMessage(content, {
      ...options,
      threadId: this.rootId,
      // The server would set the same: the reply is known by it when it comes back.
      replyTo: options.replyTo ?? this.rootId,
      alsoToRoom: options.alsoToRoom === true,
    });

  /** Loads a page of older replies, and resolves with them. */
  readonly loadMore = (): Promise<readonly ChatMessage[]> => {
    this.page ??= this.loadPage().finally(() => {
      this.page = undefined;
      this.store.patch({ isLoading: false });
    });
    return ignorable(this.page);
  };

  readonly follow = (): Promise<void> => this.choose(true);

  readonly unfollow = (): Promise<void> => this.choose(false);

  /** Marks all replies that are shown as read, on every device. */
  readonly markAsRead = (): void => {
    const last = this.sent.at(-1);
    if (!last || !this.socket.connected || this.store.get().unreadCount === 0) return;
    this.store.patch({ unreadCount: 0 });
    // Refused, it is still unread.
    this.ask('thread:read', { rootId: this.rootId, messageId: last.id }).catch(() => void this.load());
  };

  private begin(): void {
    this.socket.on('connect', this.load);
    this.socket.on('message:new', this.heardNew);
    this.socket.on('message:updated', this.heardUpdate);
    this.socket.on('message:deleted', this.heardDeletion);
    this.socket.on('reaction:added', this.heardReaction);
    this.socket.on('reaction:removed', this.heardRemoval);
    this.socket.on('thread:unread', this.heardUnread);
    this.unroom = this.room.subscribe(this.show);
    void this.load();
  }

  private end(): void {
    this.socket.off('connect', this.load);
    this.socket.off('message:new', this.heardNew);
    this.socket.off('message:updated', this.heardUpdate);
    this.socket.off('message:deleted', this.heardDeletion);
    this.socket.off('reaction:added', this.heardReaction);
    this.socket.off('reaction:removed', this.heardRemoval);
    this.socket.off('thread:unread', this.heardUnread);
    this.unroom?.();
    clearTimeout(this.again);
    this.loads += 1;
  }

  private readonly load = async (): Promise<void> => {
    const load = (this.loads += 1);
    clearTimeout(this.again);
    if (!this.socket.connected) return this.show();
    const missed: Changes[] = (this.missed = []);
    // It loads as many as were shown before the connection was lost.
    const limit = Math.min(Math.max(this.sent.length, PAGE), LARGEST_PAGE);
    try {
      const page = await this.ask('thread:load', { rootId: this.rootId, limit });
      if (load !== this.loads) return;
      this.missed = undefined;
      const isFirst = !this.isLoaded;
      this.isLoaded = true;
      this.rootId = page.rootId;
      this.before = page.before;
      const { isFollowing, unreadCount } = page;
      this.root = timeline.merge(timeline.EMPTY, page.root ? [page.root] : []);
      this.sent = timeline.merge(timeline.EMPTY, page.messages);
      missed.forEach((change) => this.apply(change));
      this.show();
      const firstUnreadId = isFirst ? this.firstOf(unreadCount) : this.store.get().firstUnreadId;
      const hasMore = page.before !== null;
      this.store.patch({ isReady: true, hasMore, isFollowing, unreadCount, firstUnreadId, refusal: null });
    } catch (error) {
      if (load !== this.loads) return;
      this.missed = undefined;
      const { code, message } = error instanceof ChatError ? error : new ChatError('internal', String(error));
      if (isPassing(code)) this.again = setTimeout(() => void this.load(), AGAIN);
      // Without a connection it is loaded with the next one.
      if (code !== 'offline') this.store.patch({ refusal: { code, error: message } });
    }
  };

  private async loadPage(): Promise<readonly ChatMessage[]> {
    const { loads, before, rootId } = this;
    if (!this.store.get().isReady || before === null) return [];
    this.store.patch({ isLoading: true });
    const page = await this.ask('thread:load', { rootId, before, limit: PAGE });
    // The thread was loaded again meanwhile: the page would leave a gap.
    if (loads !== this.loads) return [];
    this.before = page.before;
    this.sent = timeline.merge(this.sent, page.messages);
    this.show();
    this.store.patch({ hasMore: page.before !== null });
    const ids = new Set(page.messages.map(({ id }) => id));
    return this.store.get().replies.filter(({ id }) => ids.has(id));
  }

  private async choose(isFollowing: boolean): Promise<void> {
    const event = isFollowing ? 'thread:follow' : 'thread:unfollow';
    const { unreadCount } = await this.ask(event, { rootId: this.rootId });
    this.store.patch({ isFollowing, unreadCount });
  }

  // Handlers of server events.

  private readonly heardNew = (message: Message): void => {
    if (message.thread?.rootId !== this.rootId) return;
    this.note((replies) => timeline.merge(replies, [message]), same);
    // Authors follow, unless they do not want to: the server knows.
    const isOwn = message.senderId === this.client.get().user?.id;
    if (isOwn && !this.store.get().isFollowing) void this.load();
  };

  private readonly heardUpdate = (message: Message): void =>
    this.note((messages) => timeline.update(messages, message));

  private readonly heardDeletion = ({ messageId }: Heard<'message:deleted'>): void =>
    this.note((messages) => timeline.remove(messages, messageId));

  private readonly heardReaction = (change: ReactionChange): void => this.react(change, true);

  private readonly heardRemoval = (change: ReactionChange): void => this.react(change, false);

  private react(change: ReactionChange, isAdded: boolean): void {
    this.note((messages) => timeline.setReaction(messages, change.messageId, change, isAdded));
  }

  private readonly heardUnread = ({ rootId, unreadCount }: Heard<'thread:unread'>): void => {
    if (rootId === this.rootId) this.store.patch({ unreadCount });
  };

  // Internals: how the state is updated.

  private note(replies: Change, root = replies): void {
    this.missed?.push({ root, replies });
    this.apply({ root, replies });
    this.show();
  }

  private apply({ root, replies }: Changes): void {
    [this.root, this.sent] = [root(this.root), replies(this.sent)];
  }

  private firstOf(unreadCount: number): string | null {
    const userId = this.client.get().user?.id;
    const theirs = this.sent.filter(({ senderId }) => senderId !== userId);
    return unreadCount > 0 ? (theirs.slice(-unreadCount)[0]?.id ?? null) : null;
  }

  /**
   * Shows the replies as the room has them: it knows those that are on their way, and edits and reactions that the server does not
   * have yet. Without a connection its messages are all that is known.
   */
  private readonly show = (): void => {
    const { messages, isReady: isRoomReady } = this.room.get();
    const inRoom = new Map(messages.map((message) => [message.id, message]));
    const over = (message: ChatMessage) => inRoom.get(message.id) ?? message;
    const { replies: before, isReady } = this.store.get();
    const isOfRoom = !this.isLoaded && isRoomReady && (isReady || !this.socket.connected);
    const replies = this.sent.map(over);
    const known = new Set(replies.map(({ id }) => id));
    const newest = replies.at(-1)?.createdAt ?? '';
    for (const message of messages) {
      const isOurs = (message.thread?.rootId ?? message.threadId) === this.rootId;
      const isNew = message.status !== 'sent' || ((isReady || isOfRoom) && message.createdAt > newest);
      if (isOurs && isNew && !known.has(message.id)) replies.push(message);
    }
    const isSame = before.length === replies.length && before.every((message, at) => message === replies[at]);
    const [root] = this.root;
    const shownRoot = root ? over(root) : isOfRoom ? inRoom.get(this.rootId) : undefined;
    this.store.patch({ root: shownRoot ?? null, replies: isSame ? before : replies });
    if (isOfRoom) this.store.patch({ isReady: true });
  };
}
