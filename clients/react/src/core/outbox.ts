// The outbox: messages that the server does not have yet. They are kept until they are sent or discarded. With
// IndexedDB they survive a reload and a lost connection.
import type { SendRequest } from './protocol.js';
import type { Refusal } from './types.js';

/** A message that the server does not have yet. */
export interface Entry {
  /** Identifies the message until it has an id. */
  clientId: string;
  /** The server's URL and the user's id. */
  owner: string;
  /** The page that sends it. */
  page: string;
  /** Order among the entries of one page. */
  serial: number;
  /** When it was written, in milliseconds. */
  at: number;
  request: SendRequest;
  /** Why the server refused it. A failed entry is sent again only when the user retries it. */
  failure?: Refusal;
}

/** The methods never reject: an entry that the browser cannot store is kept in memory. */
export interface Outbox {
  /** Its entries outlast this page. */
  readonly isDurable: boolean;
  /** The owner's entries that no other page is sending, oldest first; this page sends them from now on. */
  take(owner: string): Promise<Entry[]>;
  put(entry: Entry): Promise<void>;
  remove(clientId: string): Promise<void>;
  /** Releases this page's entries: other pages may send them until this page takes them again. */
  close(): void;
}

const DATABASE = 'chatoxide';
const ENTRIES = 'outbox';
const LOCK = 'chatoxide-page:';
/** The timeout for IndexedDB and for lock queries, in milliseconds. Some browsers never answer. */
const PATIENCE = 5_000;

/** An outbox in memory; its entries are lost with the page. */
export class MemoryOutbox implements Outbox {
  readonly isDurable = false;
  private readonly entries = new Map<string, Entry>();

  take(owner: string): Promise<Entry[]> {
    return Promise.resolve(inOrder([...this.entries.values()].filter((entry) => entry.owner === owner)));
  }

  put(entry: Entry): Promise<void> {
    this.entries.set(entry.clientId, entry);
    return Promise.resolve();
  }

  remove(clientId: string): Promise<void> {
    this.entries.delete(clientId);
    return Promise.resolve();
  }

  close(): void {
    // Nothing to release: no other page can see it.
  }
}

/** An outbox in IndexedDB. While that fails, as in some private windows, it falls back to memory. */
export class BrowserOutbox implements Outbox {
  private readonly memory = new MemoryOutbox();
  private database: Promise<IDBDatabase | null> | undefined;
  private works = true;
  /** Releases the Web Lock that marks this page as alive. */
  private letGo: (() => void) | undefined;

  constructor(
    protected readonly page: string,
    private readonly factory: IDBFactory,
    protected readonly locks: LockManager | undefined,
  ) {}

  get isDurable(): boolean {
    return this.works;
  }

  async take(owner: string): Promise<Entry[]> {
    const alive = await this.livingPages();
    const taken: Entry[] = [];
    const isDone = await this.change((entries) => {
      const all = entries.index('owner').getAll(owner);
      all.onsuccess = () => {
        for (const entry of all.result as Entry[]) {
          if (entry.page !== this.page && alive.has(entry.page)) continue;
          const own = { ...entry, page: this.page };
          taken.push(own);
          entries.put(own);
        }
      };
    });
    return inOrder([...(isDone ? taken : []), ...(await this.memory.take(owner))]);
  }

  async put(entry: Entry): Promise<void> {
    const isDone = await this.change((entries) => entries.put(entry));
    if (!isDone) await this.memory.put(entry);
  }

  async remove(clientId: string): Promise<void> {
    await this.change((entries) => entries.delete(clientId));
    await this.memory.remove(clientId);
  }

  close(): void {
    this.letGo?.();
    this.letGo = undefined;
  }

  /** Runs one transaction; false if it failed or timed out. */
  private async change(work: (entries: IDBObjectStore) => unknown): Promise<boolean> {
    const database = await (this.database ??= this.open());
    if (!database) return false;
    try {
      const done = new Promise<boolean>((resolve, reject) => {
        const transaction = database.transaction(ENTRIES, 'readwrite');
        transaction.oncomplete = () => resolve(true);
        transaction.onabort = transaction.onerror = reject;
        work(transaction.objectStore(ENTRIES));
      });
      this.works = await inTime(done, false);
    } catch {
      this.works = false;
    }
    // The disk is full, or the browser closed the database: it is opened again the next time.
    if (!this.works) this.database = undefined;
    return this.works;
  }

  /** Opens the database. A browser that does not answer in time counts as one without IndexedDB until it answers. */
  private async open(): Promise<IDBDatabase | null> {
    const database = await inTime(this.ask(), null);
    if (!database) this.works = false;
    return database;
  }

  private ask(): Promise<IDBDatabase | null> {
    return new Promise((resolve) => {
      const fail = () => resolve(null);
      try {
        const request = this.factory.open(DATABASE, 1);
        request.onupgradeneeded = () => {
          const entries = request.result.createObjectStore(ENTRIES, { keyPath: 'clientId' });
          entries.createIndex('owner', 'owner');
        };
        request.onsuccess = () => {
          // Another page wants to upgrade the database: close this connection so that it does not block the upgrade.
          request.result.onversionchange = () => request.result.close();
          resolve(request.result);
          this.database = Promise.resolve(request.result);
        };
        request.onerror = request.onblocked = fail;
      } catch {
        fail();
      }
    });
  }

  /**
   * The ids of pages that are still open and send their own entries. Without the Web Locks API it is empty: then two
   * pages may send the same entry, which the server stores once.
   */
  protected async livingPages(): Promise<ReadonlySet<string>> {
    if (!this.locks) return new Set();
    this.hold(this.locks);
    // Some browsers have locks and reject the query.
    const { held = [] } = await inTime(
      this.locks.query().catch(() => ({ held: [] })),
      { held: [] },
    );
    const names = held.map(({ name }) => name ?? '');
    return new Set(names.filter((name) => name.startsWith(LOCK)).map((name) => name.slice(LOCK.length)));
  }

  protected hold(locks: LockManager): void {
    if (this.letGo) return;
    const isClosed = new Promise<void>((resolve) => (this.letGo = resolve));
    // Without the lock, other pages may send this page's entries too.
    locks.request(LOCK + this.page, () => isClosed).catch(() => (this.letGo = undefined));
  }
}

/** Resolves with the answer, or with `otherwise` after the timeout. */
export async function inTime<T>(answer: Promise<T>, otherwise: T): Promise<T> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<T>((resolve) => (timer = setTimeout(() => resolve(otherwise), PATIENCE)));
  try {
    return await Promise.race([answer, late]);
  } finally {
    clearTimeout(timer);
  }
}

/** The outbox in IndexedDB if the browser has that, else the one in memory. */
export function openOutbox(page: string): Outbox {
  if (typeof indexedDB === 'undefined') return new MemoryOutbox();
  // Old browsers have no locks, and old Nodes no navigator.
  return new BrowserOutbox(page, indexedDB, (globalThis.navigator as Navigator | undefined)?.locks);
}

export function inOrder(entries: Entry[]): Entry[] {
  return entries.sort((one, other) => one.at - other.at || one.serial - other.serial);
}
