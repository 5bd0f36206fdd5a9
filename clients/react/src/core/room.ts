// One room: its state, which is kept correct over reconnects, and its actions.
import { CatchUp, type LogEvent } from './catchUp.js';
import { ignorable } from './errors.js';
import { MessageChanges } from './messageChanges.js';
import { PendingMessages } from './pending.js';
import { PresenceList } from './presence.js';
import type { Message, SendRequest, ServerToClientEvents } from './protocol.js';
import type { RoomHost } from './roomHost.js';
import { unknownRoom } from './roomState.js';
import { Store, type Readable, type Unsubscribe } from './store.js';
import * as timeline from './timeline.js';
import { Writers, Writing } from './typing.js';
import type { ChatMessage, Discontinuity, Refusal, RoomActions, RoomState, SendOptions } from './types.js';
import { Unread } from './unread.js';
import { uuid } from './uuid.js';

/** The page size of `messages:load`. The server sends as many on joining, or more after a longer absence. */
const PAGE = 50;

type Heard<Event extends keyof ServerToClientEvents> = Parameters<ServerToClientEvents[Event]>[0];

export class Room implements Readable<RoomState>, RoomActions {
  protected readonly store: Store<RoomState>;
  protected sent = timeline.EMPTY;
  protected readonly pending = new PendingMessages();
  private readonly changes: MessageChanges;
  protected readonly log: CatchUp;
  private readonly writers = new Writers((typingUsers) => this.store.patch({ typingUsers }));
  private readonly writing: Writing;
  private readonly presence: PresenceList;
  readonly unread: Unread;
  /** The unread count when the room was joined; undefined until the list of rooms is loaded. */
  private unreadAtJoin: number | undefined;
  /** The history is loaded, the list of rooms is not. */
  private isOpening = false;
  private page: Promise<readonly ChatMessage[]> | undefined;
  private readonly discontinuities = new Set<(discontinuity: Discontinuity) => void>();

  readonly get: () => RoomState;
  readonly subscribe: (listener: () => void) => Unsubscribe;

  constructor(
    readonly id: string,
    protected readonly host: RoomHost,
  ) {
    this.store = new Store(unknownRoom(id));
    this.get = this.store.get;
    this.subscribe = this.store.subscribe;
    this.log = new CatchUp({
      sync: (since) => host.ask('messages:sync', { roomId: id, since }),
      apply: (events) => this.apply(events),
      lost: (since) => this.startAnew(since),
    });
    this.writing = new Writing((event) => this.tell(event));
    this.presence = new PresenceList(
      () => host.ask('room:presence', id),
      (present) => this.store.patch({ present }),
    );
    this.unread = new Unread(host, (unread) => this.store.patch(unread));
    this.changes = new MessageChanges(id, host, (acked) => {
      if (acked) this.sent = acked(this.sent);
      this.refresh();
    });
  }

  /** Calls `listener` when the room was loaded again because a gap in its changes could not be filled. */
  onDiscontinuity(listener: (discontinuity: Discontinuity) => void): Unsubscribe {
    this.discontinuities.add(listener);
    return () => this.discontinuities.delete(listener);
  }

  // Methods that the client calls.

  join(): void {
    // Joining marks the room as read, so that a list which is requested later has nothing unread.
    this.unreadAtJoin = this.host.unreadOf(this.id);
    // Without an ack, as the original's hook: its server would not answer. A refusal comes as `room:error`.
    this.host.socket.emit('room:join', this.id);
  }

  /** Leaves the room. Pending messages stay; everything else is requested again on the next join. */
  leave(): void {
    this.reset();
    this.tell('room:leave');
  }

  /** Clears the shown state. `forOther`: another user has signed in, so pending messages are cleared too. */
  reset(forOther = false): void {
    if (forOther) this.pending.clear();
    this.interrupt();
    this.log.begin(undefined);
    this.unread.forget();
    this.sent = timeline.EMPTY;
    this.store.patch(unknownRoom(this.id));
    this.refresh();
  }

  /** The connection is lost. */
  interrupt(): void {
    this.isOpening = false;
    this.log.interrupt();
    this.writers.clear();
    this.writing.forget();
    this.presence.clear();
  }

  // Handlers of server events.

  heardHistory({ messages, seq }: { messages: Message[]; seq?: number }): void {
    const before = this.log.last;
    const isFirst = !this.store.get().isReady;
    // If changes are numbered, the missed ones are requested below: a history does not show deletions.
    if (isFirst || (seq === undefined && !this.overlay(messages))) this.show(messages, seq);
    if (isFirst) this.begin();
    if (!isFirst && seq === undefined && before === undefined) this.unread.missed(this.sent);
    // The messages are set before `isReady`, so a ready room always has them.
    this.refresh();
    this.store.patch({ isReady: !this.isOpening, refusal: null });
    if (seq !== undefined) void this.log.reach(seq);
    this.presence.ask();
  }

  /** Called when `rooms:list` was loaded, or could not be. A list that was requested before joining is the first one. */
  heardList(unreadCount: number): void {
    this.unreadAtJoin ??= unreadCount;
    if (!this.isOpening) return;
    if (this.unread.isWaiting) this.begin();
    this.isOpening = false;
    this.store.patch({ isReady: true });
  }

  heardLog(event: LogEvent): void {
    void this.log.hear(event);
  }

  heardMembers({ members }: Heard<'room:members'>): void {
    this.store.patch({ members });
  }

  heardJoined({ user }: Heard<'room:user-joined'>): void {
    this.presence.changed(user.id, true);
  }

  heardLeft({ userId }: Heard<'room:user-left'>): void {
    this.presence.changed(userId, false);
    this.writers.remove(userId);
  }

  heardRead({ userId, timestamp }: Heard<'room:user-read'>): void {
    if (userId === this.host.author()?.id) {
      // The current user has read it on another device.
      this.unread.read(this.sent.filter(({ createdAt }) => createdAt > timestamp));
      return;
    }
    this.readUntil(userId, timestamp);
  }

  heardTyping({ userId, userName }: Heard<'typing:user'>): void {
    if (userId === this.host.author()?.id) return;
    this.writers.add({ userId, userName: userName ?? this.nameOf(userId) ?? userId });
  }

  heardStopped({ userId }: Heard<'typing:stopped'>): void {
    this.writers.remove(userId);
  }

  heardError({ event, code, error }: Heard<'room:error'>): void {
    if (event === 'room:join') this.store.patch({ refusal: { code, error } });
  }

  // The current user's pending messages.

  waits(request: SendRequest & { clientId: string }, at: number, wasLeft = false): void {
    // Until the token is known, the message is shown without an author's name.
    const author = this.host.author() ?? { id: '', name: '' };
    this.pending.add(request, at, { id: author.id, name: this.nameOf(author.id) ?? author.name });
    if (wasLeft) this.pending.find(this.sent, author.id);
    this.refresh();
  }

  arrived(clientId: string, message: Message): void {
    this.pending.arrived(clientId, message.id);
    this.mistaken(clientId, message.id);
    // If the log has applied this message already, a later edit or deletion may be shown: that is newer than the ack.
    // Without numbers it is false.
    const isHeard = (message.seq as number) <= (this.log.last as number);
    const there = timeline.find(this.sent, message.id);
    if (there || !isHeard)
      this.sent = timeline.merge(this.sent, [there ? { ...there } : message], this.pending.keys);
    this.refresh();
  }

  failed(clientId: string, failure: Refusal): void {
    this.pending.fail(clientId, failure);
    this.mistaken(clientId);
    this.refresh();
  }

  discarded(clientId: string): void {
    this.pending.remove(clientId);
    this.refresh();
  }

  // Actions: the methods of `RoomActions`.

  readonly sendMessage = (content: string, options: SendOptions = {}): Promise<ChatMessage> => {
    this.writing.forget();
    if (!options.threadId) this.unread.answered();
    const sent = this.host
      .send({ ...options, roomId: this.id, content, clientId: uuid() })
      .then((message) => this.shownAs(message));
    return ignorable(sent);
  };

  readonly retry = (id: string): void => this.host.retry(id);

  readonly discard = (id: string): void => this.host.discard(id);

  readonly editMessage = (messageId: string, content: string): Promise<ChatMessage> =>
    ignorable(this.changes.edit(messageId, content).then((message) => this.shownAs(message)));

  readonly deleteMessage = (messageId: string): Promise<void> => ignorable(this.changes.remove(messageId));

  readonly addReaction = (messageId: string, emoji: string): Promise<void> =>
    ignorable(this.changes.react('reaction:add', messageId, emoji));

  readonly removeReaction = (messageId: string, emoji: string): Promise<void> =>
    ignorable(this.changes.react('reaction:remove', messageId, emoji));

  readonly startTyping = (): void => this.writing.start();

  readonly stopTyping = (): void => this.writing.stop();

  readonly loadMore = (): Promise<readonly ChatMessage[]> => {
    this.page ??= this.loadPage().finally(() => {
      this.page = undefined;
      this.store.patch({ isLoading: false });
    });
    return ignorable(this.page);
  };

  readonly markAsRead = (): void => {
    this.unread.read();
    this.host.wasRead(this.id);
    this.tell('room:read');
  };

  private async loadPage(): Promise<readonly ChatMessage[]> {
    const oldest = this.sent[0];
    if (!oldest || !this.store.get().hasMore) return [];
    this.store.patch({ isLoading: true });
    const page = await this.host.ask('messages:load', {
      roomId: this.id,
      before: oldest.createdAt,
      limit: PAGE,
    });
    // The room was loaded again meanwhile: the page would leave a gap.
    if (this.sent[0]?.id !== oldest.id && !timeline.find(this.sent, oldest.id)) return [];
    const before = new Set(this.sent.map(({ id }) => id));
    this.sent = timeline.merge(this.sent, page.messages, this.pending.keys);
    this.store.patch({ hasMore: page.messages.length >= PAGE });
    this.refresh();
    return this.sent.filter(({ id }) => !before.has(id));
  }

  // Internals: how the state is updated.

  private nameOf(userId: string): string | undefined {
    return this.store.get().members.find(({ id }) => id === userId)?.name;
  }

  protected apply(events: readonly LogEvent[]): void {
    for (const { event, data } of events) {
      const { root } = data as Message;
      if (root) this.sent = timeline.change(this.sent, root.id, (there) => ({ ...there, ...root }));
      if (event === 'message:new') this.takeNew(data);
      else if (event === 'message:updated') this.sent = timeline.update(this.sent, data);
      else if (event === 'message:deleted') {
        this.sent = timeline.remove(this.sent, data.messageId);
        this.unread.deleted(data.messageId);
      } else if (event !== 'room:updated')
        this.sent = timeline.setReaction(this.sent, data.messageId, data, event === 'reaction:added');
    }
    this.refresh();
  }

  private takeNew(message: Message): void {
    const isKnown = timeline.find(this.sent, message.id) !== undefined;
    const isOwn = message.senderId === this.host.author()?.id;
    if (isOwn && !isKnown) this.pending.hear(message);
    // It is older than the loaded messages, and the room has more: it comes with its page.
    const oldest = this.sent[0];
    if (oldest && this.store.get().hasMore && message.createdAt < oldest.createdAt) return;
    this.sent = timeline.merge(this.sent, [message], this.pending.keys);
    this.writers.remove(message.senderId);
    // Whoever replies in a thread alone need not have read the room, nor is that unread in it.
    if (isOwn || message.thread?.alsoToRoom === false) return;
    this.readUntil(message.senderId, message.createdAt);
    this.unread.heard(message.id, isKnown);
  }

  /**
   * Undoes a wrong match: another message with the same text, from another page of the same user, was taken for this
   * one.
   */
  private mistaken(clientId: string, rightId?: string): void {
    const wrong = this.pending.mistaken(clientId, rightId);
    this.sent = this.sent.map((message) => (message.id === wrong ? { ...message, key: wrong } : message));
  }

  private tell(event: 'room:leave' | 'room:read' | 'typing:start' | 'typing:stop'): void {
    if (this.host.socket.connected) this.host.socket.emit(event, this.id);
  }

  private readUntil(userId: string, until: string): void {
    const { readBy } = this.store.get();
    if ((readBy.get(userId) ?? '') >= until) return;
    this.store.patch({ readBy: new Map(readBy).set(userId, until) });
  }

  /** Merges a history without a `seq` into what is shown; false if the two do not overlap. */
  private overlay(messages: Message[]): boolean {
    const laid = timeline.overlay(this.sent, messages);
    this.sent = laid ?? this.sent;
    if (!laid) this.tellDiscontinuity(0);
    return laid !== undefined;
  }

  /** Starts to count unread messages. While the earlier count is unknown, `isReady` stays false. */
  protected begin(): void {
    this.isOpening = this.unreadAtJoin === undefined;
    this.unread.begin(this.sent, this.unreadAtJoin);
  }

  private show(messages: Message[], seq: number | undefined): void {
    this.pending.find(messages, this.host.author()?.id);
    this.sent = timeline.merge(timeline.EMPTY, messages, this.pending.keys);
    this.log.begin(seq);
    this.store.patch({ hasMore: messages.length >= PAGE });
  }

  /** The gap cannot be filled: joins the room again to load it from scratch. */
  protected startAnew(since: number): void {
    this.tellDiscontinuity(since);
    this.isOpening = false;
    this.log.interrupt();
    this.log.begin(undefined);
    this.store.patch({ isReady: false });
    this.join();
  }

  private tellDiscontinuity(since: number): void {
    this.discontinuities.forEach((listener) => listener({ roomId: this.id, since }));
  }

  protected shownAs(message: Message): ChatMessage {
    const there = timeline.find(this.sent, message.id);
    return there ?? timeline.shown(message, this.pending.keys.get(message.id) ?? message.id);
  }

  protected refresh(): void {
    const sent = this.changes.over(this.sent);
    const pending = this.pending.shown();
    this.store.patch({ messages: pending[0] ? [...sent, ...pending] : sent });
  }
}
