// Drafts: the unsent text of each user in each room. They are kept in `sessionStorage`: they survive a reload, and
// two tabs do not overwrite each other's.

const PREFIX = 'chatoxide-draft ';
/** The most drafts that are kept; the one that was begun first is dropped first. */
const MOST = 50;
/** A draft longer than this, in characters, is kept in memory only. */
const LONGEST = 100_000;

const listeners = new Set<() => void>();
let drafts: Map<string, string> | undefined;

export function draftKey(userId: string, roomId: string): string {
  return JSON.stringify([userId, roomId]);
}

export function draftOf(key: string): string {
  return all().get(key) ?? '';
}

export function setDraft(key: string, text: string): void {
  const known = all();
  if (draftOf(key) === text) return;
  if (text === '') known.delete(key);
  else known.set(key, text);
  store(key, text);
  while (known.size > MOST) {
    const [first = ''] = known.keys();
    known.delete(first);
    store(first, '');
  }
  listeners.forEach((listener) => listener());
}

export function subscribeToDrafts(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

function all(): Map<string, string> {
  return (drafts ??= stored());
}

function stored(): Map<string, string> {
  const found = new Map<string, string>();
  try {
    for (const name of Object.keys(sessionStorage)) {
      if (name.startsWith(PREFIX)) found.set(name.slice(PREFIX.length), sessionStorage.getItem(name) ?? '');
    }
  } catch {
    // The browser blocks storage for this page: drafts are kept in memory only.
  }
  return found;
}

function store(key: string, text: string): void {
  try {
    if (text === '' || text.length > LONGEST) sessionStorage.removeItem(PREFIX + key);
    else sessionStorage.setItem(PREFIX + key, text);
  } catch {
    // The browser blocks storage, or it is full.
  }
}
