// Mentions, as the server in memory keeps them: whom each message mentions, and up to when each user has read them.
import type { MentionNotice, Message } from '../core/protocol.js';
import { findMentions, mentionNames } from '../core/mentions.js';
import type { MemoryRoom } from './room.js';
import type { World } from './world.js';

const PAGE = 50;
const LARGEST_PAGE = 100;
const MOST_NAMED = 50;
const EXCERPT = 200;

type Kind = MentionNotice['kind'];

/** The users that one message mentions. */
interface Stored {
  roomId: string;
  messageId: string;
  kinds: ReadonlyMap<string, Kind>;
  /** All members who are not mentioned otherwise. */
  isForRoom: boolean;
  at: string;
}

export class Mentions {
  private stored: Stored[] = [];
  /** For each user, the time up to which they have read them. */
  private readonly readUpTo = new Map<string, string>();

  constructor(private readonly world: World) {}

  /** Stores whom a new or edited message mentions, and tells those whom it did not mention before. */
  note(room: MemoryRoom, message: Message): void {
    const before = this.stored.find(({ messageId }) => messageId === message.id);
    this.forget(message.id);
    const mentioned = this.mentionedIn(room, message, before);
    if (mentioned.kinds.size === 0 && !mentioned.isForRoom) return;
    const stored = { ...mentioned, at: before?.at ?? message.updatedAt ?? message.createdAt };
    this.stored.push(stored);
    for (const userId of room.members) {
      const kind = kindFor(userId, message.senderId, stored);
      const isKnown = before && kindFor(userId, message.senderId, before) !== undefined;
      if (kind && !isKnown)
        this.world.tellUser(userId, 'mention:new', noticeOf(message, kind, stored.at, true));
    }
  }

  /** The users whom a message mentions by name or id. */
  namedIn(room: MemoryRoom, message: Message): string[] {
    const { kinds } = this.mentionedIn(room, message);
    return [...kinds].flatMap(([userId, kind]) => (kind === 'user' ? [userId] : []));
  }

  forget(messageId: string): void {
    this.stored = this.stored.filter((stored) => stored.messageId !== messageId);
  }

  /** Newest first. A cursor is the number of mentions that were listed. */
  list(userId: string, before: string | null | undefined, limit: number | null | undefined) {
    const start = Number(before ? atob(before) : 0);
    const all = [...this.stored].reverse().flatMap((stored) => this.noticeFor(userId, stored) ?? []);
    const end = start + Math.min(limit || PAGE, LARGEST_PAGE);
    return {
      mentions: all.slice(start, end),
      before: end < all.length ? btoa(String(end)).replace(/=+$/u, '') : null,
    };
  }

  unreadOf(userId: string, roomId: string): number {
    const notices = this.stored.flatMap((stored) => this.noticeFor(userId, stored) ?? []);
    return notices.filter((notice) => notice.roomId === roomId && notice.isUnread).length;
  }

  markRead(userId: string, at: string): void {
    this.readUpTo.set(userId, at);
  }

  private noticeFor(userId: string, stored: Stored): MentionNotice | undefined {
    const room = this.world.findRoom(stored.roomId);
    const message = room?.find(stored.messageId);
    if (!room || !message || (room.type !== 'public' && !room.members.has(userId))) return undefined;
    const kind = room.members.has(userId) ? kindFor(userId, message.senderId, stored) : undefined;
    if (!kind) return undefined;
    const isUnread = stored.at > (this.readUpTo.get(userId) ?? '') && room.isUnread(userId, message.id);
    return noticeOf(message, kind, stored.at, isUnread);
  }

  private mentionedIn(room: MemoryRoom, { id: messageId, content, senderId }: Message, before?: Stored) {
    const found = findMentions(content, mentionNames(this.world.membersOf(room)));
    const named = found.flatMap(({ target }) => (typeof target === 'string' ? [] : target));
    const others = [...new Set(named)].filter((userId) => userId !== senderId).slice(0, MOST_NAMED);
    const kinds = new Map<string, Kind>(others.map((userId) => [userId, 'user']));
    const isMember = room.members.has(senderId);
    // It stays for those who were online when it was written.
    const wereHere = [...(before?.kinds ?? [])].flatMap(([userId, kind]) =>
      kind === 'here' ? [userId] : [],
    );
    const isHere = (userId: string) =>
      wereHere.length > 0 ? wereHere.includes(userId) : this.world.isOnline(userId);
    if (isMember && found.some(({ target }) => target === 'here'))
      for (const userId of room.members)
        if (userId !== senderId && isHere(userId) && !kinds.has(userId)) kinds.set(userId, 'here');
    return {
      roomId: room.id,
      messageId,
      kinds,
      isForRoom: isMember && found.some(({ target }) => target === 'room'),
    };
  }
}

function kindFor(userId: string, senderId: string, { kinds, isForRoom }: Stored): Kind | undefined {
  return kinds.get(userId) ?? (isForRoom && userId !== senderId ? 'room' : undefined);
}

function noticeOf(message: Message, kind: Kind, at: string, isUnread: boolean): MentionNotice {
  const { id: messageId, roomId, senderId, senderName, content } = message;
  const characters = Array.from(content);
  const excerpt = characters.length > EXCERPT ? `${characters.slice(0, EXCERPT).join('')}…` : content;
  return { messageId, roomId, sender: { id: senderId, name: senderName }, kind, excerpt, at, isUnread };
}
