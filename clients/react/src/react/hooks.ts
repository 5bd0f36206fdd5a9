// Hooks that select state. A component renders again only when what it has selected has changed.
import { useRef, useSyncExternalStore } from 'react';
import type { ClientState } from '../core/client.js';
import type { RoomListState } from '../core/roomList.js';
import type { Readable } from '../core/store.js';
import type { RoomState } from '../core/types.js';
import { useChatClient, useEntered } from './context.js';

/** Returns a selection of the store's state. The component renders again when `isSame` says that it has changed. */
export function useSelected<T, Selected>(
  store: Readable<T>,
  select: (state: T) => Selected,
  isSame: (one: Selected, other: Selected) => boolean = Object.is,
): Selected {
  const last = useRef<{ selected: Selected } | null>(null);
  const look = () => {
    const selected = select(store.get());
    if (last.current && isSame(last.current.selected, selected)) return last.current.selected;
    last.current = { selected };
    return selected;
  };
  return useSyncExternalStore(store.subscribe, look, look);
}

const all = <T>(state: T) => state;

/** The state of a room, which is joined while the component is mounted. Needs a `ChatProvider`. */
export function useRoom(roomId: string): RoomState;
export function useRoom<Selected>(
  roomId: string,
  select: (state: RoomState) => Selected,
  isSame?: (one: Selected, other: Selected) => boolean,
): Selected;
export function useRoom<Selected>(
  roomId: string,
  select: (state: RoomState) => Selected | RoomState = all,
  isSame?: (one: Selected | RoomState, other: Selected | RoomState) => boolean,
): Selected | RoomState {
  const client = useChatClient();
  useEntered(client, roomId);
  return useSelected(client.room(roomId), select, isSame);
}

/** The connection's status and its user. Needs a `ChatProvider`. */
export function useConnection(): ClientState {
  return useSelected(useChatClient(), all);
}

/** The user's rooms and the public ones. Needs a `ChatProvider`. */
export function useRooms(): RoomListState {
  return useSelected(useChatClient().rooms, all);
}
