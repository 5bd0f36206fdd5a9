// Whether the user of this page is active, as a hook.
import { useEffect } from 'react';
import { reportActivity, type ActivityOptions } from '../core/activity.js';
import { useChatClient } from './context.js';

/**
 * Tells the server when the user of this page is away: after a while without input, or with the page hidden. Call it once on a
 * page. Needs a `ChatProvider`.
 */
export function useActivity({ idleAfter, hiddenAfter }: ActivityOptions = {}): void {
  const client = useChatClient();
  useEffect(
    () =>
      reportActivity(client, {
        ...(idleAfter !== undefined && { idleAfter }),
        ...(hiddenAfter !== undefined && { hiddenAfter }),
      }),
    [client, idleAfter, hiddenAfter],
  );
}
