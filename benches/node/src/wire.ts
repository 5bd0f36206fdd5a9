// The types of the Socket.IO protocol: the events, their payloads and their acks.
import type { Server, Socket } from 'socket.io';

export type MessageType = 'text' | 'image' | 'file' | 'system';
export type RoomType = 'public' | 'private' | 'direct';

/** The user, from the token's claims. `name` is missing when the token has none. */
export interface User {
  id: string;
  name?: string;
}

export interface Member {
  id: string;
  name: string;
  avatar: string | null;
}

export interface Room {
  id: string;
  name: string;
  type: RoomType;
  createdAt: Date;
}

export interface Message {
  id: string;
  roomId: string;
  senderId: string;
  senderName: string;
  content: string;
  type: MessageType;
  metadata: unknown;
  replyTo: string | null;
  createdAt: Date;
  updatedAt: Date | null;
  /** Present in the history, in pages and after an edit. */
  sender?: { name: string };
}

export interface MessageSend {
  roomId: string;
  content: string;
  type?: MessageType;
  metadata?: object;
  replyTo?: string;
}

export interface MessageEdit {
  messageId: string;
  content: string;
}

export interface MessageDelete {
  messageId: string;
  roomId: string;
}

export interface MessagesLoad {
  roomId: string;
  before?: string;
  limit?: number;
}

export interface Reaction {
  messageId: string;
  roomId: string;
  emoji: string;
}

export interface Done {
  success: true;
}

export interface Refused {
  success: false;
  error: string;
}

/** The ack callback is optional. */
export type Ack<Answer = Done> = ((answer: Answer | Refused) => void) | undefined;

export interface Heard {
  'room:history': (view: { roomId: string; messages: Message[] }) => void;
  'room:members': (view: { roomId: string; members: Member[] }) => void;
  'room:user-joined': (view: { roomId: string; user: User }) => void;
  'room:user-left': (view: { roomId: string; userId: string }) => void;
  'room:user-read': (view: { roomId: string; userId: string; timestamp: Date }) => void;
  'message:new': (message: Message) => void;
  'message:updated': (message: Message) => void;
  'message:deleted': (view: MessageDelete) => void;
  'reaction:added': (view: { messageId: string; userId: string; emoji: string }) => void;
  'reaction:removed': (view: { messageId: string; userId: string; emoji: string }) => void;
  'typing:user': (view: { roomId: string; userId: string; userName?: string }) => void;
  'typing:stopped': (view: { roomId: string; userId: string }) => void;
  'dm:started': (view: { room: Room; from: User }) => void;
}

export interface Said {
  'room:join': (roomId: string, ack: Ack) => void;
  'room:leave': (roomId: string, ack: Ack) => void;
  'room:read': (roomId: string, ack: Ack) => void;
  'message:send': (data: MessageSend, ack: Ack<Done & { message: Message }>) => void;
  'message:edit': (data: MessageEdit, ack: Ack<Done & { message: Message }>) => void;
  'message:delete': (data: MessageDelete, ack: Ack) => void;
  'messages:load': (data: MessagesLoad, ack: Ack<{ messages: Message[] }>) => void;
  'reaction:add': (data: Reaction, ack: Ack) => void;
  'reaction:remove': (data: Reaction, ack: Ack) => void;
  'typing:start': (roomId: string, ack: Ack) => void;
  'typing:stop': (roomId: string, ack: Ack) => void;
  'dm:start': (targetId: string, ack: Ack<{ room: Room }>) => void;
}

export interface SocketData {
  user: User;
  /** The rooms that the socket has joined and not left. */
  rooms: Set<string>;
}

export type ChatServer = Server<Said, Heard, Record<string, never>, SocketData>;
export type ChatSocket = Socket<Said, Heard, Record<string, never>, SocketData>;
