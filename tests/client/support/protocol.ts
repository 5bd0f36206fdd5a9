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
  unreadCount: number;
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
  'room:user-read': { roomId: string; userId: string; timestamp: string };
  'room:error': { roomId?: string; event: string; code: string; error: string };
  'room:activity': { roomId: string; lastMessageAt: string; by: { userId: string; count: number }[] };
  'room:invited': { room: Room; from: { id: string; name?: string } };
  'message:new': Message;
  'message:updated': Message;
  'message:deleted': { messageId: string; roomId: string };
  'reaction:added': ReactionChange;
  'reaction:removed': ReactionChange;
  'typing:user': { roomId: string; userId: string; userName?: string };
  'typing:stopped': { roomId: string; userId: string };
  'dm:started': { room: Room; from: { id: string; name?: string } };
  'member:left': { roomId: string };
  'users:presence': { online: string[]; offline: string[] };
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
  /** Ids in the ack of `room:presence`, members in the acks of `users:find` and `users:show`. */
  users: (string | Member)[];
  count: number;
  /** In the ack of `users:watch`. */
  online: string[];
  /** In the ack of `messages:sync`: the missed events, up to `seq`. */
  events: { event: string; data: unknown }[];
  seq: number;
  complete: boolean;
  more: boolean;
}

/** The events that a client sends. */
export const CLIENT_EVENTS = [
  'room:join',
  'room:leave',
  'room:read',
  'message:send',
  'message:edit',
  'message:delete',
  'messages:load',
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
  'member:join',
  'member:leave',
] as const;

export type ClientEvent = (typeof CLIENT_EVENTS)[number];
