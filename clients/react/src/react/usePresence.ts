// The presence of users, as a hook.
import { useCallback, useEffect, useMemo } from 'react';
import type { UserPresence } from '../core/protocol.js';
import { userPresencesOf, type UserPresenceState } from '../core/userPresence.js';
import { useChatClient } from './context.js';
import { useSelected } from './hooks.js';

/**
 * The presence of these users by their ids: online, away or offline over all of their devices, when they were last seen, and
 * their statuses. The server tells it of users who share a room with the client's user, and of that user, at most 500 for all
 * components; others are absent, and all are without a connection. Needs a `ChatProvider`.
 */
export function usePresence(userIds: readonly string[]): ReadonlyMap<string, UserPresence> {
  const presences = userPresencesOf(useChatClient());
  // A list of the same ids may be a new one at each render.
  const key = JSON.stringify([...new Set(userIds)].sort());
  const ids = useMemo(() => JSON.parse(key) as string[], [key]);
  useEffect(() => presences.watch(ids), [presences, ids]);
  const select = useCallback(
    ({ users }: UserPresenceState) =>
      new Map(
        ids.flatMap((id): [string, UserPresence][] => {
          const user = users.get(id);
          return user ? [[id, user]] : [];
        }),
      ),
    [ids],
  );
  return useSelected(presences, select, isSame);
}

type Presences = ReadonlyMap<string, UserPresence>;

function isSame(one: Presences, other: Presences): boolean {
  return one.size === other.size && [...one].every(([id, user]) => other.get(id) === user);
}
