// What the parts of a room share.
import { createContext, useContext, type ReactNode } from 'react';
import type { Chat, ChatMessage } from '../types.js';
import type { Labels } from './labels.js';

export interface RoomContext {
  chat: Chat;
  userId: string | null;
  labels: Labels;
  /** By user id. */
  nameOf: (userId: string) => string;
  renderContent: ((message: ChatMessage) => ReactNode) | undefined;
  replyTo: (message: ChatMessage) => void;
  editing: string | null;
  setEditing: (id: string | null) => void;
  /** Brings a message into view; says so when it is gone. */
  goTo: (messageId: string) => void;
}

export const Context = createContext<RoomContext | null>(null);

export function useRoomContext(): RoomContext {
  const context = useContext(Context);
  if (!context) throw new Error('this is a part of ChatRoomView');
  return context;
}
