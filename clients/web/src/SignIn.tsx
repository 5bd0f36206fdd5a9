// Signing in: by name in demo mode, else by a token.
import { useEffect, useState, type FormEvent } from 'react';
import { demoUsers, signInByName, signInByToken, type DemoUser, type Session } from './session.js';
import { Splash } from './Splash.js';

/** The page learns first whether the server is in demo mode. */
type Mode = { kind: 'demo'; users: DemoUser[] } | { kind: 'token' };

export function SignIn({ onSignedIn }: { onSignedIn: (session: Session) => void }) {
  const [mode, setMode] = useState<Mode>();
  const [text, setText] = useState('');
  const [why, setWhy] = useState('');
  const [isBusy, setBusy] = useState(false);
  useEffect(() => {
    demoUsers().then(
      (users) => setMode(users ? { kind: 'demo', users } : { kind: 'token' }),
      (error: Error) => {
        setMode({ kind: 'token' });
        setWhy(error.message);
      },
    );
  }, []);
  const enter = async (name: string) => {
    setBusy(true);
    setWhy('');
    try {
      onSignedIn(mode?.kind === 'demo' ? await signInByName(name) : signInByToken(name));
    } catch (error) {
      setWhy(error instanceof Error ? error.message : String(error));
      setBusy(false);
    }
  };
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (text.trim()) void enter(text);
  };
  if (!mode) return <Splash />;
  const isDemo = mode.kind === 'demo';
  return (
    <Splash>
      {isDemo ? (
        <p>This server is in demo mode. Enter any name to sign in.</p>
      ) : (
        <p>
          Paste your token. Whoever runs this server can make one:{' '}
          <code>chatoxide token --sub you --name You</code>
        </p>
      )}
      <form onSubmit={submit}>
        <label htmlFor="credential">{isDemo ? 'Your name' : 'Token'}</label>
        <div className="sign-in-line">
          <input
            id="credential"
            value={text}
            maxLength={isDemo ? 60 : undefined}
            autoFocus
            autoComplete={isDemo ? 'name' : 'off'}
            spellCheck={false}
            onChange={(event) => setText(event.target.value)}
          />
          <button className="button button-main" disabled={isBusy || !text.trim()}>
            Sign in
          </button>
        </div>
      </form>
      {isDemo && mode.users.length > 0 && (
        <div className="sign-in-users" role="group" aria-labelledby="known">
          <p id="known" className="quiet">
            Or continue as
          </p>
          {mode.users.map((user) => (
            <button
              key={user.id}
              type="button"
              className="button"
              disabled={isBusy}
              onClick={() => void enter(user.name)}
            >
              {user.name}
            </button>
          ))}
        </div>
      )}
      {why && (
        <p className="danger" role="alert">
          {why}
        </p>
      )}
    </Splash>
  );
}
