// The page of somebody who is signed in: the list of rooms, the open room, and dialogs over them.
import {
  useActivity,
  useConnection,
  useRooms,
  type ConnectionStatus,
  type RoomListState,
} from '@chatoxide/react';
import { useEffect, useRef, useState, type Ref } from 'react';
import { InviteDialog, NewMessageDialog, NewRoomDialog } from './dialogs.js';
import { LogoIcon } from './icons.js';
import { RoomPane } from './RoomPane.js';
import { titleOf } from './rooms.js';
import { open, useOpenRoom } from './route.js';
import { Sidebar } from './Sidebar.js';
import { Splash } from './Splash.js';
import { StatusDialog } from './StatusDialog.js';
import { Switcher } from './Switcher.js';
import { useFirstRoom, useLostRoom } from './useFirstRoom.js';

export type OpenDialog = 'room' | 'message' | 'invite' | 'switcher' | 'status' | null;

interface Props {
  user: { id: string; name: string };
  onSignOut: () => void;
}

export function Workspace({ user, onSignOut }: Props) {
  const list = useRooms();
  const { rooms } = list;
  const connection = useConnection();
  const roomId = useOpenRoom();
  const [dialog, setDialog] = useState<OpenDialog>(null);
  const main = useRef<HTMLElement>(null);
  const title = titleOf(rooms);
  useEffect(() => {
    document.title = title;
  }, [title]);
  useFirstRoom(user.id, roomId, list);
  useLostRoom(roomId, list);
  useSwitcherKey(() => setDialog('switcher'));
  useActivity();
  const close = () => setDialog(null);
  const enter = (id: string) => {
    close();
    open(id);
  };
  const signOut = () => {
    open(null);
    onSignOut();
  };
  if (connection.status === 'refused') {
    return (
      <Splash>
        <p role="alert">The server refused your token: {connection.refusal?.error}.</p>
        <button className="button button-main" onClick={signOut}>
          Sign in again
        </button>
      </Splash>
    );
  }
  return (
    <div className={roomId === null ? 'workspace' : 'workspace workspace-room'}>
      <a
        className="skip"
        href="#main"
        onClick={(event) => {
          // The address names the room.
          event.preventDefault();
          main.current?.focus();
        }}
      >
        Skip to the messages
      </a>
      <Sidebar user={user} roomId={roomId} onDialog={setDialog} onSignOut={signOut} />
      {roomId === null ? (
        <NoRoom main={main} status={connection.status} list={list} />
      ) : (
        <RoomPane key={roomId} main={main} roomId={roomId} user={user} onInvite={() => setDialog('invite')} />
      )}
      {dialog === 'room' && <NewRoomDialog user={user} onClose={close} onDone={enter} />}
      {dialog === 'message' && <NewMessageDialog user={user} onClose={close} onDone={enter} />}
      {dialog === 'invite' && roomId !== null && <InviteDialog roomId={roomId} onClose={close} />}
      {dialog === 'status' && <StatusDialog user={user} onClose={close} />}
      {dialog === 'switcher' && <Switcher onClose={close} onDone={enter} />}
    </div>
  );
}

interface NoRoomProps {
  main: Ref<HTMLElement>;
  status: ConnectionStatus;
  list: RoomListState;
}

function NoRoom({ main, status, list: { isReady, refusal } }: NoRoomProps) {
  // The list beside this says why it is not there.
  const waits = refusal ? 'Your rooms are not here yet' : 'Loading…';
  return (
    <main ref={main} id="main" className="nothing" tabIndex={-1}>
      <LogoIcon />
      <h1>{isReady ? 'Choose a room or start a conversation' : waits}</h1>
      {status === 'reconnecting' && <p role="status">Connection lost. Trying again…</p>}
    </main>
  );
}

/** Ctrl+K, or Cmd+K, wherever the focus is. */
function useSwitcherKey(onPress: () => void): void {
  const latest = useRef(onPress);
  useEffect(() => void (latest.current = onPress));
  useEffect(() => {
    const press = (event: KeyboardEvent) => {
      if (event.key.toLowerCase() !== 'k' || !(event.ctrlKey || event.metaKey) || event.altKey) return;
      event.preventDefault();
      // Over another dialog it would be below that.
      if (!document.querySelector('dialog[open]')) latest.current();
    };
    window.addEventListener('keydown', press);
    return () => window.removeEventListener('keydown', press);
  }, []);
}
