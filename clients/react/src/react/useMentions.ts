// The messages that mention the user, as a hook.
import { mentionInboxOf, type MentionInbox, type MentionInboxState } from '../core/mentionInbox.js';
import { useChatClient } from './context.js';
import { useSelected } from './hooks.js';

/** The inbox of mentions, and what can be done with it. */
export type Mentions = MentionInboxState & Pick<MentionInbox, 'loadMore' | 'markAllRead' | 'markRoomRead'>;

const all = (state: MentionInboxState) => state;

/** The messages that mention the user, newest first, in any room. Needs a `ChatProvider`. */
export function useMentions(): Mentions {
  const inbox = mentionInboxOf(useChatClient());
  const state = useSelected(inbox, all);
  const { loadMore, markAllRead, markRoomRead } = inbox;
  return { ...state, loadMore, markAllRead, markRoomRead };
}
