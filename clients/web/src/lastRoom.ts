// The room that each user had open last, remembered in this browser.
const KEY = 'chatoxide-last-rooms';
/** The most users that are remembered; the one who was here longest ago is forgotten first. */
const MOST = 20;

type Entry = [userId: string, roomId: string];

export function lastRoomOf(userId: string): string | null {
  return stored().find(([id]) => id === userId)?.[1] ?? null;
}

export function rememberRoom(userId: string, roomId: string): void {
  const others = stored().filter(([id]) => id !== userId);
  const entries: Entry[] = [[userId, roomId], ...others];
  try {
    localStorage.setItem(KEY, JSON.stringify(entries.slice(0, MOST)));
  } catch {
    // The browser keeps nothing for this page, or its storage is full.
  }
}

/** Forgets the room of a user who signs out. */
export function forgetRoom(userId: string): void {
  try {
    localStorage.setItem(KEY, JSON.stringify(stored().filter(([id]) => id !== userId)));
  } catch {
    // The browser keeps nothing for this page.
  }
}

function stored(): Entry[] {
  try {
    const entries: unknown = JSON.parse(localStorage.getItem(KEY) ?? '[]');
    return Array.isArray(entries) ? entries.filter(isEntry) : [];
  } catch {
    return [];
  }
}

function isEntry(value: unknown): value is Entry {
  return Array.isArray(value) && value.length === 2 && value.every((part) => typeof part === 'string');
}
