// The types of what concerns one user, which `protocol.ts` hands on: reads, settings, presence.
import type { Member, Timestamp } from './protocol.js';

/** A user has read a room up to this time. */
export interface UserRead {
  roomId: string;
  userId: string;
  timestamp: Timestamp;
  /** The last change in the room's log that they have read; older servers leave it out. */
  seq?: number;
}

/** The unread messages of a room, as the user sees them. */
export interface RoomUnread {
  roomId: string;
  /** Messages of others: 99 stands for 99 or more. */
  unreadCount: number;
  /** Those of them that mention the user. */
  mentionCount: number;
  /** The last change in the room's log that the counts include. */
  seq: number;
}

/** A member who has read a message. */
export interface Reader extends Member {
  at: Timestamp;
}

/** The settings of a user. */
export interface UserSettings {
  /** Others are not shown what the user has read. */
  privateReads: boolean;
  /** Others are shown the user as offline; older servers leave it out. */
  hidePresence?: boolean;
}

/** The words of a user about themself. A status has a text or an emoji, or both. */
export interface Status {
  text?: string;
  emoji?: string;
  /** When it ends; absent: when it is changed. */
  clearAt?: Timestamp;
}

export interface NewStatus {
  /** One line of at most 100 characters. */
  text?: string | null;
  emoji?: string | null;
  /** Within the next 366 days; a text, or milliseconds since 1970. */
  clearAt?: Timestamp | number | null;
}

/** Whether a user is there, by all of their devices. */
export interface UserPresence {
  userId: string;
  /** `away`: they are connected, and no device is active. */
  state: 'online' | 'away' | 'offline';
  /** When they were last online; absent while they are, if they never were, and if they hide it. */
  lastSeenAt?: Timestamp;
  status?: Status;
}

/** A message that mentions the user. */
export interface MentionNotice {
  messageId: string;
  roomId: string;
  /** By the name in the database. */
  sender: { id: string; name: string };
  /** By name or id; as one who was online; as a member. */
  kind: 'user' | 'here' | 'room';
  /** The beginning of the message; it ends in an ellipsis if there is more. */
  excerpt: string;
  /** The time of the message, or of the edit that added the mention. */
  at: Timestamp;
  isUnread: boolean;
}
