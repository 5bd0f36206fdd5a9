// Which room is open, and the message that it is opened at, or the root of the thread beside it, as the address says it:
// `#/r/general?m=0199b0a5`, `#/r/general?t=0199b0a5`.
import { useSyncExternalStore } from 'react';

export function roomOf(hash: string): string | null {
  return decoded(/^#\/r\/([^?]+)/.exec(hash)?.[1]);
}

/** The message to lead to; null where the address names none. */
export function messageOf(hash: string): string | null {
  return decoded(/^#\/r\/[^?]+\?m=(.+)$/.exec(hash)?.[1]);
}

/** The root of the thread that is open beside the room; null where the address names none. */
export function threadOf(hash: string): string | null {
  return decoded(/^#\/r\/[^?]+\?t=(.+)$/.exec(hash)?.[1]);
}

function decoded(text: string | undefined): string | null {
  if (!text) return null;
  try {
    return decodeURIComponent(text);
  } catch {
    return null;
  }
}

export function hashOf(roomId: string | null, messageId?: string): string {
  if (roomId === null) return '#/';
  const message = messageId === undefined ? '' : `?m=${encodeURIComponent(messageId)}`;
  return `#/r/${encodeURIComponent(roomId)}${message}`;
}

export function threadHash(roomId: string, rootId: string): string {
  return `${hashOf(roomId)}?t=${encodeURIComponent(rootId)}`;
}

function subscribe(listener: () => void): () => void {
  window.addEventListener('hashchange', listener);
  return () => window.removeEventListener('hashchange', listener);
}

export function useOpenRoom(): string | null {
  return roomOf(useSyncExternalStore(subscribe, () => window.location.hash));
}

/** The message to lead to, while the address names it. */
export function useOpenMessage(): string | null {
  return messageOf(useSyncExternalStore(subscribe, () => window.location.hash));
}

export function useOpenThread(): string | null {
  return threadOf(useSyncExternalStore(subscribe, () => window.location.hash));
}

/** Opens a thread beside its room; null closes it. */
export function openThread(roomId: string, rootId: string | null): void {
  const hash = rootId === null ? hashOf(roomId) : threadHash(roomId, rootId);
  // The way back would lead to a message that was looked for, and by it to the thread again.
  if (messageOf(window.location.hash) === null) window.location.hash = hash;
  else window.location.replace(hash);
}

export function open(roomId: string | null, messageId?: string): void {
  window.location.hash = hashOf(roomId, messageId);
}

/** The message is in view: the address names the room alone, so that the same message can be led to again. */
export function forgetMessage(): void {
  const roomId = roomOf(window.location.hash);
  // The message may have been in a thread, which is open now.
  if (roomId === null || messageOf(window.location.hash) === null) return;
  window.history.replaceState(null, '', hashOf(roomId));
  // The browser tells of no change that a page makes so.
  window.dispatchEvent(new HashChangeEvent('hashchange'));
}

/** Opens a room without an entry in the history: the button that goes back skips the address before it. */
export function openInstead(roomId: string): void {
  window.location.replace(hashOf(roomId));
}
