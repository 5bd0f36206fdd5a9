// What the parts of a room share. It changes as seldom as can be: each change draws all rows in view anew.
import { createContext, useContext, type ReactNode } from 'react';
import type { ChatMessage, RoomActions } from '../core/types.js';
import type { Labels } from './labels.js';

/** What is done with messages. */
export type MessageActions = Pick<
  RoomActions,
  'retry' | 'discard' | 'editMessage' | 'deleteMessage' | 'addReaction' | 'removeReaction'
>;

/** The message that is being edited, and where one was when it began: there the focus goes back. */
export interface Editing {
  id: string;
  from: 'row' | 'composer';
}

export interface RoomContext {
  actions: MessageActions;
  userId: string | null;
  labels: Labels;
  /** By user id. */
  nameOf: (userId: string) => string;
  /** The address of a member's picture. */
  avatarOf: (userId: string) => string | null | undefined;
  renderContent: ((message: ChatMessage) => ReactNode) | undefined;
  replyTo: (message: ChatMessage) => void;
  setEditing: (editing: Editing | null) => void;
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
