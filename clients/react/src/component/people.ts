// Looks up the names and pictures of a room's users. The functions keep their identity while no name or picture
// changes.
import { useCallback, useMemo } from 'react';
import type { Chat } from '../core/types.js';

interface People {
  nameOf: (userId: string) => string;
  avatarOf: (userId: string) => string | null | undefined;
}

export function usePeople({ members, messages }: Chat): People {
  const byId = useMemo(() => new Map(members.map((member) => [member.id, member])), [members]);
  // A user who is no longer a member gets the name from their messages. As JSON text the names compare equal while
  // they are the same.
  const others = useMemo(() => {
    const strangers = messages.filter(({ senderId }) => !byId.has(senderId));
    const names = new Map(strangers.map(({ senderId, senderName }) => [senderId, senderName]));
    return JSON.stringify([...names]);
  }, [messages, byId]);
  const strangers = useMemo(() => new Map(JSON.parse(others) as [string, string][]), [others]);
  const nameOf = useCallback(
    (id: string) => byId.get(id)?.name ?? strangers.get(id) ?? id,
    [byId, strangers],
  );
  const avatarOf = useCallback((id: string) => byId.get(id)?.avatar, [byId]);
  return useMemo(() => ({ nameOf, avatarOf }), [nameOf, avatarOf]);
}
