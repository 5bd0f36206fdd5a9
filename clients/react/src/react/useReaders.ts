// The members who have read a message, as a hook.
import { useMemo } from 'react';
import type { Message } from '../core/protocol.js';
import { MessageReaders, type ReadersState } from '../core/readers.js';
import { useChatClient } from './context.js';
import { useSelected } from './hooks.js';

const all = (state: ReadersState) => state;

/** The members who have read this message, without its author and those who read in private. Needs a `ChatProvider`. */
export function useReaders({
  id,
  roomId,
}: Pick<Message, 'id' | 'roomId'>): ReadersState & Pick<MessageReaders, 'loadMore'> {
  const { socket } = useChatClient();
  const readers = useMemo(() => new MessageReaders(socket, roomId, id), [socket, roomId, id]);
  return { ...useSelected(readers, all), loadMore: readers.loadMore };
}
