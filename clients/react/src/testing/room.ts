// A room of the server in memory: its messages, and the log of their changes.
import { ChatError } from '../core/errors.js';
import type {
  Message,
  MessageType,
  Reaction,
  ReactionChange,
  Room,
  RoomChange,
  RoomType,
  RoomUpdate,
  SendRequest,
  ShownRoom,
  Synced,
  SyncedEvent,
  ThreadPlace,
  ThreadRoot,
  ThreadSummary,
} from '../core/protocol.js';
import { uuid } from '../core/uuid.js';

export const PAGE = 50;
const LARGEST_PAGE = 500;
const MOST_UNREAD = 99;

export interface Author {
  id: string;
  name: string;
}

type LogName = SyncedEvent['event'];

export class MemoryRoom {
  /** Oldest first. */
  private messages: Message[] = [];
  private readonly log: SyncedEvent[] = [];
  readonly members = new Set<string>();
  /** The last change that each user has read, and when. */
  private readonly read = new Map<string, { seq: number; at: number }>();
  /** The change before the message from which on each user has marked the room as unread. */
  private readonly unreadAfter = new Map<string, number>();
  private lastTime = 0;
  topic: string | null = null;

  constructor(
    readonly id: string,
    public name: string,
    readonly type: RoomType,
    private readonly now: () => number,
    readonly createdAt = new Date(now()).toISOString(),
    readonly ownerId: string | null = null,
    private readonly summaryOf: (root: string) => ThreadSummary | null = () => null,
  ) {}

  get seq(): number {
    return this.log.length;
  }

  get view(): Room {
    const { id, name, type, createdAt } = this;
    return { id, name, type, createdAt, members: [...this.members].sort() };
  }

  get shown(): ShownRoom {
    const { id, name, type, createdAt, topic, ownerId } = this;
    return { id, name, type, createdAt, topic, ownerId };
  }

  get lastMessageAt(): string | null {
    return this.messages.at(-1)?.createdAt ?? null;
  }

  /** Newest first. */
  page(before?: string | number | null, limit?: number | null): Message[] {
    const end = before ? new Date(before).getTime() : Infinity;
    const older = this.messages.filter(({ createdAt }) => new Date(createdAt).getTime() < end);
    return older
      .slice(-Math.min(limit || PAGE, LARGEST_PAGE))
      .reverse()
      .map((message) => this.asShown(message));
  }

  find(messageId: string): Message | undefined {
    return this.messages.find(({ id }) => id === messageId);
  }

  /** As a page has it. */
  shownMessage(messageId: string): Message | undefined {
    const message = this.find(messageId);
    return message && this.asShown(message);
  }

  markRead(userId: string): void {
    this.read.set(userId, { seq: this.seq, at: Math.max(this.now(), this.lastTime) });
    this.unreadAfter.delete(userId);
  }

  markUnread(userId: string, messageId: string): void {
    this.unreadAfter.set(userId, (this.find(messageId)?.seq ?? 1) - 1);
  }

  /** The members who have read a message beside its author, by id, and when. */
  readersOf(messageId: string): [userId: string, at: number][] {
    const message = this.find(messageId);
    return [...this.members]
      .filter((userId) => userId !== message?.senderId)
      .flatMap((userId): [string, number][] => {
        const read = this.read.get(userId);
        return read && read.seq >= (message?.seq ?? 0) ? [[userId, read.at]] : [];
      })
      .sort(([one], [other]) => (one < other ? -1 : 1));
  }

  isUnread(userId: string, messageId: string): boolean {
    return (this.find(messageId)?.seq ?? 0) > (this.read.get(userId)?.seq ?? 0);
  }

  unreadOf(userId: string): number {
    const read = this.unreadAfter.get(userId) ?? this.read.get(userId)?.seq;
    const since = read ?? (this.members.has(userId) ? 0 : this.seq);
    const unread = this.messages.filter(
      ({ senderId, seq = 0, thread }) => senderId !== userId && seq > since && thread?.alsoToRoom !== false,
    );
    return Math.min(unread.length, MOST_UNREAD);
  }

  // Each change is one entry of the log. These methods return the data of its event.

  add(author: Author, request: SendRequest, thread?: ThreadPlace): Message {
    const { content, type, metadata, replyTo } = request;
    this.lastTime = Math.max(this.now(), this.lastTime + 1);
    const message: Message = {
      id: uuid(),
      roomId: this.id,
      senderId: author.id,
      senderName: author.name,
      sender: { name: author.name },
      content,
      type: (type || 'text') as MessageType,
      metadata: metadata || {},
      replyTo: replyTo ?? null,
      createdAt: new Date(this.lastTime).toISOString(),
      updatedAt: null,
      reactions: [],
      seq: this.seq + 1,
      ...(thread && { thread }),
    };
    this.messages = [...this.messages, message];
    return this.append('message:new', message);
  }

  /** Adds a root to the event of the last change, which was of a reply. */
  noteRoot<Data extends object>(data: Data, root: ThreadRoot): Data & { root: ThreadRoot } {
    const last = this.log.at(-1);
    const whole = { ...data, root };
    if (last) last.data = whole;
    return whole;
  }

  edit(messageId: string, content: string): Message {
    const updatedAt = new Date(this.now()).toISOString();
    const edited = this.change(messageId, (message) => ({ ...message, content, updatedAt }));
    return this.append('message:updated', { ...this.asShown(edited), seq: this.seq + 1 });
  }

  delete(messageId: string): { messageId: string; roomId: string; seq: number } {
    this.messages = this.messages.filter(({ id }) => id !== messageId);
    return this.append('message:deleted', { messageId, roomId: this.id, seq: this.seq + 1 });
  }

  /** Undefined when the user has that reaction already. */
  react(messageId: string, reaction: Reaction): ReactionChange | undefined {
    if (this.find(messageId)?.reactions.some((other) => isSame(other, reaction))) return undefined;
    this.change(messageId, (message) => ({ ...message, reactions: [...message.reactions, reaction] }));
    return this.append('reaction:added', { ...reaction, messageId, roomId: this.id, seq: this.seq + 1 });
  }

  /** Undefined when the user has no such reaction. */
  unreact(messageId: string, reaction: Reaction): ReactionChange | undefined {
    if (!this.find(messageId)?.reactions.some((other) => isSame(other, reaction))) return undefined;
    this.change(messageId, (message) => ({
      ...message,
      reactions: message.reactions.filter((other) => !isSame(other, reaction)),
    }));
    return this.append('reaction:removed', { ...reaction, messageId, roomId: this.id, seq: this.seq + 1 });
  }

  /** Undefined when it has that name and topic already. */
  update(
    { name, topic }: { [Key in keyof RoomChange]: RoomChange[Key] | null },
    by: string,
  ): RoomUpdate | undefined {
    const newName = name?.trim() ?? this.name;
    const newTopic = topic === undefined ? this.topic : topic?.trim() || null;
    if (newName === this.name && newTopic === this.topic) return undefined;
    [this.name, this.topic] = [newName, newTopic];
    const update = { roomId: this.id, name: newName, topic: newTopic, by, seq: this.seq + 1 };
    return this.append('room:updated', update);
  }

  since(since: number): Synced {
    if (since > this.seq) return { events: [], seq: this.seq, complete: false, more: false };
    const entries = this.log.slice(since, since + LARGEST_PAGE);
    const seq = since + entries.length;
    return { events: entries, seq, complete: seq === this.seq, more: seq < this.seq };
  }

  /** The message as a page has it. */
  private asShown(message: Message): Message {
    const threadSummary = this.summaryOf(message.id);
    return { ...message, seq: undefined, ...(threadSummary && { threadSummary }) };
  }

  private change(messageId: string, change: (message: Message) => Message): Message {
    const before = this.find(messageId);
    if (!before) throw new ChatError('message_not_found', 'Message not found');
    const after = change(before);
    this.messages = this.messages.map((message) => (message === before ? after : message));
    return after;
  }

  private append<Data extends { seq?: number }>(event: LogName, data: Data): Data {
    this.log.push({ event, data });
    return data;
  }
}

const isSame = (one: Reaction, other: Reaction) => one.emoji === other.emoji && one.userId === other.userId;
