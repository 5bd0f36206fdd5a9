// Users and messages by their ids: the names of people who are no members, and messages that others answer. They stand apart
// from the client, so that a page without them is not larger for it.
import { perClient } from './perClient.js';
import { ChatError, isPassing } from './errors.js';
import type { Member, Message } from './protocol.js';
import { Store, type Readable, type Unsubscribe } from './store.js';
import { asking, type ChatSocket } from './wire.js';

/** By id; null for what does not exist, or may not be seen. An id that has not been answered yet is absent. */
export type Found<T> = ReadonlyMap<string, T | null>;

/** The pause before the server is asked again that could not answer, in milliseconds. */
const AGAIN = 10_000;
/** The most answers that are kept. The one that came first is forgotten first. */
const MOST_KEPT = 500;
/** After so many failures in a row the server is asked again on the next connection only. */
const MOST_FAILURES = 3;

export interface LookUpKind<T> {
  /** The most ids of one request. */
  readonly most: number;
  readonly ask: (ids: string[]) => Promise<readonly T[]>;
}

/** The answers that a client has got. Ids that are asked for in one turn of the event loop are one request. */
export class LookUps<T extends { id: string }> implements Readable<Found<T>> {
  readonly get: () => Found<T>;
  readonly subscribe: (listener: () => void) => Unsubscribe;
  private readonly store = new Store<{ found: Found<T> }>({ found: new Map() });
  private readonly wanted = new Set<string>();
  private isAsking = false;
  /** Requests in a row, on this connection, that the server could not answer. */
  private failures = 0;
  private timer: ReturnType<typeof setTimeout> | undefined;

  constructor(
    private readonly socket: ChatSocket,
    private readonly kind: LookUpKind<T>,
  ) {
    this.get = () => this.store.get().found;
    this.subscribe = this.store.subscribe;
    socket.on('connect', () => {
      this.failures = 0;
      this.schedule();
    });
  }

  /** Looks these up, unless they are known. */
  want(ids: readonly string[]): void {
    const found = this.get();
    for (const id of ids) if (!found.has(id)) this.wanted.add(id);
    this.schedule();
  }

  /** Replaces what is known of these. */
  learn(entries: readonly (readonly [id: string, value: T | null])[]): void {
    for (const [id] of entries) this.wanted.delete(id);
    const found = new Map([...this.get(), ...entries]);
    for (const id of [...found.keys()].slice(0, -MOST_KEPT)) found.delete(id);
    this.store.patch({ found });
  }

  /** Looks up again what may have changed unheard. Until the answer it is as it was. */
  doubt(ids: Iterable<string> = this.get().keys()): void {
    for (const id of ids) this.wanted.add(id);
    this.schedule();
  }

  private schedule(): void {
    if (this.isAsking || this.wanted.size === 0) return;
    this.isAsking = true;
    clearTimeout(this.timer);
    void Promise.resolve()
      .then(() => this.request())
      .finally(() => {
        this.isAsking = false;
        if (this.failures === 0) this.schedule();
      });
  }

  private async request(): Promise<void> {
    const ids = [...this.wanted].slice(0, this.kind.most);
    try {
      this.failures += 1;
      const found = new Map((await this.kind.ask(ids)).map((one) => [one.id, one]));
      this.failures = 0;
      // Anything that was learned meanwhile is newer.
      const asked = ids.filter((id) => this.wanted.has(id));
      this.learn(asked.map((id) => [id, found.get(id) ?? null]));
    } catch (error) {
      const isWorthwhile = error instanceof ChatError && isPassing(error.code);
      // A server that does not know the event never answers. An id that is refused stays unknown.
      if (!isWorthwhile) ids.forEach((id) => this.wanted.delete(id));
      else if (this.socket.connected && this.failures < MOST_FAILURES)
        this.timer = setTimeout(() => this.schedule(), AGAIN);
    }
  }
}

/** Users by their ids, as this client has looked them up. */
export const usersOf = perClient(
  ({ socket }) =>
    new LookUps<Member>(socket, {
      most: 100,
      ask: async (userIds) => (await asking(socket)('users:show', { userIds })).users,
    }),
);

/** Messages by their ids, as this client has looked them up, and as they were changed since in rooms that it is in. */
export const messagesOf = perClient(({ socket }) => {
  const lookUps = new LookUps<Message>(socket, {
    most: 50,
    ask: async (messageIds) => (await asking(socket)('messages:show', { messageIds })).messages,
  });
  const learn = (id: string, message: Message | null) => {
    if (lookUps.get().has(id)) lookUps.learn([[id, message]]);
  };
  socket.on('message:updated', (message) => {
    if (!message.truncated) learn(message.id, message);
    else if (lookUps.get().has(message.id)) lookUps.doubt([message.id]);
  });
  socket.on('message:deleted', ({ messageId }) => learn(messageId, null));
  // Changes of the time without a connection are not heard here.
  socket.on('disconnect', () => lookUps.doubt());
  return lookUps;
});
