// Stores rooms, so that they can be read without a network: in IndexedDB, bounded, and the rooms that were stored first go
// first. Every failure is silent: a room that cannot be stored is loaded from the server.
import { inTime } from '../core/outbox.js';
import type { ListedRoom, Member, Message } from '../core/protocol.js';
import type { RoomHistory } from './room.js';

export const MOST_ROOMS = 50;
/** The newest of each room. */
export const MOST_MESSAGES = 200;
/** The most characters of one room, and of all rooms of a user. */
const MOST_IN_ROOM = 1_000_000;
export const MOST_IN_ALL = 10_000_000;

const DATABASE = 'chatoxide-history';
/** The sizes and ages of the rooms; their contents; the lists of rooms. */
const [SIZES, ROOMS, LISTS] = ['sizes', 'rooms', 'lists'] as const;

interface Size {
  owner: string;
  roomId: string;
  /** When it was stored last, in milliseconds. */
  at: number;
  characters: number;
}

/** A room as text: its size is known, and reading it back is one step. */
interface Content {
  owner: string;
  roomId: string;
  text: string;
}

type Stores = Record<typeof SIZES | typeof ROOMS | typeof LISTS, IDBObjectStore>;

export class HistoryStore {
  private database: Promise<IDBDatabase | undefined> | undefined;

  constructor(private readonly factory: IDBFactory | undefined) {}

  async room(owner: string, roomId: string): Promise<RoomHistory | undefined> {
    const found = await this.read<Content>(({ rooms }) => rooms.get([owner, roomId]));
    return parsed<RoomHistory>(found?.text);
  }

  async keepRoom(owner: string, roomId: string, history: RoomHistory): Promise<void> {
    const messages = newest(history.messages);
    const hasMore = history.hasMore || messages.length < history.messages.length;
    const members: readonly Member[] = history.members.slice(0, MOST_MESSAGES);
    const text = JSON.stringify({ ...history, messages, members, hasMore });
    await this.change((stores) => {
      stores.rooms.put({ owner, roomId, text } satisfies Content);
      stores.sizes.put({ owner, roomId, at: Date.now(), characters: text.length } satisfies Size);
      const all = stores.sizes.index('owner').getAll(owner);
      all.onsuccess = () => {
        for (const size of tooMuch(all.result as Size[])) remove(stores, size);
      };
    });
  }

  async list(owner: string): Promise<readonly ListedRoom[] | undefined> {
    const found = await this.read<{ text: string }>(({ lists }) => lists.get(owner));
    return parsed<ListedRoom[]>(found?.text);
  }

  async keepList(owner: string, rooms: readonly ListedRoom[]): Promise<void> {
    await this.change(({ lists }) => lists.put({ owner, text: JSON.stringify(rooms) }));
  }

  async eraseRoom(owner: string, roomId: string): Promise<void> {
    await this.change((stores) => remove(stores, { owner, roomId }));
  }

  async eraseOwner(owner: string): Promise<void> {
    await this.change((stores) => {
      stores.lists.delete(owner);
      const keys = stores.sizes.index('owner').getAllKeys(owner);
      keys.onsuccess = () => {
        for (const key of keys.result as [string, string][])
          remove(stores, { owner: key[0], roomId: key[1] });
      };
    });
  }

  /** The users of whom anything is stored. */
  async owners(): Promise<string[]> {
    const ofRooms = await this.read<Size[]>(({ sizes }) => sizes.getAll());
    const ofLists = await this.read<string[]>(({ lists }) => lists.getAllKeys());
    return [...new Set([...(ofRooms ?? []).map(({ owner }) => owner), ...(ofLists ?? [])])];
  }

  private async read<T>(ask: (stores: Stores) => IDBRequest): Promise<T | undefined> {
    let request: IDBRequest | undefined;
    const isDone = await this.change((stores) => {
      request = ask(stores);
    }, 'readonly');
    return isDone ? (request?.result as T | undefined) : undefined;
  }

  /** Runs one transaction; false if it failed or timed out. */
  private async change(
    work: (stores: Stores) => unknown,
    mode: IDBTransactionMode = 'readwrite',
  ): Promise<boolean> {
    const database = await (this.database ??= this.open());
    if (!database) return false;
    try {
      const done = new Promise<boolean>((resolve, reject) => {
        const transaction = database.transaction([SIZES, ROOMS, LISTS], mode);
        transaction.oncomplete = () => resolve(true);
        transaction.onabort = transaction.onerror = () => reject(transaction.error ?? new Error('aborted'));
        const [sizes, rooms, lists] = [SIZES, ROOMS, LISTS].map((name) => transaction.objectStore(name));
        if (sizes && rooms && lists) work({ sizes, rooms, lists });
      });
      return await inTime(done, false);
    } catch {
      // The disk is full, or the browser closed the database: it is opened again the next time.
      this.database = undefined;
      return false;
    }
  }

  private open(): Promise<IDBDatabase | undefined> {
    const opened = new Promise<IDBDatabase | undefined>((resolve) => {
      try {
        const request = this.factory?.open(DATABASE, 1);
        if (!request) return resolve(undefined);
        request.onupgradeneeded = () => {
          const { result } = request;
          const sizes = result.createObjectStore(SIZES, { keyPath: ['owner', 'roomId'] });
          sizes.createIndex('owner', 'owner');
          result.createObjectStore(ROOMS, { keyPath: ['owner', 'roomId'] });
          result.createObjectStore(LISTS, { keyPath: 'owner' });
        };
        request.onsuccess = () => {
          // Another page wants to upgrade the database: this connection does not stand in its way.
          request.result.onversionchange = () => request.result.close();
          resolve(request.result);
        };
        request.onerror = request.onblocked = () => resolve(undefined);
      } catch {
        resolve(undefined);
      }
    });
    return inTime(opened, undefined);
  }
}

function remove({ sizes, rooms }: Stores, { owner, roomId }: { owner: string; roomId: string }): void {
  sizes.delete([owner, roomId]);
  rooms.delete([owner, roomId]);
}

/** The newest messages that a room may store, oldest first. */
function newest(messages: readonly Message[]): readonly Message[] {
  let characters = 0;
  let first = messages.length;
  for (; first > 0 && messages.length - first < MOST_MESSAGES; first -= 1) {
    characters += JSON.stringify(messages[first - 1]).length;
    if (characters > MOST_IN_ROOM) break;
  }
  return messages.slice(first);
}

/** The rooms that are over the bounds of a user; the newest stay. */
function tooMuch(sizes: readonly Size[]): readonly Size[] {
  let characters = 0;
  const byAge = [...sizes].sort((one, other) => other.at - one.at);
  return byAge.filter((size, index) => {
    characters += size.characters;
    return index >= MOST_ROOMS || characters > MOST_IN_ALL;
  });
}

/** The value of a text; undefined if an older version of the page wrote something else. */
function parsed<T>(text: string | undefined): T | undefined {
  try {
    return text === undefined ? undefined : (JSON.parse(text) as T);
  } catch {
    return undefined;
  }
}
