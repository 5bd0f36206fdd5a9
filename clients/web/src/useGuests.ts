// The guests in a room: users who have it open and are no members. A server tells only their ids; their names are looked up.
import { useChatClient, type ChatClient, type ChatError, type Member } from '@chatoxide/react';
import { useEffect, useMemo, useState } from 'react';

/** The most guests that are listed. The others are counted. */
const MOST = 50;

interface Guests {
  /** By name. A guest whose name is not known yet has the id in its place. */
  guests: readonly Member[];
  /** The number of guests who are not listed. */
  more: number;
}

export function useGuests(members: readonly Member[], present: ReadonlySet<string>): Guests {
  const client = useChatClient();
  const [known, setKnown] = useState<ReadonlyMap<string, Member>>(new Map());
  const all = useMemo(() => {
    const own = new Set(members.map(({ id }) => id));
    return [...present].filter((id) => !own.has(id)).sort();
  }, [members, present]);
  const listed = all.slice(0, MOST);
  const unknown = JSON.stringify(listed.filter((id) => !known.has(id)));
  useEffect(() => {
    let isCurrent = true;
    const [next] = JSON.parse(unknown) as string[];
    if (next === undefined) return undefined;
    const learn = (user: Member) => isCurrent && setKnown((before) => new Map(before).set(next, user));
    findUser(client, next).then(
      learn,
      // Without a connection nobody is present; the guests come anew with the next one.
      (error: ChatError) => error.code !== 'offline' && learn(unnamed(next)),
    );
    return () => {
      isCurrent = false;
    };
  }, [client, unknown]);
  const guests = listed.map((id) => known.get(id) ?? unnamed(id));
  return {
    guests: guests.sort((one, other) => one.name.localeCompare(other.name)),
    more: all.length - listed.length,
  };
}

const unnamed = (id: string): Member => ({ id, name: id, avatar: null });

/** The search finds parts of names and ids, too. */
async function findUser(client: ChatClient, id: string): Promise<Member> {
  const found = await client.findUsers(id);
  return found.find((user) => user.id === id) ?? unnamed(id);
}
