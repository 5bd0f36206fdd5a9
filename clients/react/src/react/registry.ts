// Which components share a client, and with it a socket: those of one server and one user.
import { ChatClient } from '../core/client.js';
import { connectEpoch } from '../core/connect.js';
import { ownerOf } from '../core/token.js';

/** By server and user. */
const named = new Map<string, ChatClient>();

/** A client that nobody has used after so long was for a page that never came. */
const UNUSED = 30_000;

/** The client for a token, whichever of its user's tokens that is. */
export function clientOf(url: string, token: string): ChatClient {
  // On a server nothing is kept: one user's page would find another's.
  if (typeof window === 'undefined') return new ChatClient({ url, token });
  const user = ownerOf(token);
  const name = JSON.stringify([url, user ? { id: user.id } : token, connectEpoch()]);
  let client = named.get(name);
  if (!client) {
    client = new ChatClient({ url, token });
    named.set(name, client);
    forgetUnused(name, client);
  }
  return client;
}

function forgetUnused(name: string, client: ChatClient): void {
  setTimeout(() => {
    if (client.get().status === 'closed') named.delete(name);
    else forgetUnused(name, client);
  }, UNUSED);
}

interface Shared {
  client: ChatClient;
  holders: number;
}

/** Of those whose token is a function: by server, as long as a component is there. */
const shared = new Map<string, Shared>();
const passedOver = new WeakSet<ChatClient>();

/**
 * A component with a function for its token is on the page: the client to use is that of the others who are, or else its
 * own. When the last has gone nothing is shared any more: who comes after them may be another user.
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

/** Another client took its place before it was used. */
export function isPassedOver(client: ChatClient): boolean {
  return passedOver.has(client);
}
