// Actions on messages, and where a refusal is shown: for an edit or a deletion in the row, for a reaction in a
// notice.
import { useEffect, useMemo, useState } from 'react';
import type { ChatClient } from '../core/client.js';
import type { Chat } from '../core/types.js';
import type { MessageActions, RefusedChange } from './context.js';
import type { Labels } from './labels.js';
import { reasonIn } from './reasons.js';

type Refused = ReadonlyMap<string, RefusedChange>;

/** The functions keep their identity as long as the chat's do, although the chat is a new object on each change. */
export function useMessageActions(
  chat: Chat,
  client: ChatClient | undefined,
  labels: Labels,
  onReactionFailed: (why: string) => void,
): { actions: MessageActions; refused: Refused } {
  const [refused, setRefused] = useState<Refused>(new Map());
  const { roomId, retry, discard, editMessage, deleteMessage, addReaction, removeReaction } = chat;
  useEffect(
    () =>
      client?.onRefusedChange?.(roomId, ({ messageId, event, content, refusal }) => {
        const error = labels.reason(refusal);
        if (event !== 'message:edit' && event !== 'message:delete') return onReactionFailed(error);
        const change: RefusedChange =
          event === 'message:edit' ? { what: 'edit', error, content } : { what: 'delete', error };
        setRefused((before) => new Map(before).set(messageId, change));
      }),
    [client, roomId, labels, onReactionFailed],
  );
  const actions = useMemo(() => {
    const why = (error: Error) => labels.reason(reasonIn(error));
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
        editMessage(id, content).catch((error: Error) =>
          set(id, { what: 'edit', error: why(error), content }),
        );
      },
      remove: (id: string) => {
        set(id, undefined);
        deleteMessage(id).catch((error: Error) => set(id, { what: 'delete', error: why(error) }));
      },
      react: (id: string, emoji: string, isAdded: boolean) =>
        void (isAdded ? addReaction : removeReaction)(id, emoji).catch((error: Error) =>
          onReactionFailed(why(error)),
        ),
    };
  }, [retry, discard, editMessage, deleteMessage, addReaction, removeReaction, labels, onReactionFailed]);
  return { actions, refused };
}
