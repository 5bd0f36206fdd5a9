// The texts of the search and of the inbox of mentions, in English.
import type { SearchOperator } from '../core/searchQuery.js';

export interface SearchLabels {
  /** The name of the field, and the text in it. */
  field: string;
  placeholder: string;
  /** The name of the list of results. */
  results: string;
  suggestions: string;
  /** Above the operators, before anything is typed. */
  hint: string;
  operators: Record<SearchOperator, string>;
  /** The values of `has:`. */
  kinds: Record<'link' | 'image' | 'file', string>;
  me: string;
  thisRoom: string;
  today: string;
  weekAgo: string;
  monthAgo: string;
  searching: string;
  nothing: string;
  count: (count: number, hasMore: boolean) => string;
  /** `share`: how much of the older messages can be found, such as `60 %`. */
  indexing: (share: string) => string;
  failed: (why: string) => string;
  /** The same with the part of the query that was refused. */
  failedAt: (part: string, why: string) => string;
  order: string;
  newest: string;
  relevance: string;
  more: string;
  moreFailed: (why: string) => string;
  clear: string;
}

export const SEARCH: SearchLabels = {
  field: 'Search messages',
  placeholder: 'Search messages',
  results: 'Results',
  suggestions: 'Suggestions',
  hint: 'Use quotes for an exact phrase, and * to complete a word.',
  operators: {
    from: 'Messages by a person',
    in: 'Messages in a room',
    before: 'Messages before a day',
    after: 'Messages after a day',
    has: 'Messages with a link, an image or a file',
  },
  kinds: { link: 'With a link', image: 'With an image', file: 'With a file' },
  me: 'Your own messages',
  thisRoom: 'This room',
  today: 'Today',
  weekAgo: 'A week ago',
  monthAgo: 'A month ago',
  searching: 'Searching…',
  nothing: 'No messages found',
  count: (count, hasMore) =>
    count === 1 && !hasMore ? '1 message' : `${count}${hasMore ? '+' : ''} messages`,
  indexing: (share) => `Older messages are still being indexed (${share}). Some may be missing.`,
  failed: (why) => `The search failed: ${why}`,
  failedAt: (part, why) => `“${part}” does not work: ${why}`,
  order: 'Sort by',
  newest: 'Newest',
  relevance: 'Best match',
  more: 'Show more results',
  moreFailed: (why) => `More results could not be loaded: ${why}`,
  clear: 'Clear the search',
};

export interface InboxLabels {
  /** The name of the list. */
  mentions: string;
  empty: string;
  /** The unread ones, for screen readers. */
  unread: string;
  markAllRead: string;
  markFailed: (why: string) => string;
  notLoaded: (why: string) => string;
  more: string;
  /** In place of the room's name where it is not known. */
  unknownRoom: string;
  direct: string;
}

export const INBOX: InboxLabels = {
  mentions: 'Mentions',
  empty: 'Nobody has mentioned you yet.',
  unread: 'Unread',
  markAllRead: 'Mark all as read',
  markFailed: (why) => `Not marked as read: ${why}`,
  notLoaded: (why) => `Your mentions could not be loaded: ${why}`,
  more: 'Show older mentions',
  unknownRoom: 'A room',
  direct: 'Direct message',
};
