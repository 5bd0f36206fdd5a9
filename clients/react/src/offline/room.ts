// A room of an offline client: it opens from what was stored, and shows changes that wait to be sent.
import type { LogEvent } from '../core/catchUp.js';
import { ChatError, ignorable, isPassing, offline } from '../core/errors.js';
import type { Member, Message, SendRequest, ServerToClientEvents } from '../core/protocol.js';
import { Room } from '../core/room.js';
import type { RoomHost } from '../core/roomHost.js';
import * as timeline from '../core/timeline.js';
import type { ChatMessage, Refusal, RefusedChange } from '../core/types.js';
import { uuid } from '../core/uuid.js';
import { withChange, type Change, type QueuedRequest, type ShownChange } from './change.js';
import type { Queue } from './queue.js';

/** The pause between two times of storing, in milliseconds: changes that come together are stored together. */
const PAUSE = 300;
/** A room that is further behind, in changes, begins anew with the newest history. */
const FARTHEST = 2_000;

type Heard<Event extends keyof ServerToClientEvents> = Parameters<ServerToClientEvents[Event]>[0];

/** The stored state of a room. */
export interface RoomHistory {
  /** Oldest first. */
  messages: readonly Message[];
  members: readonly Member[];
  /** There are older messages. */
  hasMore: boolean;
  /** The last change that the messages include; null from a server that does not number changes. */
  seq: number | null;
}

/** The interface through which an offline room uses its client. */
export interface OfflineHost {
  readonly queue: () => Queue | undefined;
  keep(roomId: string, history: RoomHistory): void;
  /** The user may not see this room any more. */
  forget(roomId: string): void;
  refused(change: RefusedChange): void;
}

export class OfflineRoom extends Room {
  /** By client id, in the order in which they were made. */
  private readonly queued = new Map<string, ShownChange>();
  /** The shown messages were stored, and the server has told nothing yet. */
  private isRestored = false;
  private isForgotten = false;
  /** The number of the change from which on the restored room is as the server has it. */
  private opensAt: number | undefined;
  private timer: ReturnType<typeof setTimeout> | undefined;
  /** When it was stored last, in milliseconds. */
  private keptAt = 0;
  /** The messages that are stored. */
  private kept: timeline.Timeline | undefined;

  constructor(
    id: string,
    host: RoomHost,
    private readonly disk: OfflineHost,
  ) {
    super(id, host);
  }

  /** Shows what was stored, unless the server was faster. */
  restore({ messages, members, hasMore, seq }: RoomHistory): void {
    const { isReady, refusal } = this.get();
    if (isReady || this.log.last !== undefined || (refusal && !isPassing(refusal.code))) return;
    this.pending.find([...messages], this.host.author()?.id);
    this.sent = this.kept = timeline.merge(timeline.EMPTY, messages, this.pending.keys);
    this.log.begin(seq ?? undefined);
    this.isRestored = true;
    this.store.patch({ hasMore, members });
    this.refresh();
    this.store.patch({ isReady: true });
  }

  /** Stores what has changed, now. */
  flush(): void {
    clearTimeout(this.timer);
    this.timer = undefined;
    const { isReady, hasMore, members } = this.get();
    if (!isReady || this.isRestored || this.isForgotten || this.sent === this.kept) return;
    this.kept = this.sent;
    this.keptAt = Date.now();
    const messages = this.sent.map(stored);
    this.disk.keep(this.id, { messages, members, hasMore, seq: this.log.last ?? null });
  }

  /** Erases what is stored, and stores nothing until the server lets the user in. */
  forget(): void {
    this.isForgotten = true;
    this.disk.forget(this.id);
  }

  override leave(): void {
    this.flush();
    super.leave();
  }

  override reset(forOther = false): void {
    clearTimeout(this.timer);
    this.timer = undefined;
    this.isRestored = false;
    this.opensAt = undefined;
    this.kept = undefined;
    if (forOther) this.queued.clear();
    super.reset(forOther);
  }

  override heardHistory(history: { messages: Message[]; seq?: number }): void {
    const wasRestored = this.isRestored;
    this.isRestored = this.isForgotten = false;
    this.opensAt = undefined;
    if (wasRestored && !this.reaches(history.seq)) {
      // It is another server's, or too far behind: the room begins with what the server says.
      this.sent = timeline.EMPTY;
      this.log.begin(undefined);
      this.store.patch({ isReady: false });
    } else if (wasRestored) this.opensAt = history.seq ?? 0;
    super.heardHistory(history);
    this.opens();
  }

  override heardMembers(heard: Heard<'room:members'>): void {
    super.heardMembers(heard);
    this.kept = undefined;
    this.keepSoon();
  }

  override heardError(heard: Heard<'room:error'>): void {
    if (heard.event === 'room:join' && !isPassing(heard.code)) {
      // The stored messages may be none that the user may still see.
      if (this.isRestored) this.reset();
      this.forget();
    }
    super.heardError(heard);
  }

  override waits(request: SendRequest & { clientId: string }, at: number, wasLeft = false): void {
    const { change, content, clientId } = request as QueuedRequest;
    if (!change) return super.waits(request, at, wasLeft);
    this.queued.set(clientId, { change, content, at, wasLeft });
    this.refresh();
  }

  override arrived(clientId: string, message: Message): void {
    const there = this.queued.get(clientId);
    if (!there) return super.arrived(clientId, message);
    this.queued.delete(clientId);
    this.take(there, message);
    this.refresh();
  }

  override failed(clientId: string, refusal: Refusal): void {
    const there = this.queued.get(clientId);
    if (!there) return super.failed(clientId, refusal);
    this.queued.delete(clientId);
    this.refresh();
    const { event, messageId } = there.change;
    const { content } = there;
    if (there.wasLeft) this.disk.refused({ roomId: this.id, messageId, event, content, refusal });
    // Later, since whoever waits for it is still to be told why.
    setTimeout(() => this.host.discard(clientId));
  }

  override discarded(clientId: string): void {
    if (this.queued.delete(clientId)) this.refresh();
    else super.discarded(clientId);
  }

  override readonly editMessage = (messageId: string, content: string): Promise<ChatMessage> => {
    const queue = this.disk.queue();
    if (queue?.amend(messageId, content)) return Promise.resolve(this.shownOf(messageId));
    const [earlier = ''] = queue?.untriedChangesOf(messageId, ({ event }) => event === 'message:edit') ?? [];
    // Only the last text of several that were never sent is of interest.
    const amended = queue?.amend(earlier, content) ? queue.outcomeOf(earlier) : undefined;
    const base = timeline.find(this.sent, messageId)?.updatedAt;
    const made = amended ?? this.make({ event: 'message:edit', messageId, base }, content);
    return ignorable(made.then((message) => this.shownAs(message)));
  };

  override readonly deleteMessage = (messageId: string): Promise<void> => {
    const queue = this.disk.queue();
    for (const clientId of queue?.untriedChangesOf(messageId) ?? []) queue?.cancel(clientId);
    if (queue?.isUntried(messageId)) return Promise.resolve(queue.discard(messageId));
    return ignorable(this.make({ event: 'message:delete', messageId }).then(() => undefined));
  };

  override readonly addReaction = (messageId: string, emoji: string): Promise<void> =>
    ignorable(this.react('reaction:add', messageId, emoji));

  override readonly removeReaction = (messageId: string, emoji: string): Promise<void> =>
    ignorable(this.react('reaction:remove', messageId, emoji));

  /** A message that the server may have is deleted there, too. */
  override readonly discard = (id: string): void => {
    const isPending = this.get().messages.some((message) => message.id === id && message.status !== 'sent');
    if (isPending && this.disk.queue()) void this.deleteMessage(id);
    else this.host.discard(id);
  };

  protected override apply(events: readonly LogEvent[]): void {
    super.apply(events);
    this.opens();
  }

  protected override startAnew(since: number): void {
    this.opensAt = undefined;
    super.startAnew(since);
  }

  protected override refresh(): void {
    const pending = this.pending.shown();
    let messages: timeline.Timeline = pending[0] ? [...this.sent, ...pending] : this.sent;
    const userId = this.host.author()?.id ?? '';
    for (const change of this.queued.values()) messages = withChange(messages, change, userId);
    this.store.patch({ messages });
    this.keepSoon();
  }

  private async react(event: Change['event'], messageId: string, emoji: string): Promise<void> {
    if (!this.host.author()) throw offline();
    const queue = this.disk.queue();
    const isOpposite = (change: Change) => change.emoji === emoji && change.event !== event;
    const [opposite] = queue?.untriedChangesOf(messageId, isOpposite) ?? [];
    // Neither is sent.
    if (opposite !== undefined) return queue?.cancel(opposite);
    await this.make({ event, messageId, emoji });
  }

  private make(change: Change, content = ''): Promise<Message> {
    const request: QueuedRequest = { roomId: this.id, content, clientId: uuid(), change };
    return this.host.send(request);
  }

  /** The server has made a change. */
  private take(made: ShownChange, message: Message): void {
    if (made.change.event !== 'message:edit') {
      const changed = withChange(this.sent, made, this.host.author()?.id ?? '');
      this.sent = changed.map((one) => (one.waits ? { ...one, waits: undefined } : one));
      return;
    }
    const isApplied =
      this.log.last !== undefined && message.seq !== undefined && message.seq <= this.log.last;
    if (message.id && !isApplied) this.sent = timeline.update(this.sent, message);
  }

  private shownOf(id: string): ChatMessage {
    const there = this.get().messages.find((message) => message.id === id);
    if (!there) throw new ChatError('message_not_found', 'Message not found');
    return there;
  }

  /** Whether the changes since the restored messages lead to `seq`. */
  private reaches(seq: number | undefined): boolean {
    const { last } = this.log;
    if (seq === undefined || last === undefined) return seq === last;
    return seq >= last && seq - last <= FARTHEST;
  }

  /** A restored room has caught up: what is unread is counted as in any room that was just opened. */
  private opens(): void {
    if (this.opensAt === undefined || (this.log.last ?? 0) < this.opensAt) return;
    this.opensAt = undefined;
    this.begin();
    this.keepSoon();
  }

  private keepSoon(): void {
    const pause = Math.max(this.keptAt + PAUSE - Date.now(), 0);
    this.timer ??= setTimeout(() => this.flush(), Math.min(pause, PAUSE));
  }
}

/** A message without what only the page knows. */
function stored(shown: ChatMessage): Message {
  const message: Partial<ChatMessage> = { ...shown };
  for (const part of ['key', 'status', 'failure', 'waits'] as const) delete message[part];
  return message as Message;
}
