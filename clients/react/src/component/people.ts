// Who is who in a room, in functions that stay the same while nobody's name or picture changes.
import { useCallback, useMemo } from 'react';
import type { Chat } from '../core/types.js';

interface People {
  nameOf: (userId: string) => string;
  avatarOf: (userId: string) => string | null | undefined;
}

export function usePeople({ members, messages }: Chat): People {
  const byId = useMemo(() => new Map(members.map((member) => [member.id, member])), [members]);
  // Who is no member any more has a name by what they said. As a text it is the same when it says the same.
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
