// A search of messages, as a hook.
import { useMemo } from 'react';
import { MessageSearch, type SearchState } from '../core/search.js';
import { useChatClient } from './context.js';
import { useSelected } from './hooks.js';

/** The search, and what can be done with it. */
export type Search = SearchState & Pick<MessageSearch, 'setQuery' | 'setOrder' | 'submit' | 'loadMore'>;

export interface UseSearchOptions {
  /** The pause after a key before the server is asked, in milliseconds: 250 if absent. */
  pause?: number;
}

const all = (state: SearchState) => state;

/** A search of the messages in all rooms that the user may read, while they type it. Needs a `ChatProvider`. */
export function useSearch({ pause }: UseSearchOptions = {}): Search {
  const { socket } = useChatClient();
  const search = useMemo(() => new MessageSearch(socket, pause), [socket, pause]);
  const state = useSelected(search, all);
  const { setQuery, setOrder, submit, loadMore } = search;
  return { ...state, setQuery, setOrder, submit, loadMore };
}
