// Each event that a client sends, as the server in memory carries it out. docs/protocol.md says what each means.
import { ChatError } from '../core/errors.js';
import type { ChunkProgress, ListedRoom, Member, Message } from '../core/protocol.js';
import type { Asked } from '../core/wire.js';
import { done, type Handlers } from './handlers.js';
import type { Peer } from './peer.js';
import { PAGE, type MemoryRoom } from './room.js';
import { search } from './search.js';
import { THREAD_HANDLERS } from './threadEvents.js';
import { quoteOf } from './threads.js';
import type { World } from './world.js';

const MOST_FOUND = 20;
const MOST_PRESENT = 500;
const READERS = 100;
const MOST_READERS = 1_000;
const MOST_SEARCHED = 500;

export const HANDLERS: Handlers = {
  'room:join'(world, peer, roomId) {
    const room = world.entered(peer, roomId);
    const isHere = world.isPresent(roomId, peer.user.id);
    peer.hear('room:history', { roomId, messages: room.page(null, PAGE), seq: room.seq });
    peer.hear('room:members', { roomId, members: world.membersOf(room) });
    if (!isHere) world.tellRoom(roomId, 'room:user-joined', { roomId, user: peer.user }, peer);
    peer.rooms.add(roomId);
    room.markRead(peer.user.id);
    world.tellUnread(room, peer.user.id);
    return done;
  },

  'room:leave'(world, peer, roomId) {
    world.leave(peer, roomId);
    return done;
  },

  'room:read'(world, peer, roomId) {
    const room = world.entered(peer, roomId);
    room.markRead(peer.user.id);
    world.tellUnread(room, peer.user.id);
    if (world.hasPrivateReads(peer.user.id)) return done;
    const timestamp = new Date(world.now()).toISOString();
    const read = { roomId, userId: peer.user.id, timestamp, seq: room.seq };
    world.tellRoom(roomId, 'room:user-read', read, peer);
    return done;
  },

  'room:mark-unread'(world, peer, { roomId, messageId }) {
    const room = world.entered(peer, roomId);
    if (!room.find(messageId)) throw new ChatError('message_not_found', 'Message not found');
    room.markUnread(peer.user.id, messageId);
    world.tellUnread(room, peer.user.id);
    return done;
  },

  'unread:list'(world, peer) {
    const mine = world.rooms().filter(({ members }) => members.has(peer.user.id));
    return { rooms: mine.map((room) => world.countsOf(room, peer.user.id)) };
  },

  'message:readers'(world, peer, { messageId, after, limit }) {
    const room = world.touched(peer, messageId);
    const last = after ?? '';
    const shown = room
      .readersOf(messageId)
      .filter(([userId]) => userId > last && !world.hasPrivateReads(userId));
    const most = Math.min(limit || READERS, MOST_READERS);
    const readers = shown
      .slice(0, most)
      .map(([userId, at]) => ({ ...world.userOf(userId), at: new Date(at).toISOString() }));
    return { readers, after: shown.length > most ? (readers.at(-1)?.id ?? null) : null };
  },

  'settings:show'(world, peer) {
    return { settings: settingsOf(world, peer) };
  },

  'settings:update'(world, peer, { privateReads, hidePresence }) {
    if (typeof privateReads === 'boolean') world.choosePrivateReads(peer.user.id, privateReads);
    if (typeof hidePresence === 'boolean') world.presence.hide(peer.user.id, hidePresence);
    return { settings: settingsOf(world, peer) };
  },

  'room:presence'(world, peer, roomId) {
    world.entered(peer, roomId);
    const users = world.presentIn(roomId);
    return { users: users.slice(0, MOST_PRESENT), count: users.length };
  },

  'room:create'(world, peer, { name, type, members = [] }) {
    for (const userId of members) world.userOf(userId);
    const room = world.addRoom({
      name: name.trim(),
      type: type ?? 'public',
      members: [peer.user.id, ...members],
      ownerId: peer.user.id,
    });
    for (const userId of room.members)
      world.tellUser(userId, 'room:invited', { room: room.view, from: peer.user }, peer);
    return { room: room.view };
  },

  'room:update'(world, peer, { roomId, name, topic }) {
    const room = world.entered(peer, roomId);
    if (room.type === 'direct')
      throw new ChatError('forbidden', 'A direct room has no name or topic of its own');
    if (!room.members.has(peer.user.id))
      throw new ChatError('forbidden', 'You are not a member of this room');
    const update = room.update({ name, topic }, peer.user.id);
    if (update) {
      world.tellRoom(roomId, 'room:updated', update);
      world.tellWatchers(room, 'room:updated', update);
    }
    return { room: room.shown };
  },

  'room:invite'(world, peer, { roomId, userId }) {
    const room = world.entered(peer, roomId);
    if (room.type === 'direct') throw new ChatError('forbidden', 'A direct room is for two');
    if (userId === peer.user.id) throw new ChatError('forbidden', 'You cannot invite yourself');
    world.userOf(userId);
    if (room.members.has(userId)) return { members: world.membersOf(room) };
    room.members.add(userId);
    room.markRead(userId);
    const members = world.membersOf(room);
    world.tellUser(userId, 'room:invited', { room: room.view, from: peer.user });
    world.tellRoom(roomId, 'room:members', { roomId, members });
    return { members };
  },

  'member:join'(world, peer, roomId) {
    const room = world.entered(peer, roomId);
    if (room.members.has(peer.user.id)) return { room: room.view };
    room.members.add(peer.user.id);
    world.tellUser(peer.user.id, 'room:invited', { room: room.view, from: peer.user }, peer);
    world.tellRoom(roomId, 'room:members', { roomId, members: world.membersOf(room) });
    return { room: room.view };
  },

  'member:leave'(world, peer, roomId) {
    const room = world.entered(peer, roomId);
    if (room.type === 'direct') throw new ChatError('forbidden', 'A direct room is for two');
    world.endMembership(room, peer.user.id);
    return done;
  },

  'member:remove'(world, peer, { roomId, userId }) {
    const room = world.entered(peer, roomId);
    if (room.type === 'direct') throw new ChatError('forbidden', 'A direct room is for two');
    if (userId !== peer.user.id) ensureOwner(room, peer.user.id);
    world.endMembership(room, userId);
    return done;
  },

  'users:watch'(world, peer, { userIds }) {
    peer.watched = new Set(userIds.filter((userId) => world.mayWatch(peer, userId)));
    return { online: [...peer.watched].filter((userId) => world.isShownOnline(userId)).sort() };
  },

  'presence:set'(world, peer, { state }) {
    peer.isAway = state === 'away';
    world.presence.changed(peer.user.id);
    return done;
  },

  'presence:list'(world, peer, request) {
    if ('roomId' in request && request.roomId) return { users: world.presence.ofRoom(peer, request.roomId) };
    return { users: world.presence.list(peer, 'userIds' in request ? request.userIds : []) };
  },

  'presence:watch'(world, peer, { userIds }) {
    return { users: world.presence.watch(peer, userIds) };
  },

  'status:set'(world, peer, status) {
    return { status: world.presence.setStatus(peer.user.id, status) };
  },

  'rooms:list'(world, peer) {
    peer.isWatching = true;
    const listed = world.rooms().filter((room) => room.type === 'public' || room.members.has(peer.user.id));
    for (const room of listed) world.noteTold(peer, room);
    // The room that was made last stands first among those of one moment.
    return {
      rooms: listed
        .map((room) => listedFor(world, peer, room))
        .reverse()
        .sort(byActivity),
    };
  },

  'mentions:list'(world, peer, { before, limit }) {
    return world.mentions.list(peer.user.id, before, limit);
  },

  'mentions:read'(world, peer) {
    const at = new Date(world.moment()).toISOString();
    world.mentions.markRead(peer.user.id, at);
    world.tellUser(peer.user.id, 'mention:read', { at });
    return { at };
  },

  'users:show'(world, _, { userIds }) {
    return {
      users: world
        .users()
        .filter(({ id }) => userIds.includes(id))
        .sort(byId),
    };
  },

  'users:find'(world, _, { query }) {
    const sought = query.trim().toLowerCase();
    const found = world.users().filter(({ id, name }) => `${id}\n${name}`.toLowerCase().includes(sought));
    return { users: found.sort((one, other) => (one.name < other.name ? -1 : 1)).slice(0, MOST_FOUND) };
  },

  'message:send'(world, peer, request) {
    const room = world.entered(peer, request.roomId);
    const whole = request.chunk
      ? world.chunks.add(peer.user.id, request.chunk, request.content)
      : request.content;
    if (typeof whole !== 'string') return missing(whole);
    world.stopTyping(peer, room.id);
    const clientId = request.clientId ?? request.chunk?.id;
    const known = { ...request, ...unset(request), content: whole, clientId, chunk: undefined };
    const sent = world.sentBefore(peer.user.id, known);
    if (sent) return { message: sent };
    const { threadId, alsoToRoom } = request;
    const rootId = threadId ? world.threads.rootFor(room, threadId) : undefined;
    const place = rootId === undefined ? undefined : { rootId, alsoToRoom: alsoToRoom ?? false };
    const answered = request.replyTo || rootId;
    const added = room.add(
      world.userOf(peer.user.id),
      { ...known, replyTo: answered ?? known.replyTo },
      place,
    );
    const mentioned = world.mentions.namedIn(room, added);
    world.threads.note(room, added, mentioned);
    const root = world.threads.rootAfter(added.id);
    const message = root ? room.noteRoot(added, root) : added;
    world.remember(peer.user.id, known, message);
    world.tellRoom(room.id, 'message:new', message);
    if (place?.alsoToRoom !== false) world.tellActivity(room, message);
    world.mentions.note(room, message);
    world.threads.tellOthers(message);
    world.tellUnread(room);
    return { message };
  },

  'message:edit'(world, peer, { messageId, content, chunk }) {
    const room = world.roomOfMessage(messageId);
    if (room?.find(messageId)?.senderId !== peer.user.id)
      throw new ChatError('message_not_found', 'Message not found');
    const whole = chunk ? world.chunks.add(peer.user.id, chunk, content) : content;
    if (typeof whole !== 'string') return missing(whole);
    const message = world.entered(peer, room.id).edit(messageId, whole);
    world.tellRoom(room.id, 'message:updated', message);
    world.threads.noteMentioned(message, world.mentions.namedIn(room, message));
    world.mentions.note(room, message);
    return { message };
  },

  'message:delete'(world, peer, { messageId }) {
    const room = world.roomOfMessage(messageId);
    if (room?.find(messageId)?.senderId !== peer.user.id)
      throw new ChatError('delete_refused', 'Failed to delete');
    const deleted = world.entered(peer, room.id).delete(messageId);
    const root = world.threads.rootAfter(messageId);
    world.tellRoom(room.id, 'message:deleted', root ? room.noteRoot(deleted, root) : deleted);
    world.mentions.forget(messageId);
    world.tellUnread(room);
    world.threads.noteDeletion(messageId);
    return done;
  },

  'messages:load'(world, peer, { roomId, before, limit }) {
    return { messages: world.entered(peer, roomId).page(before, limit) };
  },

  'messages:search'(world, peer, request) {
    const readable = world.rooms().filter((room) => room.type === 'public' || room.members.has(peer.user.id));
    return search(
      readable.flatMap((room) => room.page(null, MOST_SEARCHED)),
      request,
      {
        userId: peer.user.id,
        users: world.users(),
        rooms: readable.map(({ id, name }) => ({ id, name })),
        ensureRoom: (roomId) => void world.entered(peer, roomId),
      },
    );
  },

  'messages:show'(world, peer, { messageIds, asQuotes }) {
    const open = world.rooms().filter(({ type, members }) => type === 'public' || members.has(peer.user.id));
    if (asQuotes)
      return {
        messages: [],
        quotes: messageIds.map((id) => quoteOf(id, open.flatMap((room) => room.find(id) ?? [])[0])),
      };
    const found = messageIds.flatMap((id) => open.flatMap((room) => room.shownMessage(id) ?? []));
    return { messages: [...new Map(found.map((message) => [message.id, message])).values()].sort(byTime) };
  },

  'messages:sync'(world, peer, { roomId, since }) {
    return world.entered(peer, roomId).since(since);
  },

  'reaction:add'(world, peer, { messageId, emoji }) {
    const room = world.touched(peer, messageId);
    const change = room.react(messageId, { emoji, userId: peer.user.id });
    if (change) world.tellRoom(room.id, 'reaction:added', change);
    return done;
  },

  'reaction:remove'(world, peer, { messageId, emoji }) {
    const room = world.touched(peer, messageId);
    const change = room.unreact(messageId, { emoji, userId: peer.user.id });
    if (change) world.tellRoom(room.id, 'reaction:removed', change);
    return done;
  },

  ...THREAD_HANDLERS,

  'typing:start'(world, peer, roomId) {
    world.entered(peer, roomId);
    peer.typingIn.add(roomId);
    const { id: userId, name: userName } = peer.user;
    world.tellRoom(roomId, 'typing:user', { roomId, userId, userName }, peer);
    return done;
  },

  'typing:stop'(world, peer, roomId) {
    world.entered(peer, roomId);
    peer.typingIn.add(roomId);
    world.stopTyping(peer, roomId);
    return done;
  },

  'dm:start'(world, peer, userId) {
    if (userId === peer.user.id)
      throw new ChatError('bad_input', 'A direct message needs another user than yourself');
    world.userOf(userId);
    const members = [peer.user.id, userId].sort();
    const id = `dm:${members.join(':')}`;
    const room = world.findRoom(id) ?? world.addRoom({ id, name: 'Direct Message', type: 'direct', members });
    peer.rooms.add(id);
    world.tellUser(userId, 'dm:started', { room: room.view, from: peer.user });
    return { room: room.view, members };
  },
};

function settingsOf(world: World, { user }: Peer) {
  return { privateReads: world.hasPrivateReads(user.id), hidePresence: world.presence.isHidden(user.id) };
}

function ensureOwner({ ownerId }: MemoryRoom, userId: string): void {
  if (ownerId === null)
    throw new ChatError('forbidden', 'This room has no recorded owner, so nobody may remove others');
  if (ownerId !== userId) throw new ChatError('forbidden', 'Only the owner of this room may remove others');
}
const byId = (one: Member, other: Member) => (one.id < other.id ? -1 : 1);
const byTime = (one: Message, other: Message) => (one.createdAt < other.createdAt ? -1 : 1);

/** `null` is the same as absent. */
function unset({ type, replyTo, clientId }: Asked['message:send']['argument']) {
  return {
    type: type ?? undefined,
    replyTo: replyTo ?? undefined,
    clientId: clientId ?? undefined,
    threadId: undefined,
    alsoToRoom: undefined,
  };
}

/** The answer to a chunk, which the types of the event do not have: only `core/chunks` sends any. */
function missing(chunk: ChunkProgress): { message: Message } {
  return { chunk } as never;
}

function listedFor(world: World, peer: Peer, room: MemoryRoom): ListedRoom {
  const { id, name, type, createdAt } = room.view;
  const other = [...room.members].find((userId) => userId !== peer.user.id);
  return {
    ...{ id, name, type, createdAt },
    isMember: room.members.has(peer.user.id),
    with: type === 'direct' && other !== undefined ? world.userOf(other) : null,
    lastMessageAt: room.lastMessageAt,
    topic: room.topic,
    unreadCount: room.unreadOf(peer.user.id),
    mentionCount: world.mentions.unreadOf(peer.user.id, room.id),
  };
}

function byActivity(one: ListedRoom, other: ListedRoom): number {
  const at = (room: ListedRoom) => room.lastMessageAt ?? room.createdAt;
  return at(one) === at(other) ? 0 : at(one) > at(other) ? -1 : 1;
}
