// Messages on their way: kept until the server has them or they are discarded, in IndexedDB where there is one, so that neither a reload nor a dead
// network loses any.
import type { SendRequest } from './protocol.js';
import type { Refusal } from './types.js';

/** A message that the server does not have yet. */
export interface Entry {
  /** What the message is known by until it has an id. */
  clientId: string;
  /** Whose: the server and the user. */
  owner: string;
  /** The page that sends it. */
  page: string;
  /** Order among the entries of one page. */
  serial: number;
  /** When it was written, in milliseconds. */
  at: number;
  request: SendRequest;
  /** Why it was refused: it is not sent again unless the user says so. */
  failure?: Refusal;
}

/** It never fails: what a browser does not keep is kept in memory. */
export interface Outbox {
  /** Its entries outlast this page. */
  readonly isDurable: boolean;
  /** The owner's entries that no other page is sending, oldest first; this page sends them from now on. */
  take(owner: string): Promise<Entry[]>;
  put(entry: Entry): Promise<void>;
  remove(clientId: string): Promise<void>;
  /** Other pages may send its entries from now on, until it takes them again. */
  close(): void;
}

const DATABASE = 'chatoxide';
const ENTRIES = 'outbox';
const LOCK = 'chatoxide-page:';
/** So long the browser may take to answer, in milliseconds. Some never do. */
const PATIENCE = 5_000;

/** An outbox that ends with the page. */
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
    // Nobody else sees it.
  }
}

/** An outbox in IndexedDB. While that fails, as in some private windows, it is one in memory. */
export class BrowserOutbox implements Outbox {
  private readonly memory = new MemoryOutbox();
  private database: Promise<IDBDatabase | null> | undefined;
  private works = true;
  /** Ends the lock that says that this page is alive. */
  private letGo: (() => void) | undefined;

  constructor(
    private readonly page: string,
    private readonly factory: IDBFactory,
    private readonly locks: LockManager | undefined,
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

  /** One transaction; false if the browser would not. */
  private async change(work: (entries: IDBObjectStore) => unknown): Promise<boolean> {
    const database = await (this.database ??= this.open());
    if (!database) return false;
    try {
      const done = new Promise<boolean>((resolve, reject) => {
        const transaction = database.transaction(ENTRIES, 'readwrite');
        transaction.oncomplete = () => resolve(true);
        transaction.onabort = transaction.onerror = () => reject(transaction.error ?? new Error('aborted'));
        work(transaction.objectStore(ENTRIES));
      });
      this.works = await inTime(done, false);
    } catch {
      this.works = false;
    }
    // The disk is full, or the database was closed under us: it is opened anew the next time.
    if (!this.works) this.database = undefined;
    return this.works;
  }

  /** What does not answer is taken for a browser without one, until it does. */
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
          // Another version of this page wants to change it: never in its way.
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

  /** The pages whose entries are theirs to send. Where nothing says so, none: then two pages may send one, which the server
   * takes for one. */
  private async livingPages(): Promise<ReadonlySet<string>> {
    if (!this.locks) return new Set();
    this.hold(this.locks);
    // Some browsers have locks and refuse to tell of them.
    const { held = [] } = await inTime(
      this.locks.query().catch(() => ({ held: [] })),
      { held: [] },
    );
    const names = held.map(({ name }) => name ?? '');
    return new Set(names.filter((name) => name.startsWith(LOCK)).map((name) => name.slice(LOCK.length)));
  }

  private hold(locks: LockManager): void {
    if (this.letGo) return;
    const isClosed = new Promise<void>((resolve) => (this.letGo = resolve));
    // A browser that refuses the lock sends what others may send, too.
    locks.request(LOCK + this.page, () => isClosed).catch(() => (this.letGo = undefined));
  }
}

/** The answer, or `otherwise` when there is none in time. */
async function inTime<T>(answer: Promise<T>, otherwise: T): Promise<T> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<T>((resolve) => (timer = setTimeout(() => resolve(otherwise), PATIENCE)));
  try {
    return await Promise.race([answer, late]);
  } finally {
    clearTimeout(timer);
  }
}

/** The best that there is here. */
export function openOutbox(page: string): Outbox {
  if (typeof indexedDB === 'undefined') return new MemoryOutbox();
  const locks = typeof navigator === 'undefined' ? undefined : navigator.locks;
  return new BrowserOutbox(page, indexedDB, locks);
}

function inOrder(entries: Entry[]): Entry[] {
  return entries.sort((one, other) => one.at - other.at || one.serial - other.serial);
}
