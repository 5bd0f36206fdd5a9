// The guests in a room: users who have it open and are no members. A server tells only their ids; their names are looked up.
import { useUsers, type Member } from '@chatoxide/react';
import { useMemo } from 'react';

/** The most guests that are listed. The others are counted. */
const MOST = 50;
/** A guest whose name is not known, or not yet. An id says nothing to people. */
const NAMELESS = 'Guest';

interface Guests {
  /** By name; those whose names are not known come last. */
  guests: readonly Member[];
  /** The number of guests who are not listed. */
  more: number;
}

export function useGuests(members: readonly Member[], present: ReadonlySet<string>): Guests {
  const all = useMemo(() => {
    const own = new Set(members.map(({ id }) => id));
    return [...present].filter((id) => !own.has(id)).sort();
  }, [members, present]);
  const listed = all.slice(0, MOST);
  const found = useUsers(listed);
  const named = listed.flatMap((id) => found.get(id) ?? []);
  const nameless = listed.filter((id) => !found.get(id));
  return {
    guests: [
      ...named.sort((one, other) => one.name.localeCompare(other.name)),
      ...nameless.map((id) => ({ id, name: NAMELESS, avatar: null })),
    ],
    more: all.length - listed.length,
  };
}
