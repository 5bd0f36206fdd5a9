// The draft of a user in a room, as a state that several components may share.
import { useCallback, useState, useSyncExternalStore } from 'react';
import { useBeforePaint } from '../react/beforePaint.js';
import { draftKey, type KeptTexts } from './drafts.js';

/** `userId` is null until it is known. */
export function useKeptText(
  texts: KeptTexts,
  userId: string | null,
  roomId: string,
): [text: string, set: (text: string) => void] {
  const key = userId === null ? undefined : draftKey(userId, roomId);
  // Written before it is known by whom: kept nowhere else, and that user's when they are known.
  const [early, setEarly] = useState('');
  const kept = useSyncExternalStore(
    texts.subscribe,
    () => (key === undefined ? '' : texts.get(key)),
    () => '',
  );
  useBeforePaint(() => {
    if (key === undefined || early === '') return;
    texts.set(key, early);
    setEarly('');
  }, [texts, key, early]);
  const set = useCallback(
    (next: string) => (key === undefined ? setEarly(next) : texts.set(key, next)),
    [texts, key],
  );
  return [key === undefined || early !== '' ? early : kept, set];
}
