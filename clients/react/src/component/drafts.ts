// Drafts: the unsent text of each user in each room, and what it answers. Each tab has its own in `sessionStorage`. A copy in
// `localStorage` outlasts the tab: a tab that has none of its own in a room shows that, and follows it.
import type { Chat } from '../core/types.js';

/** The most texts of a kind that are kept; the one that was begun first is dropped first. */
const MOST = 50;
/** A text longer than this, in characters, is kept in memory only. */
const LONGEST = 100_000;

export function draftKey(userId: string, roomId: string): string {
  return JSON.stringify([userId, roomId]);
}

/** The place of a chat's draft, where a room's id is asked for: a thread has one of its own. */
export function draftPlace({ roomId, threadId }: Pick<Chat, 'roomId' | 'threadId'>): string {
  return threadId === undefined ? roomId : `${roomId} ${threadId}`;
}

export class KeptTexts {
  private readonly listeners = new Set<() => void>();
  private texts: Map<string, string> | undefined;
  /** The keys of texts that were written in this tab. */
  private readonly own = new Set<string>();

  /** `prefix`: that of the names in both storages. */
  constructor(private readonly prefix: string) {}

  get(key: string): string {
    return this.all().get(key) ?? '';
  }

  set(key: string, text: string): void {
    const known = this.all();
    if (this.get(key) === text) return;
    if (text === '') known.delete(key);
    else known.set(key, text);
    if (text === '') this.own.delete(key);
    else this.own.add(key);
    this.store(key, text);
    while (known.size > MOST) {
      const [first = ''] = known.keys();
      known.delete(first);
      this.store(first, '');
    }
    this.listeners.forEach((listener) => listener());
  }

  /** Erases the texts of a user, also those that another tab has stored. */
  forget(userId: string): void {
    for (const key of [...this.all().keys()]) if (isOf(key, userId)) this.set(key, '');
  }

  readonly subscribe = (listener: () => void): (() => void) => {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  };

  private all(): Map<string, string> {
    if (!this.texts) {
      this.texts = this.stored();
      if (typeof addEventListener === 'function') addEventListener('storage', (event) => this.heard(event));
    }
    return this.texts;
  }

  /** Another tab has stored a text, or removed it. */
  private heard({ key: name, newValue, storageArea }: StorageEvent): void {
    const isOurs = isLocal(storageArea) && name?.startsWith(this.prefix);
    const key = isOurs ? name?.slice(this.prefix.length) : undefined;
    if (key === undefined || this.own.has(key)) return;
    if (newValue) this.all().set(key, newValue);
    else this.all().delete(key);
    this.listeners.forEach((listener) => listener());
  }

  private stored(): Map<string, string> {
    const found = new Map<string, string>();
    for (const kind of ['localStorage', 'sessionStorage'] as const) {
      try {
        const storage = storageOf(kind);
        for (const name of Object.keys(storage ?? {})) {
          if (!name.startsWith(this.prefix)) continue;
          const key = name.slice(this.prefix.length);
          found.set(key, storage?.getItem(name) ?? '');
          if (kind === 'sessionStorage') this.own.add(key);
        }
      } catch {
        // The browser blocks storage for this page: drafts are kept in memory only.
      }
    }
    return found;
  }

  private store(key: string, text: string): void {
    for (const kind of ['localStorage', 'sessionStorage'] as const) {
      try {
        const storage = storageOf(kind);
        if (text === '' || text.length > LONGEST) storage?.removeItem(this.prefix + key);
        else storage?.setItem(this.prefix + key, text);
      } catch {
        // The browser blocks storage, or it is full.
      }
    }
  }
}

/** Undefined where there is none; throws where the browser blocks it. */
function storageOf(kind: 'localStorage' | 'sessionStorage'): Storage | undefined {
  return typeof window === 'undefined' ? undefined : window[kind];
}

function isLocal(storage: Storage | null): boolean {
  try {
    return storage !== null && storage === storageOf('localStorage');
  } catch {
    return false;
  }
}

function isOf(key: string, userId: string): boolean {
  return key.startsWith(`${JSON.stringify([userId]).slice(0, -1)},`);
}

export const drafts = new KeptTexts('chatoxide-draft ');
/** The message that each draft answers, as JSON. */
export const answered = new KeptTexts('chatoxide-answered ');

/** Erases the drafts of a user from this browser, as when they sign out. */
export function forgetDrafts(userId: string): void {
  drafts.forget(userId);
  answered.forget(userId);
}
