// The client for a component's token. A string says whose it is; a function is asked only when there is need, and is often
// a new one at each render, so that it cannot say who shares a client: being on the page at the same time does.
import { useState } from 'react';
import { useBeforePaint } from './beforePaint.js';
import type { ChatClient } from '../core/client.js';
import type { TokenSource } from '../core/types.js';
import { clientOf, newClient, share, type Server } from './registry.js';

interface Own {
  server: Server;
  client: ChatClient | undefined;
}

/** `undefined` without a token. `isShared`: with the others whose token is a function. */
export function useClientOf(
  server: Server,
  token: TokenSource | undefined,
  isShared: boolean,
): ChatClient | undefined {
  const isFunction = typeof token === 'function';
  const make = (): Own => ({ server, client: isFunction ? newClient(server, token) : undefined });
  const [last, setOwn] = useState(make);
  let own = last;
  if (
    own.server.url !== server.url ||
    own.server.path !== server.path ||
    (own.client !== undefined) !== isFunction
  ) {
    own = make();
    setOwn(own);
  }
  const client = typeof token === 'string' ? clientOf(server, token) : own.client;

  useBeforePaint(() => {
    if (!isShared || !own.client) return undefined;
    const { client: theirs, release } = share(own.server, own.client);
    if (theirs !== own.client) setOwn({ server: own.server, client: theirs });
    return release;
  }, [own, isShared]);
  useBeforePaint(() => {
    if (token !== undefined) client?.setToken(token);
  }, [client, token]);
  return client;
}
