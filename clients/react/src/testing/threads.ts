// Threads, as the server in memory keeps them: the roots of replies, and who follows each thread and has read it up to where.
import { ChatError } from '../core/errors.js';
import type { FollowedThread, Message, Quote, ThreadRoot, ThreadSummary } from '../core/protocol.js';
import type { Peer } from './peer.js';
import type { MemoryRoom } from './room.js';
import type { World } from './world.js';

const PAGE = 50;
const LARGEST_PAGE = 500;
const MOST_LISTED = 100;
const MOST_UNREAD = 99;
const SHOWN_PARTICIPANTS = 5;
const EXCERPT = 200;

/** A user's place in a thread. */
interface Follower {
  /** Undefined: they have only read it. */
  follows: boolean | undefined;
  /** The number of replies, also of deleted ones, that they have read. */
  read: number;
}

interface Thread {
  root: string;
  room: MemoryRoom;
  /** Ids of the replies in their order, also of deleted ones. */
  replies: string[];
  followers: Map<string, Follower>;
}

type Paged = { before?: string | null; after?: string | null; limit?: number | null };

export class Threads {
  private readonly byRoot = new Map<string, Thread>();
  private readonly rootOf = new Map<string, string>();

  constructor(private readonly world: World) {}

  /** The root of the thread in which a message is to be sent. */
  rootFor(room: MemoryRoom, threadId: string): string {
    const root = this.rootOf.get(threadId) ?? threadId;
    if (!room.find(root)) throw new ChatError('message_not_found', 'Message not found');
    return root;
  }

  /** Notes a new reply: its author, the root's, and those whom it mentions follow the thread. */
  note(room: MemoryRoom, message: Message, mentioned: readonly string[]): void {
    const root = message.thread?.rootId;
    if (root === undefined) return;
    const thread = this.threadOf(room, root);
    const before = thread.replies.length;
    thread.replies.push(message.id);
    this.rootOf.set(message.id, root);
    const author = room.find(root)?.senderId;
    for (const userId of [message.senderId, ...(author === undefined ? [] : [author]), ...mentioned])
      follow(thread, userId, userId === message.senderId ? before + 1 : before);
  }

  /** Tells the others who follow the thread of a new reply. */
  tellOthers({ id, senderId }: Message): void {
    const thread = this.byRoot.get(this.rootOf.get(id) ?? '');
    if (thread) this.tell(thread, senderId);
  }

  /** Lets those follow whom a reply mentions since it was edited. */
  noteMentioned({ id }: Message, mentioned: readonly string[]): void {
    const thread = this.byRoot.get(this.rootOf.get(id) ?? '');
    if (thread) for (const userId of mentioned) follow(thread, userId, thread.replies.indexOf(id));
  }

  /** The root whose thread a reply was deleted from, after it was. */
  rootAfter(messageId: string): ThreadRoot | undefined {
    const root = this.rootOf.get(messageId);
    return root === undefined ? undefined : { id: root, threadSummary: this.summaryOf(root) };
  }

  noteDeletion(messageId: string): void {
    const thread = this.byRoot.get(this.rootOf.get(messageId) ?? '');
    if (thread) this.tell(thread);
  }

  summaryOf(root: string): ThreadSummary | null {
    const thread = this.byRoot.get(root);
    const replies = thread ? repliesOf(thread) : [];
    const last = replies.at(-1);
    if (!last) return null;
    const people = [...new Set([...replies].reverse().map(({ senderId }) => senderId))];
    return {
      replyCount: replies.length,
      lastReply: { id: last.id, senderId: last.senderId, createdAt: last.createdAt },
      participants: people.slice(0, SHOWN_PARTICIPANTS).map((userId) => this.world.userOf(userId)),
      participantCount: people.length,
    };
  }

  load(peer: Peer, messageId: string, { before, after, limit }: Paged) {
    const thread = this.open(peer, messageId);
    if (before && after) throw new ChatError('bad_input', 'only one of before and after is taken');
    const all = thread.replies;
    const most = Math.min(limit || PAGE, LARGEST_PAGE);
    // A cursor is the number of replies before a place.
    const end = before ? placeIn(before) : after ? Math.min(placeIn(after) + most, all.length) : all.length;
    const start = after ? placeIn(after) : Math.max(end - most, 0);
    const messages = all.slice(start, end).flatMap((id) => thread.room.shownMessage(id) ?? []);
    const hasReplies = all.length > 0;
    return {
      rootId: thread.root,
      roomId: thread.room.id,
      root: thread.room.shownMessage(thread.root) ?? null,
      messages: messages.reverse(),
      before: start > 0 ? cursorOf(start) : null,
      after: hasReplies ? cursorOf(end) : null,
      hasMore: after ? end < all.length : start > 0,
      isFollowing: thread.followers.get(peer.user.id)?.follows === true,
      unreadCount: unreadOf(thread, peer.user.id),
    };
  }

  choose(peer: Peer, messageId: string, follows: boolean): number {
    const thread = this.open(peer, messageId);
    const { id } = peer.user;
    thread.followers.set(id, { read: thread.followers.get(id)?.read ?? thread.replies.length, follows });
    return this.tellOwn(thread, id);
  }

  markRead(peer: Peer, messageId: string, readId: string): number {
    const thread = this.open(peer, messageId);
    const place = thread.replies.indexOf(readId) + 1;
    if (place === 0) throw new ChatError('message_not_found', 'Message not found');
    const { id } = peer.user;
    const there = thread.followers.get(id);
    thread.followers.set(id, { follows: there?.follows, read: Math.max(there?.read ?? 0, place) });
    return this.tellOwn(thread, id);
  }

  /** The one with the newest reply first. A cursor is the number of threads that were listed. */
  list(
    { user }: Peer,
    {
      after,
      limit,
      roomId,
      unreadOnly,
    }: {
      after?: string | null;
      limit?: number | null;
      roomId?: string | null;
      unreadOnly?: boolean | null;
    },
  ) {
    const start = after ? placeIn(after) : 0;
    const mine = [...this.byRoot.values()].filter(
      ({ room, followers }) =>
        followers.get(user.id)?.follows === true &&
        (room.type === 'public' || room.members.has(user.id)) &&
        (!roomId || room.id === roomId),
    );
    const all = mine
      .flatMap((thread) => this.viewOf(thread, user.id))
      .filter(({ unreadCount }) => !unreadOnly || unreadCount > 0)
      .sort((one, other) => (lastOf(one) > lastOf(other) ? -1 : 1));
    const end = start + Math.min(limit || PAGE, MOST_LISTED);
    return { threads: all.slice(start, end), after: end < all.length ? cursorOf(end) : null };
  }

  private viewOf(thread: Thread, userId: string): FollowedThread[] {
    const threadSummary = this.summaryOf(thread.root);
    if (!threadSummary) return [];
    const root = quoteOf(thread.root, thread.room.find(thread.root));
    return [{ roomId: thread.room.id, root, threadSummary, unreadCount: unreadOf(thread, userId) }];
  }

  /** The thread of a message of a room that the user may enter. */
  private open(peer: Peer, messageId: string): Thread {
    const root = this.rootOf.get(messageId) ?? messageId;
    const room = this.byRoot.get(root)?.room ?? this.world.roomOfMessage(root);
    if (!room || (room.type !== 'public' && !room.members.has(peer.user.id)))
      throw new ChatError('message_not_found', 'Message not found');
    return this.threadOf(room, root);
  }

  private threadOf(room: MemoryRoom, root: string): Thread {
    const thread = this.byRoot.get(root) ?? { root, room, replies: [], followers: new Map() };
    this.byRoot.set(root, thread);
    return thread;
  }

  private tell(thread: Thread, author?: string): void {
    for (const [userId, { follows }] of thread.followers)
      if (follows && userId !== author) this.tellOwn(thread, userId);
  }

  private tellOwn(thread: Thread, userId: string): number {
    const unreadCount = unreadOf(thread, userId);
    this.world.tellUser(userId, 'thread:unread', {
      rootId: thread.root,
      roomId: thread.room.id,
      unreadCount,
    });
    return unreadCount;
  }
}

const repliesOf = ({ room, replies }: Thread) => replies.flatMap((id) => room.find(id) ?? []);
const lastOf = ({ threadSummary }: FollowedThread) => threadSummary.lastReply.createdAt;

function unreadOf(thread: Thread, userId: string): number {
  const follower = thread.followers.get(userId);
  if (!follower?.follows) return 0;
  const unread = thread.replies.slice(follower.read).flatMap((id) => thread.room.find(id) ?? []);
  return Math.min(unread.filter(({ senderId }) => senderId !== userId).length, MOST_UNREAD);
}

/** Whoever has chosen not to follow the thread is not made to. */
function follow({ followers }: Thread, userId: string, read: number): void {
  const there = followers.get(userId);
  followers.set(userId, { follows: there?.follows ?? true, read: there?.read ?? read });
}

export function quoteOf(id: string, message: Message | undefined): Quote {
  if (!message) return { id, senderId: null, senderName: null, excerpt: '', isDeleted: true };
  const { senderId, senderName, content } = message;
  const characters = Array.from(content);
  const excerpt = characters.length > EXCERPT ? `${characters.slice(0, EXCERPT).join('')}…` : content;
  return { id, senderId, senderName, excerpt, isDeleted: false };
}

const cursorOf = (place: number) => btoa(String(place)).replace(/=+$/u, '');
const placeIn = (cursor: string) => Number(atob(cursor)) || 0;
