// Older messages, which are loaded as one scrolls up. After a failure they are loaded again when one asks for them, or when the
// connection is back.
import { useCallback, useState } from 'react';
import type { Chat } from '../core/types.js';
import { useRoomContext } from './context.js';
import { reasonIn } from './reasons.js';

interface Older {
  load: () => void;
  retry: () => void;
  /** They could not be loaded, and are not asked for by themselves. */
  isFailed: boolean;
  /** Why; undefined without a connection, which is said elsewhere. */
  why: string | undefined;
}

export function useOlder(loadMore: Chat['loadMore']): Older {
  const { isConnected, labels } = useRoomContext();
  const [failure, setFailure] = useState<{ why: string; wasConnected: boolean }>();
  const isFailed = failure !== undefined && failure.wasConnected === isConnected;
  const ask = useCallback(
    () =>
      void loadMore().then(
        () => setFailure(undefined),
        (error: Error) => setFailure({ why: labels.reason(reasonIn(error)), wasConnected: isConnected }),
      ),
    [loadMore, isConnected, labels],
  );
  const why = isFailed && isConnected ? failure.why : undefined;
  return { load: () => isFailed || ask(), retry: ask, isFailed, why };
}
