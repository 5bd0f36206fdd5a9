// The shapes that the client, the hook and the component share.
import type { ErrorCode, Member, Message, SentType, Timestamp } from './protocol.js';

/** A message on the page: one of the server's, or one of our own on its way there. */
export interface ChatMessage extends Message {
  /** React `key`: it does not change when a pending message gets its id. */
  key: string;
  /** `sending` or `failed` for the user's own messages that are not yet acked; `sent` for all others. */
  status: MessageStatus;
  /** Why it failed. */
  failure?: Refusal;
  /** The thread's root, while one's own reply in a thread is on its way, and whether the room will show it. */
  threadId?: string;
  alsoToRoom?: boolean;
  /** An edit or a reaction of the user's own is shown that the server does not have yet. */
  waits?: boolean;
}

export type MessageStatus = 'sending' | 'sent' | 'failed';

/** Why the server refused a request, or that the network failed. */
export interface Refusal {
  /** `signed_out`: the token was not taken. `offline`: there is no connection. `full`: too much waits to be sent. */
  code: ErrorCode | 'signed_out' | 'offline' | 'full';
  /** For people. */
  error: string;
}

/** A change of the user's own that was refused after the page that made it had gone. */
export interface RefusedChange {
  roomId: string;
  messageId: string;
  event: 'message:edit' | 'message:delete' | 'reaction:add' | 'reaction:remove';
  /** The new text of an edit, else empty. */
  content: string;
  refusal: Refusal;
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
  /** A client may not send `system`: the server refuses it. */
  type?: SentType;
  replyTo?: string;
  metadata?: unknown;
  /** The id of the message on which a thread hangs: the message is a reply in it. */
  threadId?: string;
  /** The room shows the reply, too. */
  alsoToRoom?: boolean;
}

/** A token, or a function that gets one: it is asked again each time that the socket connects. */
export type TokenSource = string | (() => string | Promise<string>);

/**
 * A gap in a room's changes that could not be filled. What the page showed may lack changes, so the room was loaded
 * again.
 */
export interface Discontinuity {
  roomId: string;
  /** The number (`seq`) of the last change that the page had. */
  since: number;
}

/**
 * The immutable state of a room. Any change makes a new object, and the parts that did not change keep their
 * identity.
 */
export interface RoomState {
  roomId: string;
  /**
   * The history is loaded, and the list of rooms too if the page uses it, so it is known which messages are unread.
   */
  isReady: boolean;
  /** Why the room could not be entered. */
  refusal: Refusal | null;
  /** Oldest first; one's own that are on their way come last. */
  messages: readonly ChatMessage[];
  members: readonly Member[];
  /** Other users who are typing. */
  typingUsers: readonly TypingUser[];
  /** Ids of the users who are online in the room, the current user included. */
  present: ReadonlySet<string>;
  /** Read receipts: the time up to which each other user has read, by user id. Only those received while joined. */
  readBy: ReadonlyMap<string, Timestamp>;
  /** There are older messages. */
  hasMore: boolean;
  /** Older messages are being loaded. */
  isLoading: boolean;
  /** The number of messages by others since the room was last read. */
  unreadCount: number;
  firstUnreadId: string | null;
}

/** The actions of a room. The functions keep their identity, so they may stand in React's dependency lists. */
export interface RoomActions {
  /**
   * Shows the message at once and sends it when there is a connection. Resolves when it is committed; rejects with a
   * `ChatError` when it was refused or discarded. It may be ignored: the message's `status` says the same.
   */
  readonly sendMessage: (content: string, options?: SendOptions) => Promise<ChatMessage>;
  /** Sends a failed message again; the id is the message's. */
  readonly retry: (id: string) => void;
  /** Removes a message that failed or is still waiting. */
  readonly discard: (id: string) => void;
  readonly editMessage: (messageId: string, content: string) => Promise<ChatMessage>;
  readonly deleteMessage: (messageId: string) => Promise<void>;
  readonly addReaction: (messageId: string, emoji: string) => Promise<void>;
  readonly removeReaction: (messageId: string, emoji: string) => Promise<void>;
  /**
   * Call this on each keypress. It sends `typing:start` to the others, and `typing:stop` after 3 s without a call.
   */
  readonly startTyping: () => void;
  readonly stopTyping: () => void;
  /** Loads a page of older messages and resolves with them, oldest first. A call during a load shares its result. */
  readonly loadMore: () => Promise<readonly ChatMessage[]>;
  readonly markAsRead: () => void;
}

/** The return value of `useChat`. The first thirteen names are those of the original's hook. */
export interface Chat extends RoomActions, Omit<RoomState, 'refusal'> {
  /** The root of a thread that is shown as a chat of its own. */
  threadId?: string;
  connected: boolean;
  connectionStatus: ConnectionStatus;
  /** Why there is no connection, or no entry into the room. */
  refusal: Refusal | null;
  /** The id of the user whose token it is; null until the token is known. */
  userId: string | null;
}
