// Users and messages by their ids, as hooks.
import { useEffect, useSyncExternalStore } from 'react';
import { usersOf, type Found, type LookUps } from '../core/lookUps.js';
import type { Member } from '../core/protocol.js';
import { useChatClient } from './context.js';

/**
 * The names and pictures of these users, by id: null for a user who does not exist, and nothing until the server has
 * answered. Others that were looked up on this page are there, too. Needs a `ChatProvider`.
 */
export function useUsers(userIds: readonly string[]): Found<Member> {
  return useLookUps(usersOf(useChatClient()), userIds);
}

/** The answers of a client's look-ups; without a client there are none. */
export function useLookUps<T extends { id: string }>(
  lookUps: LookUps<T> | undefined,
  ids: readonly string[],
): Found<T> {
  const found = useSyncExternalStore(
    lookUps?.subscribe ?? neverChanges,
    lookUps?.get ?? nothing,
    lookUps?.get ?? nothing,
  );
  // A list of the same ids may be a new one at each render.
  const missing = JSON.stringify(ids.filter((id) => !found.has(id)).sort());
  useEffect(() => lookUps?.want(JSON.parse(missing) as string[]), [lookUps, missing]);
  return found;
}

const NOTHING: Found<never> = new Map();
const nothing = () => NOTHING;
const neverChanges = () => () => undefined;
