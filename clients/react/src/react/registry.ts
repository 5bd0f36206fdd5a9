// Shares a client, and with it a socket, among the components of one server and one user.
import { ChatClient } from '../core/client.js';
import { connectEpoch } from '../core/connect.js';
import { ownerOf } from '../core/token.js';
import type { TokenSource } from '../core/types.js';

/** A chat server: its URL, and where Socket.IO is on it if not at `/socket.io`. */
export interface Server {
  url: string;
  path: string | undefined;
}

/** A client that nobody shares yet. */
export function newClient({ url, path }: Server, token: TokenSource): ChatClient {
  return new ChatClient({ url, token, socket: path === undefined ? undefined : { path } });
}

/** Clients by server and user. */
const named = new Map<string, ChatClient>();

/** How often unused clients are dropped, in milliseconds: those that are closed, as no component uses them. */
const UNUSED = 30_000;

/** The client for a token, whichever of its user's tokens that is. */
export function clientOf(server: Server, token: string): ChatClient {
  // In server-side rendering no client is cached: one user's page would get another's.
  if (typeof window === 'undefined') return newClient(server, token);
  const user = ownerOf(token);
  const name = JSON.stringify([server.url, server.path, user ? { id: user.id } : token, connectEpoch]);
  const known = named.get(name);
  if (known) return known;
  const client = newClient(server, token);
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
export function share({ url, path }: Server, own: ChatClient): { client: ChatClient; release: () => void } {
  const name = JSON.stringify([url, path]);
  const there = shared.get(name) ?? { client: own, holders: 0 };
  shared.set(name, there);
  there.holders += 1;
  if (there.client !== own) passedOver.add(own);
  passedOver.delete(there.client);
  return {
    client: there.client,
    release: () => {
      there.holders -= 1;
      if (there.holders === 0 && shared.get(name) === there) shared.delete(name);
    },
  };
}

/** Whether a shared client is used in its place. */
export function isPassedOver(client: ChatClient): boolean {
  return passedOver.has(client);
}
