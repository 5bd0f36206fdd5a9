// The client for a component's token. A string says whose it is; a function is asked only when there is need, and is often
// a new one at each render, so that it cannot say who shares a client: being on the page at the same time does.
import { useState } from 'react';
import { useBeforePaint } from './beforePaint.js';
import { ChatClient } from '../core/client.js';
import type { TokenSource } from '../core/types.js';
import { clientOf, share } from './registry.js';

interface Own {
  url: string;
  client: ChatClient | undefined;
}

/** `undefined` without a token. `isShared`: with the others whose token is a function. */
export function useClientOf(
  url: string,
  token: TokenSource | undefined,
  isShared: boolean,
): ChatClient | undefined {
  const isFunction = typeof token === 'function';
  const make = (): Own => ({ url, client: isFunction ? new ChatClient({ url, token }) : undefined });
  const [last, setOwn] = useState(make);
  let own = last;
  if (own.url !== url || (own.client !== undefined) !== isFunction) {
    own = make();
    setOwn(own);
  }
  const client = typeof token === 'string' ? clientOf(url, token) : own.client;

  useBeforePaint(() => {
    if (!isShared || !own.client) return undefined;
    const { client: theirs, release } = share(own.url, own.client);
    if (theirs !== own.client) setOwn({ url: own.url, client: theirs });
    return release;
  }, [own, isShared]);
  useBeforePaint(() => {
    if (token !== undefined) client?.setToken(token);
  }, [client, token]);
  return client;
}
