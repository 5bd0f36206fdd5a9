// A short notice that goes by itself.
import { useCallback, useEffect, useState } from 'react';

/** How long it stays, in milliseconds. */
const STAYS = 8_000;

export function useNotice(): [text: string, say: (text: string) => void] {
  // An object: the same text said again stays as long as if it were new.
  const [notice, setNotice] = useState({ text: '' });
  useEffect(() => {
    if (!notice.text) return;
    const timer = setTimeout(() => setNotice({ text: '' }), STAYS);
    return () => clearTimeout(timer);
  }, [notice]);
  return [notice.text, useCallback((text: string) => setNotice({ text }), [])];
}
