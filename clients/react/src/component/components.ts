// The parts of a room and of the list of rooms that a page may replace: one typed prop, `components`, takes them.
import type { ComponentPropsWithRef, ComponentType, ReactNode } from 'react';
import type { FollowedThread, ListedRoom, MentionNotice, Message } from '../core/protocol.js';
import type { ChatMessage, Refusal } from '../core/types.js';
import type { AvatarProps } from './Avatar.js';
import type { ComposerProps } from './Composer.js';

export interface RowProps {
  message: ChatMessage;
  isOwn: boolean;
  /** The first of several messages by the same author. */
  isFirst: boolean;
  /** For the row's outermost element: the list finds and focuses rows by them. */
  rowProps: ComponentPropsWithRef<'article'>;
  /** The row's parts, in order. */
  children: ReactNode;
}

export interface BubbleProps {
  message: ChatMessage;
  isOwn: boolean;
  /** The content, and whether it was edited. */
  children: ReactNode;
}

export interface ActionsProps {
  message: ChatMessage;
  isOwn: boolean;
  onReact: () => void;
  onReply: () => void;
  /** Opens the thread of the message; undefined where threads are not shown. */
  onReplyInThread: (() => void) | undefined;
  /** Edits one's own message; undefined for those of others. */
  onEdit: (() => void) | undefined;
  onDelete: (() => void) | undefined;
  /** Counts the room as unread from this message on; undefined where the user is no member. */
  onMarkUnread: (() => void) | undefined;
  /** Shows who has seen the message; undefined for those of others. */
  onSeenBy: (() => void) | undefined;
  /** The default buttons. */
  children: ReactNode;
}

export interface EmptyProps {
  /** The default text. */
  text: string;
}

export interface LoadingProps {
  text: string;
}

export interface ErrorProps {
  text: string;
  refusal: Refusal;
}

/** The parts that a room and the list of rooms share. */
interface SharedComponents {
  Avatar: ComponentType<AvatarProps>;
  /** Shown when there are no messages, or no rooms. */
  Empty: ComponentType<EmptyProps>;
  Loading: ComponentType<LoadingProps>;
  /** Shown when the messages or rooms could not be loaded. */
  Error: ComponentType<ErrorProps>;
}

/** The parts of `ChatRoom`. */
export interface ChatComponents extends SharedComponents {
  /** One message. */
  Row: ComponentType<RowProps>;
  /** The content of a message. */
  Bubble: ComponentType<BubbleProps>;
  /** The action buttons of a message. */
  Actions: ComponentType<ActionsProps>;
  Composer: ComponentType<ComposerProps>;
}

export interface RoomRowProps {
  room: ListedRoom;
  isOpen: boolean;
  unreadCount: number;
  /** Unread messages that mention the user. */
  mentionCount: number;
  /** For the row's link or button. */
  rowProps: ComponentPropsWithRef<'a'> & ComponentPropsWithRef<'button'>;
  /** The row's parts: a picture, the name, and how much is unread. */
  children: ReactNode;
}

/** The parts of `RoomList`. */
export interface RoomListComponents extends SharedComponents {
  /** One room. */
  Row: ComponentType<RoomRowProps>;
}

export interface ResultProps {
  message: Message;
  /** The matches in the content, each its start and its end. */
  highlights: readonly (readonly [start: number, end: number])[];
  /** Undefined while the list of rooms does not have it. */
  room: ListedRoom | undefined;
  /** The arrow keys have come to it. */
  isActive: boolean;
  /** For the result's outermost element. */
  resultProps: ComponentPropsWithRef<'div'>;
  /** The result's parts: a picture, a line with the author, the room and the time, and the text. */
  children: ReactNode;
}

/** The parts of `SearchBox`. */
export interface SearchComponents extends SharedComponents {
  /** One message that was found. */
  Result: ComponentType<ResultProps>;
}

export interface MentionProps {
  mention: MentionNotice;
  /** For the mention's button. */
  mentionProps: ComponentPropsWithRef<'button'>;
  /** The mention's parts: a picture, a line with the author, the room and the time, and the text. */
  children: ReactNode;
}

/** The parts of `MentionInbox`. */
export interface InboxComponents extends SharedComponents {
  /** One message that mentions the user. */
  Mention: ComponentType<MentionProps>;
}

export interface ThreadRowProps {
  thread: FollowedThread;
  /** For the row's button. */
  rowProps: ComponentPropsWithRef<'button'>;
  /** The row's parts: a picture, a line with the author, the room and the time, the text, and the replies. */
  children: ReactNode;
}

/** The parts of `ThreadList`. */
export interface ThreadListComponents extends SharedComponents {
  /** One thread. */
  Row: ComponentType<ThreadRowProps>;
}
