// The draft of a user in a room, as a state that several components may share.
import { useCallback, useState, useSyncExternalStore } from 'react';
import { useBeforePaint } from '../react/beforePaint.js';
import { draftKey, draftOf, setDraft, subscribeToDrafts } from './drafts.js';

export function useDraft(userId: string | null, roomId: string): [text: string, set: (text: string) => void] {
  const key = userId === null ? undefined : draftKey(userId, roomId);
  // Written before it is known by whom: kept nowhere else, and that user's when they are known.
  const [early, setEarly] = useState('');
  const kept = useSyncExternalStore(
    subscribeToDrafts,
    () => (key === undefined ? '' : draftOf(key)),
    () => '',
  );
  useBeforePaint(() => {
    if (key === undefined || early === '') return;
    setDraft(key, early);
    setEarly('');
  }, [key, early]);
  const set = useCallback(
    (next: string) => (key === undefined ? setEarly(next) : setDraft(key, next)),
    [key],
  );
  return [key === undefined || early !== '' ? early : kept, set];
}
