// The rooms that the page opens by itself: one when it is loaded without any, and another when the open one is gone.
import type { RoomListState } from '@chatoxide/react';
import { useEffect, useRef } from 'react';
import { lastRoomOf, rememberRoom } from './lastRoom.js';
import { roomToOpen } from './rooms.js';
import { open, openInstead } from './route.js';

/** On a phone the list of rooms is a screen of its own, and the first one. The styles have the same width. */
const isPhone = () => window.matchMedia('(max-width: 720px)').matches;

/** Opens the room that the user had open last, or else the most recent one, if the address names none. */
export function useFirstRoom(userId: string, roomId: string | null, { rooms, isReady }: RoomListState): void {
  // Later the user may close a room, and see none.
  const isUndecided = useRef(roomId === null && !isPhone());
  useEffect(() => {
    if (roomId === null) return;
    isUndecided.current = false;
    rememberRoom(userId, roomId);
  }, [userId, roomId]);
  useEffect(() => {
    if (!isUndecided.current || !isReady) return;
    isUndecided.current = false;
    const first = roomToOpen(rooms, { last: lastRoomOf(userId) });
    if (first !== null) openInstead(first);
  }, [userId, rooms, isReady]);
}

/** Opens another room when the open one is not listed any more: its membership was ended on another device. */
export function useLostRoom(roomId: string | null, { rooms, isReady }: RoomListState): void {
  const listed = useRef<string | null>(null);
  useEffect(() => {
    if (!isReady) return;
    const isListed = rooms.some(({ id }) => id === roomId);
    if (roomId !== null && !isListed && listed.current === roomId) openAnother(rooms, roomId);
    listed.current = isListed ? roomId : null;
  }, [roomId, rooms, isReady]);
}

/** Opens another room in place of this one; on a phone, the list of rooms. */
export function openAnother(rooms: RoomListState['rooms'], roomId: string): void {
  open(isPhone() ? null : roomToOpen(rooms, { without: roomId }));
}
