import { ChatProvider } from '@chatoxide/react';
import { StrictMode } from 'react';
import { createRoot } from 'react-dom/client';
import { Page } from './Page';

// In your app the token comes from your sign-in. Here it is the part of the address after the #.
const token = location.hash.slice(1);

createRoot(document.getElementById('root')!).render(
  <StrictMode>
    {/* Without VITE_CHAT_URL it is http://localhost:3000. */}
    <ChatProvider url={import.meta.env.VITE_CHAT_URL}>
      {token ? <Page token={token} /> : <p>Open this page with a token after a # in the address.</p>}
    </ChatProvider>
  </StrictMode>,
);
