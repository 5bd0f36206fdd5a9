// Sample data for the component tests: messages, and a mock room whose functions only record their calls.
import { vi } from 'vitest';
import type { Chat, ChatMessage } from '../../src/index.js';

export const NOON = new Date(2026, 0, 31, 12);

export const later = (minutes: number) => new Date(NOON.getTime() + minutes * 60_000);

export const message = (id: string, at: Date, changes: Partial<ChatMessage> = {}): ChatMessage => ({
  id,
  key: id,
  status: 'sent',
  roomId: 'general',
  senderId: 'alice',
  senderName: 'Alice',
  content: id,
  type: 'text',
  metadata: {},
  replyTo: null,
  createdAt: at.toISOString(),
  updatedAt: null,
  reactions: [],
  ...changes,
});

/** Alice's view of a room with Bob. */
export function aChat(messages: ChatMessage[], changes: Partial<Chat> = {}): Chat {
  return {
    isReady: true,
    refusal: null,
    messages,
    members: [
      { id: 'alice', name: 'Alice', avatar: null },
      { id: 'bob', name: 'Bob', avatar: null },
    ],
    typingUsers: [],
    present: new Set(['alice', 'bob']),
    readBy: new Map<string, string>(),
    hasMore: false,
    isLoading: false,
    unreadCount: 0,
    firstUnreadId: null,
    roomId: 'general',
    connected: true,
    connectionStatus: 'connected' as const,
    userId: 'alice',
    sendMessage: vi.fn(() => Promise.resolve(message('sent', NOON))),
    retry: vi.fn(),
    discard: vi.fn(),
    editMessage: vi.fn(() => Promise.resolve(message('edited', NOON))),
    deleteMessage: vi.fn(() => Promise.resolve()),
    addReaction: vi.fn(() => Promise.resolve()),
    removeReaction: vi.fn(() => Promise.resolve()),
    startTyping: vi.fn(),
    stopTyping: vi.fn(),
    loadMore: vi.fn(() => Promise.resolve([])),
    markAsRead: vi.fn(),
    ...changes,
  };
}
