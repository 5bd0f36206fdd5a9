// How much of a long message has come to the server.
import { useEffect, useState, useSyncExternalStore } from 'react';
import type { Uploads } from '../core/chunks.js';
import type { ChatMessage } from '../core/types.js';
import { LONG } from '../core/wire.js';

/**
 * The share, from 0 to 1, of a pending message that the server has: undefined unless the message is so long that it is sent in
 * chunks, and is on its way.
 */
export function useUpload({ key, status, content }: ChatMessage): number | undefined {
  const [uploads, setUploads] = useState<Uploads>();
  const isPending = status === 'sending' && content.length > LONG;
  useEffect(() => {
    // It is loaded by what sends, too.
    if (isPending) void import('../core/chunks.js').then((chunks) => setUploads(chunks.uploads));
  }, [isPending]);
  const look = () => uploads?.get().get(key);
  return useSyncExternalStore(uploads?.subscribe ?? neverChanges, look, look);
}

const neverChanges = () => () => undefined;
