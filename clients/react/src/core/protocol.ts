// The types of the events between client and server. The server's own fixtures (tests/fixtures/protocol) check these
// types.

import type {
  MentionNotice,
  NewStatus,
  Reader,
  RoomUnread,
  Status,
  UserPresence,
  UserRead,
  UserSettings,
} from './userTypes.js';
import type { Quote, ThreadPlace, ThreadRequests, ThreadRoot, ThreadSummary } from './threads.js';

export type * from './threads.js';
export type * from './userTypes.js';

/** Text in UTC such as `2026-01-31T09:05:07.042Z`. */
export type Timestamp = string;

/** The original's types; with the server's setting `MESSAGE_TYPES` there are others. */
export type MessageType = 'text' | 'image' | 'file' | 'system';
/** A type that may be sent: also one of the server's setting `MESSAGE_TYPES`. */
export type SentType = MessageType | (string & Record<never, never>);
export type RoomType = 'public' | 'private' | 'direct';

export interface Reaction {
  emoji: string;
  userId: string;
}

/** A message as the server tells it. */
export interface Message {
  id: string;
  roomId: string;
  senderId: string;
  content: string;
  type: MessageType;
  /** Any JSON; `{}` when the sender gave none. */
  metadata: unknown;
  /** The id of the message that this one answers. */
  replyTo: string | null;
  createdAt: Timestamp;
  /** Null until it is edited. */
  updatedAt: Timestamp | null;
  /** The name in the database, not in the token. */
  senderName: string;
  sender?: { name: string };
  /** In the order in which they were added. */
  reactions: Reaction[];
  /** The number of the change in the room's log; absent in history and pages. */
  seq?: number;
  /** The content is the beginning of a long one, of which `messages:show` has all: for clients that take excerpts. */
  truncated?: true;
  /** The thread that the message belongs to, if it does. */
  thread?: ThreadPlace;
  /** The state of the thread that hangs on the message; null if it has no replies any more. */
  threadSummary?: ThreadSummary | null;
  /** In `message:new` of a reply: its root, with the state of its thread. */
  root?: ThreadRoot;
}

export interface Member {
  id: string;
  name: string;
  avatar: string | null;
}

/** A user as their token names them: a token without a `name` claim leaves the name out. */
export interface TokenUser {
  id: string;
  name?: string;
}

export interface Room {
  id: string;
  name: string;
  type: RoomType;
  createdAt: Timestamp;
  /** Ids. */
  members: string[];
}

/** A room without its members. */
export interface ShownRoom {
  id: string;
  name: string;
  type: RoomType;
  createdAt: Timestamp;
  topic: string | null;
  /** The user who created it, if that was recorded. */
  ownerId: string | null;
}

/** A room as `rooms:list` lists it. */
export interface ListedRoom {
  id: string;
  name: string;
  type: RoomType;
  createdAt: Timestamp;
  isMember: boolean;
  /** The other one, in a direct room. */
  with: Member | null;
  lastMessageAt: Timestamp | null;
  topic: string | null;
  /** Messages of others since the caller read it last: 99 stands for 99 or more. */
  unreadCount: number;
  /** Unread messages that mention the caller: 99 stands for 99 or more. */
  mentionCount: number;
}

/** The users who are online in a room. */
export interface Presence {
  /** Ids; at most 500. */
  users: string[];
  /** How many there are in all. */
  count: number;
}

export type ErrorCode =
  | 'bad_input'
  | 'forbidden'
  | 'room_not_found'
  | 'user_not_found'
  | 'message_not_found'
  | 'delete_refused'
  | 'conflict'
  | 'busy'
  | 'no_search'
  | 'shutting_down'
  | 'unavailable'
  | 'internal';

export interface Refused {
  success: false;
  /** For people. */
  error: string;
  code: ErrorCode;
}

export type Done<T extends object = object> = { success: true } & T;
export type Answer<T extends object = object> = Done<T> | Refused;
export type Ack<T extends object = object> = (answer: Answer<T>) => void;

/** `null` where it is the same as absent. */
export type OrNull<T> = { [Key in keyof T]: undefined extends T[Key] ? T[Key] | null : T[Key] };

export interface SendRequest {
  roomId: string;
  content: string;
  type?: SentType;
  metadata?: unknown;
  replyTo?: string;
  /** The id of the message on which a thread hangs, or of a reply in it: the message is a reply in that thread. */
  threadId?: string;
  /** A reply in a thread is shown in the room, too. */
  alsoToRoom?: boolean;
  /** Text of up to 64 bytes. The same one again is the same message. */
  clientId?: string;
  /** The content is a chunk of a longer one. */
  chunk?: Chunk;
}

export interface EditRequest {
  messageId: string;
  content: string;
  chunk?: Chunk;
}

/** The place of a chunk in the content of a long message. */
export interface Chunk {
  /** The same for all chunks of a content: text of up to 64 bytes. */
  id: string;
  /** From 0 on. */
  index: number;
  count: number;
}

/** The answer to a chunk, in place of the message, while others are missing. */
export interface ChunkProgress {
  id: string;
  count: number;
  /** How many have come. */
  received: number;
  /** The first of the others, at most 100. */
  missing: number[];
}

export interface ReactionRequest {
  messageId: string;
  /** The server looks at the message's own. */
  roomId?: string;
  emoji: string;
}

/** A reaction that came or went, as the server tells it. */
export interface ReactionChange extends Reaction {
  messageId: string;
  roomId: string;
  seq: number;
}

export interface PageRequest {
  roomId: string;
  /** Only messages older than this, as text that `Date` reads or in milliseconds; the newest if absent. */
  before?: Timestamp | number;
  /** 50 if it is 0 or absent. */
  limit?: number;
}

export interface SearchRequest {
  /** Words, `"phrases"`, `prefix*`, and the operators `from:`, `in:`, `before:`, `after:` and `has:`. */
  query: string;
  /** `newest` if absent. */
  order?: 'newest' | 'relevance';
  /** 20 if it is 0 or absent; at most 50. */
  limit?: number;
  /** The `after` of the page before. */
  after?: string;
}

export interface SearchPage {
  results: {
    message: Message;
    /** The matches in the content, each its start and its end. */
    highlights: [start: number, end: number][];
  }[];
  /** The cursor for the next page. */
  after: string | null;
  isComplete: boolean;
  /** The share of the searched rooms whose whole history is indexed, if it is not 1 yet. */
  indexed?: number;
}

export interface SyncedEvent {
  event: keyof LogEvents;
  data: unknown;
}

export interface Synced {
  events: SyncedEvent[];
  /** How far the answer reaches: the next `since`. */
  seq: number;
  /** With these events the client has everything. */
  complete: boolean;
  /** Ask again, from `seq`. When neither is true there is no way from `since` to here. */
  more: boolean;
}

/** The messages in a room since the last one of these. */
export interface RoomActivity {
  roomId: string;
  lastMessageAt: Timestamp;
  by: { userId: string; count: number }[];
}

/** The name and the topic of a room after a change, and the user who made it. */
export interface RoomUpdate {
  roomId: string;
  name: string;
  topic: string | null;
  by: string;
  seq: number;
}

/** A name or a topic that is absent stays. A topic that is `null` or empty takes the topic away. */
export interface RoomChange {
  name?: string;
  topic?: string | null;
}

export interface NewRoom {
  name: string;
  /** `public` if absent. */
  type?: 'public' | 'private' | null;
  /** Ids of others than the caller. */
  members?: string[];
}

/** The events that are in a room's log. Each has a `seq`: 1, 2, 3 without holes. */
export interface LogEvents {
  'message:new': (message: Message) => void;
  'message:updated': (message: Omit<Message, 'root'>) => void;
  'message:deleted': (deleted: {
    messageId: string;
    roomId: string;
    seq: number;
    /** The root of a reply, with the state of its thread. */
    root?: ThreadRoot;
  }) => void;
  'reaction:added': (change: ReactionChange) => void;
  'reaction:removed': (change: ReactionChange) => void;
  /** Also told on sockets that have asked for `rooms:list`, of the user's own rooms. */
  'room:updated': (update: RoomUpdate) => void;
}

/** The events that the server sends. */
export interface ServerToClientEvents extends LogEvents {
  /** Newest first. `seq` is the last change that it includes. */
  'room:history': (history: { roomId: string; messages: Message[]; seq: number }) => void;
  'room:members': (members: { roomId: string; members: Member[] }) => void;
  'room:user-joined': (joined: { roomId: string; user: TokenUser }) => void;
  'room:user-left': (left: { roomId: string; userId: string }) => void;
  'room:user-read': (read: UserRead) => void;
  'room:error': (refused: { roomId?: string; event: string; code: ErrorCode; error: string }) => void;
  /** Told on sockets that have asked for `rooms:list`, of the user's own rooms that the socket is not in. */
  'room:activity': (activity: RoomActivity) => void;
  /** Told on sockets that have asked for `rooms:list`, whenever a count of the user's changes. */
  'room:unread': (unread: RoomUnread) => void;
  'room:invited': (invited: { room: Room; from: TokenUser }) => void;
  /** The user is no longer a member of this room: by another device, too. */
  'member:left': (left: { roomId: string }) => void;
  /** Users whom `users:watch` named, by id: those who came online, and those who went offline. */
  'users:presence': (presence: { online: string[]; offline: string[] }) => void;
  /** Users whom `presence:watch` named, as they are now. */
  'presence:update': (update: { users: UserPresence[] }) => void;
  /** Told on every socket of the mentioned user, whichever rooms it is in. */
  'mention:new': (mention: MentionNotice) => void;
  /** The user has read all mentions up to then, on some device. */
  'mention:read': (read: { at: Timestamp }) => void;
  /** The unread replies of a thread that the user follows. Told on every socket of the user. */
  'thread:unread': (unread: { rootId: string; roomId: string; unreadCount: number }) => void;
  /** With the server's setting `DELIVERY_RECEIPTS`: the messages have reached a device of the user up to `seq`. */
  'message:delivered': (delivered: { roomId: string; userId: string; seq: number }) => void;
  'typing:user': (typing: { roomId: string; userId: string; userName?: string }) => void;
  'typing:stopped': (stopped: { roomId: string; userId: string }) => void;
  'dm:started': (started: { room: Room; from: TokenUser }) => void;
  /** Says nothing: whoever cannot take it is cut off. */
  'server:pulse': () => void;
}

/** The events that a client sends. Every ack may be left out. */
export interface ClientToServerEvents extends ThreadRequests {
  'room:join': (roomId: string, ack?: Ack) => void;
  'room:leave': (roomId: string, ack?: Ack) => void;
  'room:read': (roomId: string, ack?: Ack) => void;
  'room:mark-unread': (mark: { roomId: string; messageId: string }, ack?: Ack) => void;
  'unread:list': (nothing: Record<string, never>, ack: Ack<{ rooms: RoomUnread[] }>) => void;
  'message:readers': (
    page: OrNull<{ messageId: string; after?: string; limit?: number }>,
    ack: Ack<{ readers: Reader[]; after: string | null }>,
  ) => void;
  'settings:show': (nothing: Record<string, never>, ack: Ack<{ settings: UserSettings }>) => void;
  'settings:update': (change: OrNull<Partial<UserSettings>>, ack?: Ack<{ settings: UserSettings }>) => void;
  'room:presence': (roomId: string, ack: Ack<Presence>) => void;
  'room:create': (room: NewRoom, ack?: Ack<{ room: Room }>) => void;
  'room:update': (change: OrNull<{ roomId: string } & RoomChange>, ack?: Ack<{ room: ShownRoom }>) => void;
  'room:invite': (invitation: { roomId: string; userId: string }, ack?: Ack<{ members: Member[] }>) => void;
  'rooms:list': (nothing: Record<string, never>, ack: Ack<{ rooms: ListedRoom[] }>) => void;
  'users:watch': (watch: { userIds: string[] }, ack: Ack<{ online: string[] }>) => void;
  /** The device is active, or away. One that says nothing is active. */
  'presence:set': (device: { state: 'online' | 'away' }, ack?: Ack) => void;
  'presence:list': (
    list: { userIds: string[] } | { roomId: string },
    ack: Ack<{ users: UserPresence[] }>,
  ) => void;
  'presence:watch': (watch: { userIds: string[] }, ack: Ack<{ users: UserPresence[] }>) => void;
  'status:set': (status: NewStatus, ack?: Ack<{ status: Status | null }>) => void;
  'member:join': (roomId: string, ack?: Ack<{ room: Room }>) => void;
  'member:leave': (roomId: string, ack?: Ack) => void;
  'mentions:list': (
    page: { before?: string | null; limit?: number | null },
    ack: Ack<{ mentions: MentionNotice[]; before: string | null }>,
  ) => void;
  'mentions:read': (nothing: Record<string, never>, ack?: Ack<{ at: Timestamp }>) => void;
  'member:remove': (removal: { roomId: string; userId: string }, ack?: Ack) => void;
  'messages:search': (search: OrNull<SearchRequest>, ack: Ack<SearchPage>) => void;
  'users:show': (show: { userIds: string[] }, ack: Ack<{ users: Member[] }>) => void;
  'users:find': (find: { query: string }, ack: Ack<{ users: Member[] }>) => void;
  'message:send': (message: OrNull<SendRequest>, ack?: Ack<{ message: Message }>) => void;
  'message:edit': (edit: OrNull<EditRequest>, ack?: Ack<{ message: Message }>) => void;
  'message:delete': (deletion: OrNull<{ messageId: string; roomId?: string }>, ack?: Ack) => void;
  'messages:load': (
    page: OrNull<PageRequest>,
    ack: (answer: { success?: true; messages: Message[] } | (Refused & { messages: [] })) => void,
  ) => void;
  /** With `asQuotes`, the messages are only quoted, each of them, in the order of the request. */
  'messages:show': (
    show: { messageIds: string[]; asQuotes?: boolean | null },
    ack: Ack<{ messages: Message[]; quotes?: Quote[] }>,
  ) => void;
  'messages:sync': (since: { roomId: string; since: number }, ack: Ack<Synced>) => void;
  'reaction:add': (reaction: OrNull<ReactionRequest>, ack?: Ack) => void;
  'reaction:remove': (reaction: OrNull<ReactionRequest>, ack?: Ack) => void;
  'typing:start': (roomId: string, ack?: Ack) => void;
  'typing:stop': (roomId: string, ack?: Ack) => void;
  'dm:start': (userId: string, ack?: Ack<{ room: Room; members: string[] }>) => void;
}
