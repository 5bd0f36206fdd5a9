// The shapes that the client, the hook and the component share.
import type { ErrorCode, Member, Message, MessageType, Timestamp } from './protocol.js';

/** A message on the page: one of the server's, or one of our own on its way there. */
export interface ChatMessage extends Message {
  /**
   * What React's `key` should be: stays the same when a message that was on its way gets its id.
   */
  key: string;
  /** Of one's own messages that are not yet acked; all others are `sent`. */
  status: MessageStatus;
  /** Why it failed. */
  failure?: Refusal;
}

export type MessageStatus = 'sending' | 'sent' | 'failed';

/** Why the server, or the network, refused. */
export interface Refusal {
  /** `signed_out`: the token was not taken. `offline`: there is no connection. */
  code: ErrorCode | 'signed_out' | 'offline';
  /** For people. */
  error: string;
}

/**
 * - `connecting`: for the first time
 * - `connected`
 * - `reconnecting`: the connection was lost, and comes back by itself
 * - `refused`: the token was not taken; only a new token helps. See `refusal`.
 * - `closed`: nobody uses the connection
 */
export type ConnectionStatus = 'connecting' | 'connected' | 'reconnecting' | 'refused' | 'closed';

export interface TypingUser {
  userId: string;
  userName: string;
}

export interface SendOptions {
  /** What is of the system only the server says: it refuses that. */
  type?: MessageType;
  replyTo?: string;
  metadata?: unknown;
}

/** A token, or a function that gets one: it is asked again each time that the socket connects. */
export type TokenSource = string | (() => string | Promise<string>);

/** What has been missed for good: what the page shows may lack changes, and has been loaded anew. */
export interface Discontinuity {
  roomId: string;
  /** The last change that the page had. */
  since: number;
}

/** What is known of a room. A new object whenever anything in it has changed, and the parts that have not are the same. */
export interface RoomState {
  roomId: string;
  /** The history has come, and the list of rooms if that is on the page: it is known where the reading stopped. */
  isReady: boolean;
  /** Why the room could not be entered. */
  refusal: Refusal | null;
  /** Oldest first; one's own that are on their way come last. */
  messages: readonly ChatMessage[];
  members: readonly Member[];
  /** Others who are writing. */
  typingUsers: readonly TypingUser[];
  /** Ids of those who are here, oneself included. */
  present: ReadonlySet<string>;
  /** Until when the others have read, by user id. Only what was told while we were here. */
  readBy: ReadonlyMap<string, Timestamp>;
  /** There are older messages. */
  hasMore: boolean;
  /** Older messages are on their way. */
  isLoading: boolean;
  /** Messages of others since it was read last. */
  unreadCount: number;
  firstUnreadId: string | null;
}

/** What one may do in a room. The functions never change, so they may stand in React's dependency lists. */
export interface RoomActions {
  /**
   * Shows the message at once and sends it when there is a connection. Resolves when it is committed; rejects with a
   * `ChatError` when it was refused or discarded. It may be ignored: the message's `status` says the same.
   */
  readonly sendMessage: (content: string, options?: SendOptions) => Promise<ChatMessage>;
  /** Sends a failed message again; the id is the message's. */
  readonly retry: (id: string) => void;
  /** Forgets a message that failed or still waits. */
  readonly discard: (id: string) => void;
  readonly editMessage: (messageId: string, content: string) => Promise<ChatMessage>;
  readonly deleteMessage: (messageId: string) => Promise<void>;
  readonly addReaction: (messageId: string, emoji: string) => Promise<void>;
  readonly removeReaction: (messageId: string, emoji: string) => Promise<void>;
  /** To be called on each key: tells the others, and that it has ended when no call comes for 3 s. */
  readonly startTyping: () => void;
  readonly stopTyping: () => void;
  /** Loads a page of older messages: those that came, oldest first. A call while one is on its way shares its answer. */
  readonly loadMore: () => Promise<readonly ChatMessage[]>;
  readonly markAsRead: () => void;
}

/** What `useChat` returns. The first thirteen names are those of the original's hook. */
export interface Chat extends RoomActions, Omit<RoomState, 'refusal'> {
  connected: boolean;
  connectionStatus: ConnectionStatus;
  /** Why there is no connection, or no entry into the room. */
  refusal: Refusal | null;
  /** The id of the user whose token it is; null until the token is known. */
  userId: string | null;
}
