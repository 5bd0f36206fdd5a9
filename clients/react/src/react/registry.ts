// Shares a client, and with it a socket, among the components of one server and one user.
import { ChatClient } from '../core/client.js';
import { connectEpoch } from '../core/connect.js';
import { ownerOf } from '../core/token.js';

/** Clients by server and user. */
const named = new Map<string, ChatClient>();

/** How often unused clients are dropped, in milliseconds: those that are closed, as no component uses them. */
const UNUSED = 30_000;

/** The client for a token, whichever of its user's tokens that is. */
export function clientOf(url: string, token: string): ChatClient {
  // In server-side rendering no client is cached: one user's page would get another's.
  if (typeof window === 'undefined') return new ChatClient({ url, token });
  const user = ownerOf(token);
  const name = JSON.stringify([url, user ? { id: user.id } : token, connectEpoch]);
  const known = named.get(name);
  if (known) return known;
  const client = new ChatClient({ url, token });
  named.set(name, client);
  const timer = setInterval(() => {
    if (client.get().status !== 'closed') return;
    named.delete(name);
    clearInterval(timer);
  }, UNUSED);
  return client;
}

interface Shared {
  client: ChatClient;
  holders: number;
}

/** Clients whose token is a function: by server, while a component that uses one is mounted. */
const shared = new Map<string, Shared>();
const passedOver = new WeakSet<ChatClient>();

/**
 * Registers a mounted component whose token is a function. It uses the client of the other such components, or else
 * its own. When the last one unmounts, that client is no longer shared: the next component may be another user's.
 */
export function share(url: string, own: ChatClient): { client: ChatClient; release: () => void } {
  const there = shared.get(url) ?? { client: own, holders: 0 };
  shared.set(url, there);
  there.holders += 1;
  if (there.client !== own) passedOver.add(own);
  passedOver.delete(there.client);
  return {
    client: there.client,
    release: () => {
      there.holders -= 1;
      if (there.holders === 0 && shared.get(url) === there) shared.delete(url);
    },
  };
}

/** Whether a shared client is used in its place. */
export function isPassedOver(client: ChatClient): boolean {
  return passedOver.has(client);
}
