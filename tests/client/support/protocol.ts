// Types of the server's events and acks. The tests compare the real values with tests/fixtures/protocol at run time.

export interface Reaction {
  emoji: string;
  userId: string;
}

export interface Message {
  id: string;
  roomId: string;
  senderId: string;
  content: string;
  type: string;
  metadata: unknown;
  replyTo: string | null;
  createdAt: string;
  updatedAt: string | null;
  senderName: string;
  sender?: { name: string };
  reactions: Reaction[];
  seq?: number;
  thread?: { rootId: string; alsoToRoom: boolean };
  threadSummary?: ThreadSummary;
  root?: { id: string; threadSummary: ThreadSummary | null };
}

/** The state of a thread, as its root has it. */
export interface ThreadSummary {
  replyCount: number;
  lastReply: { id: string; senderId: string; createdAt: string };
  participants: Member[];
  participantCount: number;
}

export interface Room {
  id: string;
  name: string;
  type: string;
  createdAt: string;
  members: string[];
}

export interface Member {
  id: string;
  name: string;
  avatar: string | null;
}

/** A room as `rooms:list` has it. */
export interface ListedRoom extends Omit<Room, 'members'> {
  isMember: boolean;
  with: Member | null;
  lastMessageAt: string | null;
  topic: string | null;
  unreadCount: number;
  mentionCount: number;
}

/** The unread messages of a room, as its reader sees them. */
export interface RoomUnread {
  roomId: string;
  unreadCount: number;
  mentionCount: number;
  seq: number;
}

export interface ReactionChange extends Reaction {
  messageId: string;
  roomId: string;
}

/** The events that the server sends, with the argument of each. */
export interface Heard {
  'room:history': { roomId: string; messages: Message[] };
  'room:members': { roomId: string; members: Member[] };
  'room:user-joined': { roomId: string; user: { id: string; name?: string } };
  'room:user-left': { roomId: string; userId: string };
  'room:user-read': { roomId: string; userId: string; timestamp: string; seq: number };
  'room:unread': RoomUnread;
  'message:delivered': { roomId: string; userId: string; seq: number };
  'room:error': { roomId?: string; event: string; code: string; error: string };
  'room:activity': { roomId: string; lastMessageAt: string; by: { userId: string; count: number }[] };
  'room:invited': { room: Room; from: { id: string; name?: string } };
  'message:new': Message;
  'message:updated': Message;
  'message:deleted': { messageId: string; roomId: string };
  'reaction:added': ReactionChange;
  'reaction:removed': ReactionChange;
  'room:updated': { roomId: string; name: string; topic: string | null; by: string; seq: number };
  'typing:user': { roomId: string; userId: string; userName?: string };
  'typing:stopped': { roomId: string; userId: string };
  'dm:started': { room: Room; from: { id: string; name?: string } };
  'member:left': { roomId: string };
  'users:presence': { online: string[]; offline: string[] };
  'presence:update': { users: UserPresence[] };
  'mention:new': Mention;
  'mention:read': { at: string };
  'thread:unread': { rootId: string; roomId: string; unreadCount: number };
}

export interface Status {
  text?: string;
  emoji?: string;
  clearAt?: string;
}

export interface UserPresence {
  userId: string;
  state: 'online' | 'away' | 'offline';
  lastSeenAt?: string;
  status?: Status;
}

export interface Mention {
  messageId: string;
  roomId: string;
  sender: { id: string; name: string };
  kind: 'user' | 'here' | 'room';
  excerpt: string;
  at: string;
  isUnread: boolean;
}

/** All fields that an ack may have. The event and `success` decide which of them are present. */
export interface Answer {
  success: boolean;
  error: string;
  code: string;
  message: Message;
  messages: Message[];
  room: Room;
  /** Ids in the ack of `dm:start`, members in the ack of `room:invite`. */
  members: (string | Member)[];
  rooms: ListedRoom[];
  /**
   * Ids in the ack of `room:presence`, members in the acks of `users:find` and `users:show`, presences in those of
   * `presence:list` and `presence:watch`.
   */
  users: (string | Member | UserPresence)[];
  count: number;
  /** In the ack of `message:readers`. */
  readers: (Member & { at: string })[];
  after: string | null;
  /** In the ack of `settings:show` and `settings:update`. */
  settings: { privateReads: boolean; hidePresence: boolean };
  /** In the ack of `status:set`. */
  status: Status | null;
  /** In the ack of `users:watch`. */
  online: string[];
  /** In the ack of `messages:sync`: the missed events, up to `seq`. */
  events: { event: string; data: unknown }[];
  seq: number;
  complete: boolean;
  more: boolean;
  /** In the acks of `mentions:list` and `mentions:read`. */
  mentions: Mention[];
  before: string | null;
  at: string;
  /** In the ack of `messages:search`. */
  results: { message: Message; highlights: [number, number][] }[];
  isComplete: boolean;
  /** In the acks of `thread:load`, `thread:follow`, `thread:unfollow` and `thread:read`. */
  unreadCount: number;
  /** In the ack of `threads:list`. */
  threads: { roomId: string; root: { id: string }; threadSummary: ThreadSummary; unreadCount: number }[];
}

/** The events that a client sends. */
export const CLIENT_EVENTS = [
  'room:join',
  'room:leave',
  'room:read',
  'room:mark-unread',
  'unread:list',
  'message:readers',
  'settings:show',
  'settings:update',
  'message:send',
  'message:edit',
  'message:delete',
  'messages:load',
  'messages:search',
  'messages:show',
  'messages:sync',
  'reaction:add',
  'reaction:remove',
  'typing:start',
  'typing:stop',
  'dm:start',
  'room:create',
  'room:invite',
  'room:presence',
  'rooms:list',
  'users:find',
  'users:show',
  'users:watch',
  'presence:set',
  'presence:list',
  'presence:watch',
  'status:set',
  'mentions:list',
  'mentions:read',
  'thread:load',
  'thread:follow',
  'thread:unfollow',
  'thread:read',
  'threads:list',
  'member:join',
  'member:leave',
  'room:update',
  'member:remove',
] as const;

export type ClientEvent = (typeof CLIENT_EVENTS)[number];
