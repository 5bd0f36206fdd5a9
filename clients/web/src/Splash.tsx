// The card of the sign-in, empty: index.html shows the same before any script has been loaded.
import type { ReactNode } from 'react';
import { LogoIcon } from './icons.js';

export function Splash({ children = <p className="quiet">Loading…</p> }: { children?: ReactNode }) {
  return (
    <main className="sign-in">
      <div className="sign-in-card">
        <h1>
          <LogoIcon /> chatoxide
        </h1>
        {children}
      </div>
    </main>
  );
}
