// The page: signing in, then the rooms.
import { ChatProvider } from '@chatoxide/react';
import { useMemo, useState } from 'react';
import { store, storedSession, tokensOf, type Session } from './session.js';
import { SignIn } from './SignIn.js';
import { Workspace } from './Workspace.js';

export function App() {
  const [session, setSession] = useState(storedSession);
  const change = (next: Session | null) => {
    store(next);
    setSession(next);
  };
  if (!session) return <SignIn onSignedIn={change} />;
  return <SignedIn key={session.user.id} session={session} onSignOut={() => change(null)} />;
}

function SignedIn({ session, onSignOut }: { session: Session; onSignOut: () => void }) {
  // A demo's token is renewed by a function; any other is what it is.
  const token = useMemo(() => (session.isDemo ? tokensOf(session) : session.token), [session]);
  return (
    <ChatProvider url={window.location.origin} token={token}>
      <Workspace user={session.user} onSignOut={onSignOut} />
    </ChatProvider>
  );
}
