// Looks up the names and pictures of a room's users. The functions keep their identity while no name or picture
// changes.
import { useCallback, useMemo } from 'react';
import type { ChatClient } from '../core/client.js';
import { usersOf } from '../core/lookUps.js';
import type { Chat } from '../core/types.js';
import { useLookUps } from '../react/useUsers.js';

interface People {
  /** Undefined for somebody who is not known, or not yet. */
  nameOf: (userId: string) => string | undefined;
  avatarOf: (userId: string) => string | null | undefined;
}

export function usePeople({ members, messages, typingUsers }: Chat, client: ChatClient | undefined): People {
  const byId = useMemo(() => new Map(members.map((member) => [member.id, member])), [members]);
  // A user who is no longer a member gets the name from their messages. As JSON text the names compare equal while
  // they are the same.
  const others = useMemo(() => {
    const strangers = messages.filter(({ senderId }) => !byId.has(senderId));
    const names = new Map(strangers.map(({ senderId, senderName }) => [senderId, senderName]));
    return JSON.stringify([...names]);
  }, [messages, byId]);
  const strangers = useMemo(() => new Map(JSON.parse(others) as [string, string][]), [others]);
  // Others have reacted, or are typing, without a message that is loaded.
  const unknown = useMemo(() => {
    const nameless = typingUsers.filter(({ userId, userName }) => userId === userName);
    const reactions = messages.flatMap((message) => message.reactions);
    const ids = new Set([...nameless, ...reactions].map(({ userId }) => userId));
    return [...ids].filter((id) => !byId.has(id) && !strangers.has(id));
  }, [messages, typingUsers, byId, strangers]);
  const found = useLookUps(client && usersOf(client), unknown);
  const nameOf = useCallback(
    (id: string) => byId.get(id)?.name ?? strangers.get(id) ?? found.get(id)?.name,
    [byId, strangers, found],
  );
  const avatarOf = useCallback((id: string) => byId.get(id)?.avatar, [byId]);
  return useMemo(() => ({ nameOf, avatarOf }), [nameOf, avatarOf]);
}
