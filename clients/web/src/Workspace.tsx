// Signed in: the list of rooms, the open room, who is in it.
import { useConnection, useRooms } from '@chatoxide/react';
import { useEffect, useState } from 'react';
import { InviteDialog, NewMessageDialog, NewRoomDialog } from './dialogs.js';
import { LogoIcon } from './icons.js';
import { RoomPane } from './RoomPane.js';
import { totalUnread } from './rooms.js';
import { open, useOpenRoom } from './route.js';
import { Sidebar } from './Sidebar.js';

export type Dialog = 'room' | 'message' | 'invite' | null;

interface Props {
  user: { id: string; name: string };
  onSignOut: () => void;
}

export function Workspace({ user, onSignOut }: Props) {
  const { rooms } = useRooms();
  const connection = useConnection();
  const roomId = useOpenRoom();
  const [dialog, setDialog] = useState<Dialog>(null);
  const unread = totalUnread(rooms);
  useEffect(() => {
    document.title = unread > 0 ? `(${unread}) chatoxide` : 'chatoxide';
  }, [unread]);
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
      <main className="sign-in">
        <div className="sign-in-card">
          <h1>
            <LogoIcon /> chatoxide
          </h1>
          <p role="alert">The server did not take your token: {connection.refusal?.error}.</p>
          <button className="button button-main" onClick={signOut}>
            Sign in again
          </button>
        </div>
      </main>
    );
  }
  return (
    <div className={roomId === null ? 'workspace' : 'workspace workspace-room'}>
      <Sidebar user={user} roomId={roomId} onDialog={setDialog} onSignOut={signOut} />
      {roomId === null ? (
        <main className="nothing">
          <LogoIcon />
          <h1>Choose a room, or write to somebody</h1>
        </main>
      ) : (
        <RoomPane key={roomId} roomId={roomId} user={user} onInvite={() => setDialog('invite')} />
      )}
      {dialog === 'room' && <NewRoomDialog onClose={close} onDone={enter} />}
      {dialog === 'message' && <NewMessageDialog user={user} onClose={close} onDone={enter} />}
      {dialog === 'invite' && roomId !== null && <InviteDialog roomId={roomId} onClose={close} />}
    </div>
  );
}
