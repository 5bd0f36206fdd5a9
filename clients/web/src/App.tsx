// The page: signing in, then the rooms. What the rooms need is loaded apart, so that the sign-in is there soon.
import { lazy, Suspense, useEffect, useState, type ComponentProps } from 'react';
import { serverPlace } from './serverPlace.js';
import { store, storedSession, type Session } from './session.js';
import { SignIn } from './SignIn.js';
import { Splash } from './Splash.js';

const loadRooms = () => import('./SignedIn.js');
const SignedIn = lazy(async () => {
  const [rooms, server] = await Promise.all([loadRooms(), serverPlace()]);
  return {
    default: (props: Omit<ComponentProps<typeof rooms.default>, 'server'>) => (
      <rooms.default {...props} server={server} />
    ),
  };
});

export function App() {
  const [session, setSession] = useState(storedSession);
  const change = (next: Session | null) => {
    store(next);
    setSession(next);
  };
  useEffect(() => {
    // While somebody types their name. Without a network it is loaded when it is needed.
    loadRooms().catch(() => undefined);
  }, []);
  if (!session) return <SignIn onSignedIn={change} />;
  return (
    <Suspense fallback={<Splash />}>
      <SignedIn key={session.user.id} session={session} onSignOut={() => change(null)} />
    </Suspense>
  );
}
