// The members who have read a message, page by page.
import { ChatError } from './errors.js';
import type { Reader, UserRead } from './protocol.js';
import { Store, type Readable, type Unsubscribe } from './store.js';
import type { Refusal } from './types.js';
import { asking, type Ask, type ChatSocket } from './wire.js';

export interface ReadersState {
  readers: readonly Reader[];
  /** The first page is loaded. */
  isReady: boolean;
  hasMore: boolean;
  refusal: Refusal | null;
}

export class MessageReaders implements Readable<ReadersState> {
  private readonly store = new Store<ReadersState>({
    readers: [],
    isReady: false,
    hasMore: false,
    refusal: null,
  });
  private readonly ask: Ask;
  private watchers = 0;
  private after: string | null = null;
  /** Counts the loads: an answer to an earlier one is void. */
  private loads = 0;

  readonly get = this.store.get;

  constructor(
    private readonly socket: ChatSocket,
    private readonly roomId: string,
    private readonly messageId: string,
  ) {
    this.ask = asking(socket);
  }

  readonly subscribe = (listener: () => void): Unsubscribe => {
    const unsubscribe = this.store.subscribe(listener);
    this.watchers += 1;
    if (this.watchers === 1) {
      this.socket.on('connect', this.reload);
      this.socket.on('room:user-read', this.heardRead);
      this.reload();
    }
    return () => {
      unsubscribe();
      this.watchers -= 1;
      if (this.watchers > 0) return;
      this.socket.off('connect', this.reload);
      this.socket.off('room:user-read', this.heardRead);
    };
  };

  /** Loads the next page. */
  readonly loadMore = (): Promise<void> => this.load(this.after);

  private readonly reload = (): void => void this.load(null);

  private readonly heardRead = ({ roomId, userId }: UserRead): void => {
    const isKnown = this.store.get().readers.some(({ id }) => id === userId);
    if (roomId === this.roomId && !isKnown) this.reload();
  };

  private async load(after: string | null): Promise<void> {
    const load = (this.loads += 1);
    try {
      const page = await this.ask('message:readers', { messageId: this.messageId, after });
      if (load !== this.loads) return;
      this.after = page.after;
      const readers = after === null ? page.readers : [...this.store.get().readers, ...page.readers];
      this.store.patch({ readers, isReady: true, hasMore: page.after !== null, refusal: null });
    } catch (error) {
      if (load !== this.loads) return;
      const { code, message } = error instanceof ChatError ? error : new ChatError('internal', String(error));
      this.store.patch({ refusal: { code, error: message } });
    }
  }
}
