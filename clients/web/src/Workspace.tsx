// The page of somebody who is signed in: the list of rooms, the open room, and dialogs over them.
import {
  useActivity,
  useConnection,
  useRooms,
  useUnread,
  type ConnectionStatus,
  type RoomListState,
} from '@chatoxide/react';
import { useEffect, useRef, useState, type Ref } from 'react';
import { InviteDialog, NewMessageDialog, NewRoomDialog } from './dialogs.js';
import { InboxDialog, SearchDialog, ThreadsDialog } from './finding.js';
import { LogoIcon } from './icons.js';
import { RoomPane } from './RoomPane.js';
import { titleOf } from './rooms.js';
import { open, openThread, useOpenRoom } from './route.js';
import { SettingsDialog } from './SettingsDialog.js';
import { Sidebar } from './Sidebar.js';
import { Splash } from './Splash.js';
import { StatusDialog } from './StatusDialog.js';
import { Switcher } from './Switcher.js';
import { useFirstRoom, useLostRoom } from './useFirstRoom.js';

export type OpenDialog =
  'room' | 'message' | 'invite' | 'switcher' | 'search' | 'inbox' | 'threads' | 'settings' | 'status' | null;

interface Props {
  user: { id: string; name: string };
  onSignOut: () => void;
}

export function Workspace({ user, onSignOut }: Props) {
  const list = useRooms();
  const connection = useConnection();
  const roomId = useOpenRoom();
  const [dialog, setDialog] = useState<OpenDialog>(null);
  const main = useRef<HTMLElement>(null);
  const title = titleOf(useUnread());
  useEffect(() => {
    document.title = title;
  }, [title]);
  useFirstRoom(user.id, roomId, list);
  useLostRoom(roomId, list);
  useDialogKeys(setDialog);
  useActivity();
  const close = () => setDialog(null);
  const enter = (id: string) => {
    close();
    open(id);
  };
  const enterAt = (id: string, messageId: string) => {
    close();
    open(id, messageId);
  };
  const enterThread = (id: string, rootId: string) => {
    close();
    openThread(id, rootId);
  };
  if (connection.status === 'refused') {
    return (
      <Splash>
        <p role="alert">The server refused your token: {connection.refusal?.error}.</p>
        <button className="button button-main" onClick={onSignOut}>
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
      <Sidebar user={user} roomId={roomId} onDialog={setDialog} onSignOut={onSignOut} />
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
      {dialog === 'search' && <SearchDialog roomId={roomId} onClose={close} onOpen={enterAt} />}
      {dialog === 'inbox' && <InboxDialog onClose={close} onOpen={enterAt} />}
      {dialog === 'threads' && <ThreadsDialog onClose={close} onOpen={enterThread} />}
      {dialog === 'settings' && <SettingsDialog onClose={close} />}
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

const KEYS: Record<string, OpenDialog> = { k: 'switcher', f: 'search' };

/** Ctrl+K and Ctrl+F, or Cmd, wherever the focus is. Over an open dialog Ctrl+F is the browser's own. */
function useDialogKeys(onPress: (dialog: OpenDialog) => void): void {
  const latest = useRef(onPress);
  useEffect(() => void (latest.current = onPress));
  useEffect(() => {
    const press = (event: KeyboardEvent) => {
      const key = event.key.toLowerCase();
      const dialog = KEYS[key];
      if (dialog === undefined || !(event.ctrlKey || event.metaKey) || event.altKey || event.shiftKey) return;
      // Over another dialog it would be below that.
      const isCovered = document.querySelector('dialog[open]') !== null;
      if (!isCovered || key === 'k') event.preventDefault();
      if (!isCovered) latest.current(dialog);
    };
    window.addEventListener('keydown', press);
    return () => window.removeEventListener('keydown', press);
  }, []);
}
