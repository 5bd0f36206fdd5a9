// A search of messages while somebody types it: one request at a time, and only for the last query. It stands apart from the
// client, so that a page without it is not larger for it.
import { ChatError } from './errors.js';
import type { SearchPage, SearchRequest } from './protocol.js';
import { faultIn } from './searchQuery.js';
import { Store, type Readable, type Unsubscribe } from './store.js';
import type { Refusal } from './types.js';
import { asking, type Ask, type ChatSocket } from './wire.js';

export type SearchOrder = NonNullable<SearchRequest['order']>;
export type FoundMessage = SearchPage['results'][number];

export interface SearchState {
  query: string;
  order: SearchOrder;
  results: readonly FoundMessage[];
  /** The results are those of the query. While a query is new, those of the last one are still there. */
  isReady: boolean;
  isLoading: boolean;
  hasMore: boolean;
  /** The share of the searched rooms whose whole history is indexed; null when all of them are. */
  indexed: number | null;
  refusal: Refusal | null;
  /** The part of the query that was refused, from `start` to `end`; null where the refusal names none. */
  fault: { start: number; end: number } | null;
}

/** The pause after a key before the server is asked, in milliseconds. */
const PAUSE = 250;
/** A page may have no result and not be the last. So many in a row are loaded at once. */
const MOST_EMPTY = 5;

const NOTHING = {
  results: [],
  isReady: false,
  isLoading: false,
  hasMore: false,
  indexed: null,
  refusal: null,
  fault: null,
} as const;

export class MessageSearch implements Readable<SearchState> {
  private readonly store = new Store<SearchState>({ query: '', order: 'newest', ...NOTHING });
  private readonly ask: Ask;
  private watchers = 0;
  private after: string | null = null;
  private timer: ReturnType<typeof setTimeout> | undefined;
  /** Counts the searches: an answer to an earlier one is void. */
  private serial = 0;
  private running: Promise<void> | undefined;
  /** The query is being typed: its last operator may not have its value yet. */
  private isTyping = false;

  readonly get = this.store.get;

  constructor(
    private readonly socket: ChatSocket,
    private readonly pause = PAUSE,
  ) {
    this.ask = asking(socket);
  }

  readonly subscribe = (listener: () => void): Unsubscribe => {
    const unsubscribe = this.store.subscribe(listener);
    this.watchers += 1;
    if (this.watchers === 1) this.socket.on('connect', this.resume);
    return () => {
      unsubscribe();
      this.watchers -= 1;
      if (this.watchers > 0) return;
      this.socket.off('connect', this.resume);
      clearTimeout(this.timer);
    };
  };

  /** Searches for this, when nobody has typed for a moment. */
  readonly setQuery = (query: string): void => {
    if (query !== this.store.get().query) this.change({ query }, this.pause);
  };

  readonly setOrder = (order: SearchOrder): void => {
    if (order !== this.store.get().order) this.change({ order }, 0);
  };

  /** Searches now: it waits for no pause, and tries again what was refused. */
  readonly submit = (): void => {
    const isAsked = this.store.get().isLoading && this.timer === undefined;
    if (!isAsked) this.change({}, 0);
  };

  /** Loads the next page. */
  readonly loadMore = async (): Promise<void> => {
    const { isReady, isLoading, hasMore } = this.store.get();
    if (isReady && hasMore && !isLoading) await this.load(this.serial, this.after);
  };

  private readonly resume = (): void => {
    if (this.store.get().refusal?.code === 'offline') this.change({}, 0);
  };

  private change(changes: Partial<Pick<SearchState, 'query' | 'order'>>, pause: number): void {
    clearTimeout(this.timer);
    this.timer = undefined;
    this.isTyping = pause > 0;
    const serial = (this.serial += 1);
    this.after = null;
    const query = changes.query ?? this.store.get().query;
    if (query.trim() === '') {
      this.store.patch({ ...NOTHING, ...changes });
      return;
    }
    this.store.patch({ ...changes, isReady: false, isLoading: true, hasMore: false });
    const begin = () => {
      this.timer = undefined;
      void this.load(serial, null);
    };
    if (pause > 0) this.timer = setTimeout(begin, pause);
    else begin();
  }

  /** Loads a page once the request before has its answer: the server takes few at a time from a user. */
  private async load(serial: number, after: string | null): Promise<void> {
    this.store.patch({ isLoading: true });
    while (this.running) await this.running;
    if (serial !== this.serial) return;
    this.running = this.page(serial, after).finally(() => {
      this.running = undefined;
    });
    await this.running;
  }

  private async page(serial: number, after: string | null): Promise<void> {
    const { query, order, results: before } = this.store.get();
    try {
      let page = await this.ask('messages:search', { query, order, after });
      for (let empty = 1; page.results.length === 0 && !page.isComplete && empty < MOST_EMPTY; empty += 1) {
        if (serial !== this.serial) return;
        page = await this.ask('messages:search', { query, order, after: page.after });
      }
      if (serial !== this.serial) return;
      this.after = page.after;
      this.store.patch({
        results: after === null ? page.results : unique([...before, ...page.results]),
        isReady: true,
        isLoading: false,
        hasMore: page.after !== null,
        indexed: page.indexed ?? null,
        refusal: null,
        fault: null,
      });
    } catch (error) {
      if (serial !== this.serial) return;
      const refused = error instanceof ChatError ? error : new ChatError('internal', String(error));
      const { refusal } = refused;
      const fault = faultIn(query, refusal);
      if (this.isTyping && fault?.end === query.length) {
        this.store.patch({ isLoading: false, refusal: null, fault: null });
        return;
      }
      // The results stay when only their next page could not be loaded.
      if (after === null) this.store.patch({ ...NOTHING, refusal, fault });
      else this.store.patch({ isLoading: false, refusal, fault });
    }
  }
}

/** A message may have moved to the next page meanwhile. */
function unique(results: readonly FoundMessage[]): FoundMessage[] {
  return [...new Map(results.map((found) => [found.message.id, found])).values()];
}
