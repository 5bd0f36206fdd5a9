// Actions on messages, and where a refusal is shown: for an edit or a deletion in the row, for a reaction in a
// notice.
import { useMemo, useState } from 'react';
import type { Chat } from '../core/types.js';
import type { MessageActions, RefusedChange } from './context.js';

type Refused = ReadonlyMap<string, RefusedChange>;

/** The functions keep their identity as long as the chat's do, although the chat is a new object on each change. */
export function useMessageActions(
  chat: Chat,
  onReactionFailed: (error: Error) => void,
): { actions: MessageActions; refused: Refused } {
  const [refused, setRefused] = useState<Refused>(new Map());
  const { retry, discard, editMessage, deleteMessage, addReaction, removeReaction } = chat;
  const actions = useMemo(() => {
    const set = (id: string, change: RefusedChange | undefined) =>
      setRefused((before) => {
        if (!change && !before.has(id)) return before;
        const after = new Map(before);
        if (change) after.set(id, change);
        else after.delete(id);
        return after;
      });
    return {
      retry,
      discard,
      forgive: (id: string) => set(id, undefined),
      edit: (id: string, content: string) => {
        set(id, undefined);
        editMessage(id, content).catch(({ message }: Error) =>
          set(id, { what: 'edit', error: message, content }),
        );
      },
      remove: (id: string) => {
        set(id, undefined);
        deleteMessage(id).catch(({ message }: Error) => set(id, { what: 'delete', error: message }));
      },
      react: (id: string, emoji: string, isAdded: boolean) =>
        void (isAdded ? addReaction : removeReaction)(id, emoji).catch(onReactionFailed),
    };
  }, [retry, discard, editMessage, deleteMessage, addReaction, removeReaction, onReactionFailed]);
  return { actions, refused };
}
