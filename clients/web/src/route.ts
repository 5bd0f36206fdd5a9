// Which room is open, as the address says it: `#/r/general`.
import { useSyncExternalStore } from 'react';

export function roomOf(hash: string): string | null {
  const found = /^#\/r\/(.+)$/.exec(hash);
  if (!found?.[1]) return null;
  try {
    return decodeURIComponent(found[1]);
  } catch {
    return null;
  }
}

export function hashOf(roomId: string | null): string {
  return roomId === null ? '#/' : `#/r/${encodeURIComponent(roomId)}`;
}

function subscribe(listener: () => void): () => void {
  window.addEventListener('hashchange', listener);
  return () => window.removeEventListener('hashchange', listener);
}

export function useOpenRoom(): string | null {
  return roomOf(useSyncExternalStore(subscribe, () => window.location.hash));
}

export function open(roomId: string | null): void {
  window.location.hash = hashOf(roomId);
}

/** Opens a room without an entry in the history: the button that goes back skips the address before it. */
export function openInstead(roomId: string): void {
  window.location.replace(hashOf(roomId));
}
