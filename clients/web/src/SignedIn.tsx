// A user's connection, and the rooms on it.
import '@chatoxide/react/styles.css';
import { ChatProvider } from '@chatoxide/react';
import { useMemo } from 'react';
import { tokensOf, type Session } from './session.js';
import { Workspace } from './Workspace.js';
import './workspace.css';

export default function SignedIn({ session, onSignOut }: { session: Session; onSignOut: () => void }) {
  // A demo's token is renewed by a function; any other is what it is.
  const token = useMemo(() => (session.isDemo ? tokensOf(session) : session.token), [session]);
  return (
    <ChatProvider url={window.location.origin} token={token}>
      <Workspace user={session.user} onSignOut={onSignOut} />
    </ChatProvider>
  );
}
