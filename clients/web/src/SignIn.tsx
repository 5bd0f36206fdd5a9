// Who are you: by name in demo mode, else by a token.
import { Avatar } from '@chatoxide/react';
import { useEffect, useState, type FormEvent } from 'react';
import { LogoIcon } from './icons.js';
import { demoUsers, signInByName, signInByToken, type DemoUser, type Session } from './session.js';

/** Where the page learns whether the server is in demo mode. */
type Mode = { kind: 'asking' } | { kind: 'demo'; users: DemoUser[] } | { kind: 'token' };

export function SignIn({ onSignedIn }: { onSignedIn: (session: Session) => void }) {
  const [mode, setMode] = useState<Mode>({ kind: 'asking' });
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
      onSignedIn(mode.kind === 'demo' ? await signInByName(name) : signInByToken(name));
    } catch (error) {
      setWhy(error instanceof Error ? error.message : String(error));
      setBusy(false);
    }
  };
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (text.trim()) void enter(text);
  };
  return (
    <main className="sign-in">
      <form className="sign-in-card" onSubmit={submit}>
        <h1>
          <LogoIcon /> chatoxide
        </h1>
        {mode.kind === 'asking' && <p className="quiet">One moment…</p>}
        {mode.kind === 'demo' && (
          <>
            <p>This server is in demo mode: say who you are and come in.</p>
            <label htmlFor="name">Your name</label>
            <div className="sign-in-line">
              <input
                id="name"
                value={text}
                maxLength={60}
                autoFocus
                autoComplete="name"
                onChange={(event) => setText(event.target.value)}
              />
              <button className="button button-main" disabled={isBusy || !text.trim()}>
                Come in
              </button>
            </div>
            {mode.users.length > 0 && (
              <div className="sign-in-users" role="group" aria-labelledby="known">
                <p id="known" className="quiet">
                  Or come in as somebody who is known
                </p>
                {mode.users.map((user) => (
                  <button
                    key={user.id}
                    type="button"
                    className="button"
                    disabled={isBusy}
                    onClick={() => void enter(user.name)}
                  >
                    <Avatar id={user.id} name={user.name} />
                    {user.name}
                  </button>
                ))}
              </div>
            )}
          </>
        )}
        {mode.kind === 'token' && (
          <>
            <p>
              Paste a token. Whoever runs this server signs them:{' '}
              <code>chatoxide token --sub you --name You</code> prints one.
            </p>
            <label htmlFor="token">Token</label>
            <div className="sign-in-line">
              <input
                id="token"
                value={text}
                autoFocus
                autoComplete="off"
                spellCheck={false}
                onChange={(event) => setText(event.target.value)}
              />
              <button className="button button-main" disabled={isBusy || !text.trim()}>
                Come in
              </button>
            </div>
          </>
        )}
        {why && (
          <p className="danger" role="alert">
            {why}
          </p>
        )}
      </form>
    </main>
  );
}
