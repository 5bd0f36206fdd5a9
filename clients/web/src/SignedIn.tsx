// A user's connection, and the rooms on it.
import '@chatoxide/react/styles.css';
import { ChatProvider, forgetDrafts, OfflineClient } from '@chatoxide/react';
import { useMemo, useState } from 'react';
import { forgetRoom } from './lastRoom.js';
import { open } from './route.js';
import type { ServerPlace } from './serverPlace.js';
import { tokensOf, type Session } from './session.js';
import { SignOutDialog } from './SignOutDialog.js';
import { Workspace } from './Workspace.js';
import './workspace.css';

interface Props {
  session: Session;
  server: ServerPlace;
  onSignOut: () => void;
}

export default function SignedIn({ session, server, onSignOut }: Props) {
  // A demo's token is renewed by a function; any other is what it is.
  const token = useMemo(() => (session.isDemo ? tokensOf(session) : session.token), [session]);
  const client = useMemo(() => {
    const { url, path } = server;
    return new OfflineClient({ url, token, socket: { path }, excerpts: true });
  }, [server, token]);
  const [isAsking, setAsking] = useState(false);
  const leave = () => {
    open(null);
    onSignOut();
  };
  const erase = async () => {
    forgetDrafts(session.user.id);
    await client.signOut();
    leave();
    forgetRoom(session.user.id);
  };
  const signOut = () => {
    // With a token that the server takes the user goes on where they were.
    if (client.get().status === 'refused') leave();
    else if (client.unsent > 0) setAsking(true);
    else void erase();
  };
  return (
    <ChatProvider client={client}>
      <Workspace user={session.user} onSignOut={signOut} />
      {isAsking && (
        <SignOutDialog count={client.unsent} onClose={() => setAsking(false)} onDone={() => void erase()} />
      )}
    </ChatProvider>
  );
}
