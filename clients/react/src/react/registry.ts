// One client for each server and token of a page: components that say the same share a socket.
import { ChatClient } from '../client.js';
import type { TokenSource } from '../types.js';

const clients = new Map<string, ChatClient>();

/** A client that nobody has used after so long was for a page that never came. */
const UNUSED = 30_000;

export function clientOf(url: string, token: TokenSource): ChatClient {
  // On a server nothing is kept: one user's page would find another's.
  if (typeof window === 'undefined') return new ChatClient({ url, token });
  // A function is a new one at each render; it is asked only when there is need of a token.
  const name = typeof token === 'string' ? `${url}\n${token}` : `${url}\n()`;
  let client = clients.get(name);
  if (!client) {
    client = new ChatClient({ url, token });
    clients.set(name, client);
    forgetUnused(name, client);
  } else if (typeof token === 'function') {
    client.setToken(token);
  }
  return client;
}

function forgetUnused(name: string, client: ChatClient): void {
  setTimeout(() => {
    if (client.get().status === 'closed') clients.delete(name);
    else forgetUnused(name, client);
  }, UNUSED);
}
