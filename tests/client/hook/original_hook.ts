// The original's React file, unmodified: taken from the reference document, its types stripped, and loaded.
import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import type { FunctionComponent } from 'react';
import ts from 'typescript';
import { buildFolder, referenceBlock } from '../support/reference';

export interface ChatMessage {
  id: string;
  senderId: string;
  senderName: string;
  content: string;
  createdAt: string;
  updatedAt?: string | null;
  reactions?: { emoji: string; userId: string }[];
}

/** What the hook gives, as far as these tests use it. */
export interface Chat {
  connected: boolean;
  messages: ChatMessage[];
  typingUsers: { userId: string; userName: string }[];
  members: { id: string; name: string }[];
  sendMessage(content: string, options?: { type?: string; replyTo?: string }): Promise<ChatMessage>;
  editMessage(messageId: string, content: string): Promise<ChatMessage>;
  deleteMessage(messageId: string): void;
  addReaction(messageId: string, emoji: string): void;
  removeReaction(messageId: string, emoji: string): void;
  startTyping(): void;
  stopTyping(): void;
  loadMore(): Promise<ChatMessage[] | undefined>;
  markAsRead(): void;
}

export interface OriginalHook {
  useChat: (roomId: string, token: string) => Chat;
  ChatRoom: FunctionComponent<{ roomId: string; currentUserId: string; token: string }>;
  remove: () => Promise<void>;
}

export async function loadOriginalHook(): Promise<OriginalHook> {
  const { folder, remove } = await buildFolder('hook');
  const source = referenceBlock('// src/components/Chat.tsx');
  const { outputText } = ts.transpileModule(source, {
    compilerOptions: {
      target: ts.ScriptTarget.ES2022,
      module: ts.ModuleKind.ESNext,
      jsx: ts.JsxEmit.React,
    },
  });
  const file = path.join(folder, 'Chat.mjs');
  await writeFile(file, outputText);
  const { useChat, ChatRoom } = (await import(/* @vite-ignore */ file)) as OriginalHook;
  return { useChat, ChatRoom, remove };
}
