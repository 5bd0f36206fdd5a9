// The React context that the parts of a room share. It changes as rarely as possible: each change renders all rows in
// view again.
import { createContext, useContext, type ReactNode } from 'react';
import type { ChatClient } from '../core/client.js';
import type { ChatMessage, RoomActions } from '../core/types.js';
import type { ChatComponents } from './components.js';
import type { Labels } from './labels.js';
import type { ShownMentions } from './mentioned.js';

/** Actions on messages. Edits, deletions and reactions that are refused are reported to the user. */
export interface MessageActions extends Pick<RoomActions, 'retry' | 'discard'> {
  edit: (messageId: string, content: string) => void;
  remove: (messageId: string) => void;
  react: (messageId: string, emoji: string, isAdded: boolean) => void;
  /** Clears the note about a refused change. */
  forgive: (messageId: string) => void;
}

/** The message that is being edited, deleted or reacted to, and where the focus returns afterwards. */
export interface Active {
  id: string;
  what: 'edit' | 'delete' | 'react' | 'readers';
  from: 'row' | 'composer';
}

/** An edit or a deletion that was refused and rolled back. */
export interface RefusedChange {
  what: 'edit' | 'delete';
  /** Why, as a text quotes it. */
  error: string;
  /** The refused text of an edit. */
  content?: string;
}

export interface RoomContext {
  /** Looks up what is not loaded; undefined where the chat is of no client that is known. */
  client: ChatClient | undefined;
  actions: MessageActions;
  userId: string | null;
  isConnected: boolean;
  labels: Labels;
  components: ChatComponents;
  /** Whether texts are formatted. */
  formatting: boolean;
  /** By user id; undefined for somebody who is not known, or not yet. */
  nameOf: (userId: string) => string | undefined;
  /** The address of a member's picture. */
  avatarOf: (userId: string) => string | null | undefined;
  mentions: ShownMentions;
  /** Counts the room as unread from a message on; undefined where the user is no member. */
  markUnread: ((messageId: string) => void) | undefined;
  renderContent: ((message: ChatMessage) => ReactNode) | undefined;
  replyTo: (message: ChatMessage) => void;
  /** Opens the thread that hangs on a message; undefined where threads are not shown. */
  openThread: ((rootId: string) => void) | undefined;
  setActive: (active: Active | null) => void;
  /** Moves a failed message back into the composer. */
  writeAgain: (message: ChatMessage) => void;
  focusComposer: () => void;
  /** Scrolls to a message; shows a notice when it is gone. */
  goTo: (messageId: string) => void;
}

export const Context = createContext<RoomContext | null>(null);

export function useRoomContext(): RoomContext {
  const context = useContext(Context);
  if (!context) throw new Error('this is a part of ChatRoomView');
  return context;
}
