// Drafts: the unsent text of each user in each room, and what it answers. They are kept in `sessionStorage`: they survive a
// reload, and two tabs do not overwrite each other's.

/** The most texts of a kind that are kept; the one that was begun first is dropped first. */
const MOST = 50;
/** A text longer than this, in characters, is kept in memory only. */
const LONGEST = 100_000;

export function draftKey(userId: string, roomId: string): string {
  return JSON.stringify([userId, roomId]);
}

export class KeptTexts {
  private readonly listeners = new Set<() => void>();
  private texts: Map<string, string> | undefined;

  /** `prefix`: that of the names in `sessionStorage`. */
  constructor(private readonly prefix: string) {}

  get(key: string): string {
    return this.all().get(key) ?? '';
  }

  set(key: string, text: string): void {
    const known = this.all();
    if (this.get(key) === text) return;
    if (text === '') known.delete(key);
    else known.set(key, text);
    this.store(key, text);
    while (known.size > MOST) {
      const [first = ''] = known.keys();
      known.delete(first);
      this.store(first, '');
    }
    this.listeners.forEach((listener) => listener());
  }

  readonly subscribe = (listener: () => void): (() => void) => {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  };

  private all(): Map<string, string> {
    return (this.texts ??= this.stored());
  }

  private stored(): Map<string, string> {
    const found = new Map<string, string>();
    try {
      for (const name of Object.keys(sessionStorage)) {
        const isOurs = name.startsWith(this.prefix);
        if (isOurs) found.set(name.slice(this.prefix.length), sessionStorage.getItem(name) ?? '');
      }
    } catch {
      // The browser blocks storage for this page: drafts are kept in memory only.
    }
    return found;
  }

  private store(key: string, text: string): void {
    try {
      if (text === '' || text.length > LONGEST) sessionStorage.removeItem(this.prefix + key);
      else sessionStorage.setItem(this.prefix + key, text);
    } catch {
      // The browser blocks storage, or it is full.
    }
  }
}

export const drafts = new KeptTexts('chatoxide-draft ');
/** The message that each draft answers, as JSON. */
export const answered = new KeptTexts('chatoxide-answered ');
