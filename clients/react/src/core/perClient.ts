// Something that a client has one of, apart from it, so that a page without it is not larger for it.
import type { ChatClient } from './client.js';

/** Returns a function that makes it when a client is first asked for it. */
export function perClient<T extends object>(make: (client: ChatClient) => T): (client: ChatClient) => T {
  const known = new WeakMap<ChatClient, T>();
  return (client) => {
    let made = known.get(client);
    if (!made) {
      made = make(client);
      known.set(client, made);
    }
    return made;
  };
}
