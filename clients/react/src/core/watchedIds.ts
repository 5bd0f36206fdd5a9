// The users that components watch on one connection: all calls of one turn of the event loop are one request.
import { ChatError, isPassing } from './errors.js';
import type { Unsubscribe } from './store.js';
import type { ChatSocket } from './wire.js';

/** The most users that a server watches for a connection. More are not watched until others are no longer. */
export const MOST_WATCHED = 500;
/** The pause before the server is asked again that could not answer, in milliseconds. */
const AGAIN = 10_000;

export class WatchedIds {
  /** How often each user is watched. */
  private readonly counts = new Map<string, number>();
  private isScheduled = false;
  /** The server was sent users on this connection, and may watch them. */
  private isWatching = false;
  private timer: ReturnType<typeof setTimeout> | undefined;

  constructor(
    private readonly socket: ChatSocket,
    private readonly request: (ids: string[]) => Promise<void>,
  ) {
    socket.on('connect', () => this.schedule());
    socket.on('disconnect', () => (this.isWatching = false));
  }

  has(userId: string): boolean {
    return this.counts.has(userId);
  }

  /** Watches users until what this returns is called. */
  watch(userIds: readonly string[]): Unsubscribe {
    const watched = [...new Set(userIds)];
    for (const userId of watched) this.count(userId, 1);
    this.schedule();
    let isWatched = true;
    return () => {
      if (!isWatched) return;
      isWatched = false;
      for (const userId of watched) this.count(userId, -1);
      this.schedule();
    };
  }

  private count(userId: string, change: number): void {
    const count = (this.counts.get(userId) ?? 0) + change;
    if (count > 0) this.counts.set(userId, count);
    else this.counts.delete(userId);
  }

  private schedule(): void {
    if (this.isScheduled) return;
    this.isScheduled = true;
    void Promise.resolve().then(() => {
      this.isScheduled = false;
      void this.send();
    });
  }

  private async send(): Promise<void> {
    clearTimeout(this.timer);
    if (!this.socket.connected || (this.counts.size === 0 && !this.isWatching)) return;
    this.isWatching = this.counts.size > 0;
    try {
      await this.request([...this.counts.keys()].slice(0, MOST_WATCHED));
    } catch (error) {
      // An older server does not know the request.
      const isWorthwhile = error instanceof ChatError && isPassing(error.code) && this.socket.connected;
      clearTimeout(this.timer);
      if (isWorthwhile) this.timer = setTimeout(() => void this.send(), AGAIN);
    }
  }
}
