// A user's connection, and the rooms on it.
import '@chatoxide/react/styles.css';
import { ChatClient, ChatProvider } from '@chatoxide/react';
import { useMemo } from 'react';
import type { ServerPlace } from './serverPlace.js';
import { tokensOf, type Session } from './session.js';
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
    return new ChatClient({ url, token, socket: { path }, excerpts: true });
  }, [server, token]);
  return (
    <ChatProvider client={client}>
      <Workspace user={session.user} onSignOut={onSignOut} />
    </ChatProvider>
  );
}
