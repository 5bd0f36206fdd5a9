// A room before anything of it has come.
import type { RoomState } from './types.js';

export function unknownRoom(roomId: string): RoomState {
  return {
    roomId,
    isReady: false,
    refusal: null,
    messages: [],
    members: [],
    typingUsers: [],
    present: new Set(),
    readBy: new Map(),
    hasMore: false,
    isLoading: false,
    unreadCount: 0,
    firstUnreadId: null,
  };
}
