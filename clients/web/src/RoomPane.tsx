// The open room, and who is in it.
import {
  ChatRoom,
  MOST_WATCHED,
  Thread,
  useChatClient,
  useOnline,
  usePresence,
  useRoom,
  useRooms,
  type ListedRoom,
} from '@chatoxide/react';
import { useCallback, useEffect, useMemo, useRef, useState, type Ref } from 'react';
import { LeaveDialog } from './dialogs.js';
import { Members } from './Members.js';
import { RoomHeader } from './RoomHeader.js';
import { forgetMessage, open, openThread, roomOf, useOpenMessage, useOpenThread } from './route.js';
import { openAnother } from './useFirstRoom.js';

interface Props {
  main: Ref<HTMLElement>;
  roomId: string;
  user: { id: string };
  onInvite: () => void;
}

const NOBODY: readonly string[] = [];

export function RoomPane({ main, roomId, user, onInvite }: Props) {
  const { rooms } = useRooms();
  const room = useListedRoom(roomId);
  const members = useRoom(roomId, (state) => state.members);
  const present = useRoom(roomId, (state) => state.present);
  const watched = useMemo(() => members.slice(0, MOST_WATCHED).map(({ id }) => id), [members]);
  const isMember = room?.isMember === true;
  // A member is told more than a guest of a public room is.
  const presences = usePresence(isMember ? watched : NOBODY);
  const elsewhere = useOnline(isMember ? NOBODY : watched);
  // Guests cannot be watched. They are online like everybody who has the room open, but for members who hide it.
  const online = useMemo(() => {
    const there = [...presences.values()].filter(({ state }) => state !== 'offline');
    const here = [...present].filter((id) => presences.get(id)?.state !== 'offline');
    return new Set([...elsewhere, ...here, ...there.map(({ userId }) => userId)]);
  }, [elsewhere, present, presences]);
  const [isOpen, setOpen] = useState(false);
  const [isLeaving, setLeaving] = useState(false);
  const button = useRef<HTMLButtonElement>(null);
  const messageId = useOpenMessage();
  const rootId = useOpenThread();
  const showThread = useCallback((root: string) => openThread(roomId, root), [roomId]);
  useFocusOfThread(rootId);
  const leave = (left: string) => {
    setLeaving(false);
    // The list of rooms may have come first, and another room is open already.
    if (roomOf(window.location.hash) === left) openAnother(rooms, left);
  };
  return (
    <main
      ref={main}
      id="main"
      className={rootId === null ? 'room-pane' : 'room-pane room-pane-thread'}
      tabIndex={-1}
    >
      <ChatRoom
        roomId={roomId}
        currentUserId={user.id}
        autoFocus
        messageId={messageId}
        onShown={forgetMessage}
        onOpenThread={showThread}
        header={
          <RoomHeader
            roomId={roomId}
            room={room}
            online={online.size}
            presence={room?.with ? presences.get(room.with.id) : undefined}
            onBack={() => open(null)}
            onInvite={onInvite}
            membersButton={{ ref: button, 'aria-expanded': isOpen, onClick: () => setOpen(!isOpen) }}
          />
        }
      />
      {isOpen && (
        <Scrim
          onClose={() => {
            setOpen(false);
            button.current?.focus();
          }}
        />
      )}
      <Members
        members={members}
        present={present}
        online={online}
        presences={presences}
        isOpen={isOpen}
        onLeave={room?.isMember && room.type !== 'direct' ? () => setLeaving(true) : undefined}
      />
      {rootId !== null && (
        <Thread
          key={rootId}
          className="thread-panel"
          roomId={roomId}
          rootId={rootId}
          currentUserId={user.id}
          autoFocus
          onClose={() => openThread(roomId, null)}
        />
      )}
      {isLeaving && room && <LeaveDialog room={room} onClose={() => setLeaving(false)} onDone={leave} />}
    </main>
  );
}

/** Returns the room as it is listed. The server may have made the list just before another program made the room. */
function useListedRoom(roomId: string): ListedRoom | undefined {
  const client = useChatClient();
  const { rooms, isReady } = useRooms();
  const isOpen = useRoom(roomId, (state) => state.isReady);
  const room = rooms.find(({ id }) => id === roomId);
  const isUnlisted = isOpen && isReady && !room;
  useEffect(() => {
    if (isUnlisted) client.rooms.changed();
  }, [isUnlisted, client]);
  return room;
}

/** When a thread is closed that had the focus, the message that it hangs on has it. */
function useFocusOfThread(rootId: string | null): void {
  const last = useRef(rootId);
  useEffect(() => {
    const closed = last.current;
    last.current = rootId;
    if (rootId !== null || closed === null || document.activeElement !== document.body) return;
    const rows = [...document.querySelectorAll<HTMLElement>('#main [data-message-id]')];
    const row = rows.find(({ dataset }) => dataset.messageId === closed);
    (row ?? document.getElementById('main'))?.focus({ preventScroll: true });
  }, [rootId]);
}

/** Beside the members, where they lie over the messages: a click on it, or Escape, closes them. */
function Scrim({ onClose }: { onClose: () => void }) {
  const close = useRef(onClose);
  useEffect(() => void (close.current = onClose));
  useEffect(() => {
    const press = (event: KeyboardEvent) => event.key === 'Escape' && close.current();
    window.addEventListener('keydown', press);
    return () => window.removeEventListener('keydown', press);
  }, []);
  return <div className="scrim" onClick={onClose} />;
}
