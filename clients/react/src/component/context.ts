// What the parts of a room share. It changes as seldom as can be: each change draws all rows in view anew.
import { createContext, useContext, type ReactNode } from 'react';
import type { ChatMessage, RoomActions } from '../core/types.js';
import type { ChatComponents } from './components.js';
import type { Labels } from './labels.js';

/** What is done with messages. Edits, deletions and reactions that are refused are told to the user. */
export interface MessageActions extends Pick<RoomActions, 'retry' | 'discard'> {
  edit: (messageId: string, content: string) => void;
  remove: (messageId: string) => void;
  react: (messageId: string, emoji: string, isAdded: boolean) => void;
  /** Forgets that a change was refused. */
  forgive: (messageId: string) => void;
}

/** The one message that something is being done with, and where the focus goes back when that has ended. */
export interface Active {
  id: string;
  what: 'edit' | 'delete' | 'react';
  from: 'row' | 'composer';
}

/** A change of a message that was refused, and taken back. */
export interface RefusedChange {
  what: 'edit' | 'delete';
  error: string;
  /** The text that the message would have. */
  content?: string;
}

export interface RoomContext {
  actions: MessageActions;
  userId: string | null;
  isConnected: boolean;
  labels: Labels;
  components: ChatComponents;
  /** Whether texts are formatted. */
  formatting: boolean;
  /** By user id. */
  nameOf: (userId: string) => string;
  /** The address of a member's picture. */
  avatarOf: (userId: string) => string | null | undefined;
  renderContent: ((message: ChatMessage) => ReactNode) | undefined;
  replyTo: (message: ChatMessage) => void;
  setActive: (active: Active | null) => void;
  /** Takes a message that failed back to where one writes. */
  writeAgain: (message: ChatMessage) => void;
  focusComposer: () => void;
  /** Brings a message into view; says so when it is gone. */
  goTo: (messageId: string) => void;
}

export const Context = createContext<RoomContext | null>(null);

export function useRoomContext(): RoomContext {
  const context = useContext(Context);
  if (!context) throw new Error('this is a part of ChatRoomView');
  return context;
}
