// Which users are online, as a hook.
import { useCallback, useEffect, useMemo } from 'react';
import { onlineUsersOf, type OnlineState } from '../core/onlineUsers.js';
import { useChatClient } from './context.js';
import { useSelected } from './hooks.js';

/**
 * Those of these users who are online: connected by any device, whichever rooms they have open. The server tells it of users
 * who share a room with the client's user, at most 500 for all components. Needs a `ChatProvider`.
 */
export function useOnline(userIds: readonly string[]): ReadonlySet<string> {
  const users = onlineUsersOf(useChatClient());
  // A list of the same ids may be a new one at each render.
  const key = JSON.stringify([...new Set(userIds)].sort());
  const ids = useMemo(() => JSON.parse(key) as string[], [key]);
  useEffect(() => users.watch(ids), [users, ids]);
  const select = useCallback(({ online }: OnlineState) => new Set(ids.filter((id) => online.has(id))), [ids]);
  return useSelected(users, select, isSame);
}

function isSame(one: ReadonlySet<string>, other: ReadonlySet<string>): boolean {
  return one.size === other.size && [...one].every((id) => other.has(id));
}
