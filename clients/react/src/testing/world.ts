// The state of the server in memory: users, rooms, and connections.
import { ChatError } from '../core/errors.js';
import type { Member, Message, Room, RoomUnread, ServerToClientEvents, TokenUser } from '../core/protocol.js';
import { uuid } from '../core/uuid.js';
import type { Asked } from '../core/wire.js';
import { Chunks } from './chunks.js';
import { Mentions } from './mentions.js';
import type { Peer, Told } from './peer.js';
import { Presences } from './presence.js';
import { MemoryRoom } from './room.js';
import { Threads } from './threads.js';

type SendRequest = Asked['message:send']['argument'];

export class World {
  readonly peers = new Set<Peer>();
  readonly mentions = new Mentions(this);
  readonly chunks = new Chunks();
  readonly threads = new Threads(this);
  readonly presence = new Presences(this);
  private readonly known = new Map<string, Member>();
  private readonly all = new Map<string, MemoryRoom>();
  /** By sender and `clientId`. */
  private readonly sent = new Map<string, { request: string; message: Message }>();

  /** Users whose reads others are not shown. */
  private readonly privateReaders = new Set<string>();

  private lastMoment = 0;

  constructor(readonly now: () => number) {}

  hasPrivateReads(userId: string): boolean {
    return this.privateReaders.has(userId);
  }

  choosePrivateReads(userId: string, isPrivate: boolean): void {
    if (isPrivate) this.privateReaders.add(userId);
    else this.privateReaders.delete(userId);
  }

  /** The time, of which each call has a later one: rooms and messages sort as they were made. */
  readonly moment = (): number => {
    this.lastMoment = Math.max(this.now(), this.lastMoment + 1);
    return this.lastMoment;
  };

  users(): Member[] {
    return [...this.known.values()];
  }

  rooms(): MemoryRoom[] {
    return [...this.all.values()];
  }

  /** As a user who signs in is added to the database. */
  addUser({ id, name, avatar = null }: TokenUser & { avatar?: string | null }): void {
    if (!this.known.has(id)) this.known.set(id, { id, name: name ?? id, avatar });
  }

  userOf(userId: string): Member {
    const user = this.known.get(userId);
    if (!user) throw new ChatError('user_not_found', 'User not found');
    return user;
  }

  addRoom({
    id = uuid(),
    name,
    type,
    members,
    ownerId,
  }: Omit<Room, 'id' | 'createdAt'> & { id?: string; ownerId?: string }): MemoryRoom {
    const summaryOf = (root: string) => this.threads.summaryOf(root);
    const room = new MemoryRoom(id, name, type, this.moment, undefined, ownerId, summaryOf);
    for (const userId of members) room.members.add(userId);
    this.all.set(id, room);
    return room;
  }

  findRoom(roomId: string): MemoryRoom | undefined {
    return this.all.get(roomId);
  }

  roomOfMessage(messageId: string): MemoryRoom | undefined {
    return this.rooms().find((room) => room.find(messageId));
  }

  /** A room that the user may enter. */
  entered({ user }: Peer, roomId: string): MemoryRoom {
    const room = this.all.get(roomId);
    if (!room) throw new ChatError('room_not_found', 'Room not found');
    if (room.type !== 'public' && !room.members.has(user.id))
      throw new ChatError('forbidden', 'You are not a member of this room');
    return room;
  }

  /** The room of a message to which the user may react. */
  touched(peer: Peer, messageId: string): MemoryRoom {
    const room = this.roomOfMessage(messageId);
    if (!room) throw new ChatError('message_not_found', 'Message not found');
    return this.entered(peer, room.id);
  }

  membersOf(room: MemoryRoom): Member[] {
    return [...room.members].map((userId) => this.userOf(userId));
  }

  presentIn(roomId: string): string[] {
    const here = [...this.peers].filter(({ rooms }) => rooms.has(roomId));
    return [...new Set(here.map(({ user }) => user.id))];
  }

  isPresent(roomId: string, userId: string): boolean {
    return this.presentIn(roomId).includes(userId);
  }

  isOnline(userId: string): boolean {
    return [...this.peers].some(({ user }) => user.id === userId);
  }

  /** Others are told that the user is online. */
  isShownOnline(userId: string): boolean {
    return this.isOnline(userId) && !this.presence.isHidden(userId);
  }

  sharesRoom(userId: string, otherId: string): boolean {
    return this.rooms().some(({ members }) => members.has(userId) && members.has(otherId));
  }

  /** Whether they share a room, or the peer is in a public room, as a guest, that the other is a member of. */
  mayWatch({ user, rooms }: Peer, userId: string): boolean {
    return this.rooms().some(
      ({ id, type, members }) =>
        members.has(userId) && (members.has(user.id) || (type === 'public' && rooms.has(id))),
    );
  }

  /** Tells the watchers of a user who has come or gone. */
  tellPresence(userId: string): void {
    const isOnline = this.isShownOnline(userId);
    const presence = { online: isOnline ? [userId] : [], offline: isOnline ? [] : [userId] };
    for (const peer of this.peers) if (peer.watched.has(userId)) peer.hear('users:presence', presence);
  }

  endMembership(room: MemoryRoom, userId: string): void {
    const { id: roomId } = room;
    if (!room.members.delete(userId)) return;
    if (room.type === 'private') this.leaveOnAllDevices(userId, roomId);
    this.tellUser(userId, 'member:left', { roomId });
    this.tellRoom(roomId, 'room:members', { roomId, members: this.membersOf(room) });
  }

  leaveOnAllDevices(userId: string, roomId: string): void {
    for (const peer of this.peers) if (peer.user.id === userId) this.leave(peer, roomId);
  }

  leave(peer: Peer, roomId: string): void {
    const { id: userId } = peer.user;
    this.stopTyping(peer, roomId);
    if (!peer.rooms.delete(roomId) || this.isPresent(roomId, userId)) return;
    this.tellRoom(roomId, 'room:user-left', { roomId, userId });
  }

  /** Tells the others, if the user was typing there. */
  stopTyping(peer: Peer, roomId: string): void {
    if (!peer.typingIn.delete(roomId)) return;
    this.tellRoom(roomId, 'typing:stopped', { roomId, userId: peer.user.id }, peer);
  }

  /** The message that this request has made already. */
  sentBefore(userId: string, request: SendRequest): Message | undefined {
    const before = request.clientId ? this.sent.get(`${userId}\n${request.clientId}`) : undefined;
    if (!before) return undefined;
    if (before.request !== meaningOf(request))
      throw new ChatError('conflict', 'This clientId was used for another message');
    const { id, roomId, seq } = before.message;
    const message = this.all.get(roomId)?.find(id);
    if (!message) throw new ChatError('message_not_found', 'Message not found');
    return { ...message, seq };
  }

  remember(userId: string, request: SendRequest, message: Message): void {
    if (request.clientId)
      this.sent.set(`${userId}\n${request.clientId}`, { request: meaningOf(request), message });
  }

  // Events to others.

  tellRoom<Name extends keyof ServerToClientEvents>(
    roomId: string,
    event: Name,
    data: Told<Name>,
    except?: Peer,
  ): void {
    for (const peer of this.peers) if (peer !== except && peer.rooms.has(roomId)) peer.hear(event, data);
  }

  tellUser<Name extends keyof ServerToClientEvents>(
    userId: string,
    event: Name,
    data: Told<Name>,
    except?: Peer,
  ): void {
    for (const peer of this.peers) if (peer !== except && peer.user.id === userId) peer.hear(event, data);
  }

  countsOf(room: MemoryRoom, userId: string): RoomUnread {
    const mentionCount = this.mentions.unreadOf(userId, room.id);
    return { roomId: room.id, unreadCount: room.unreadOf(userId), mentionCount, seq: room.seq };
  }

  /** Notes that a peer is told its counts of a room; false if it knows them. */
  noteTold(peer: Peer, room: MemoryRoom): boolean {
    const { unreadCount, mentionCount } = this.countsOf(room, peer.user.id);
    const told = `${unreadCount} ${mentionCount}`;
    const isNew = peer.counts.get(room.id) !== told;
    peer.counts.set(room.id, told);
    return isNew;
  }

  /** Tells the members who have asked for the list of rooms, or one of them, a count that has changed. */
  tellUnread(room: MemoryRoom, userId?: string): void {
    for (const peer of this.peers) {
      const { id } = peer.user;
      const isTold = peer.isWatching && room.members.has(id) && (userId === undefined || userId === id);
      if (isTold && this.noteTold(peer, room)) peer.hear('room:unread', this.countsOf(room, id));
    }
  }

  tellActivity(room: MemoryRoom, { senderId, createdAt }: Message): void {
    const activity = { roomId: room.id, lastMessageAt: createdAt, by: [{ userId: senderId, count: 1 }] };
    this.tellWatchers(room, 'room:activity', activity);
  }

  /** Those who have asked for the list of rooms, and are members but not in the room. */
  tellWatchers<Name extends keyof ServerToClientEvents>(
    room: MemoryRoom,
    event: Name,
    data: Told<Name>,
  ): void {
    for (const peer of this.peers) {
      const isAway = peer.isWatching && room.members.has(peer.user.id) && !peer.rooms.has(room.id);
      if (isAway) peer.hear(event, data);
    }
  }
}

/** The parts of a request that make it the same message. */
function meaningOf({ roomId, content, type, metadata, replyTo, ...thread }: SendRequest): string {
  const { threadId, alsoToRoom } = thread;
  const parts = [roomId, content, type || 'text', metadata || {}, replyTo ?? null];
  return JSON.stringify(threadId ? [...parts, threadId, alsoToRoom ?? false] : parts);
}
