// The types of threads between client and server, which `protocol.ts` hands on.
import type { Ack, Member, Message, OrNull, Timestamp } from './protocol.js';

/** The thread that a reply belongs to. */
export interface ThreadPlace {
  /** The message that the thread hangs on. */
  rootId: string;
  /** The reply is shown in the room, too. */
  alsoToRoom: boolean;
}

/** The state of a thread, as its root shows it. */
export interface ThreadSummary {
  replyCount: number;
  lastReply: { id: string; senderId: string; createdAt: Timestamp };
  /** The five users who have replied last, the last one first. An avatar longer than 1 KiB is left out. */
  participants: Member[];
  participantCount: number;
}

/** The state of a thread after a change. */
export interface ThreadRoot {
  id: string;
  /** Null if the thread has no replies any more. */
  threadSummary: ThreadSummary | null;
}

/** A message as others quote it. */
export interface Quote {
  id: string;
  /** Null if it is gone. */
  senderId: string | null;
  senderName: string | null;
  /** The beginning of the message; it ends in an ellipsis if there is more. Empty if it is gone. */
  excerpt: string;
  isDeleted: boolean;
}

/** A page of a thread. */
export interface ThreadPage {
  rootId: string;
  roomId: string;
  /** Null if it was deleted. */
  root: Message | null;
  /** The replies, newest first. */
  messages: Message[];
  /** The cursor for older replies; null if there are none. */
  before: string | null;
  /** The cursor for newer replies, also for those that are sent later; null if there is no reply yet. */
  after: string | null;
  /** There are more replies in the direction that was asked for. */
  hasMore: boolean;
  isFollowing: boolean;
  /** Replies of others that the user has not read: 99 stands for 99 or more. */
  unreadCount: number;
}

/** A thread that the user follows. */
export interface FollowedThread {
  roomId: string;
  root: Quote;
  threadSummary: ThreadSummary;
  /** Replies of others that the user has not read: 99 stands for 99 or more. */
  unreadCount: number;
}

export interface ThreadsRequest {
  /** `after` of the last page. */
  after?: string;
  /** 50 if it is 0 or absent; at most 100. */
  limit?: number;
  /** Only the threads of this room. */
  roomId?: string;
  /** Only those with unread replies. */
  unreadOnly?: boolean;
}

/** The events about threads that a client sends. Every ack may be left out. */
export interface ThreadRequests {
  'thread:load': (
    page: { rootId: string; limit?: number | null } & (
      { before?: string | null } | { after?: string | null }
    ),
    ack: Ack<ThreadPage>,
  ) => void;
  'thread:follow': (thread: { rootId: string }, ack?: Ack<{ unreadCount: number }>) => void;
  'thread:unfollow': (thread: { rootId: string }, ack?: Ack<{ unreadCount: number }>) => void;
  'thread:read': (read: { rootId: string; messageId: string }, ack?: Ack<{ unreadCount: number }>) => void;
  'threads:list': (
    page: OrNull<ThreadsRequest>,
    ack: Ack<{ threads: FollowedThread[]; after: string | null }>,
  ) => void;
}
