// A search of messages in memory: every word of the query must be in the content, and `from:` and `in:` take ids. The server
// knows more of a query than this.
import type { Message, OrNull, SearchPage, SearchRequest } from '../core/protocol.js';

const DEFAULT_RESULTS = 20;
const MOST_RESULTS = 50;

/** A page of the messages that match, newest first. The cursor is the number of the results before. */
export function search(messages: Message[], { query, limit, after }: OrNull<SearchRequest>): SearchPage {
  const parts = query.toLowerCase().split(/\s+/).filter(Boolean);
  const valuesOf = (operator: string) =>
    parts.filter((part) => part.startsWith(operator)).map((part) => part.slice(operator.length));
  const [senders, rooms] = [valuesOf('from:'), valuesOf('in:')];
  const words = parts.filter((part) => !/^(from|in):/.test(part)).map((part) => part.replaceAll(/["*]/g, ''));
  const isAmong = (ids: string[], id: string) => ids.length === 0 || ids.includes(id.toLowerCase());
  const found = messages
    .filter(({ senderId, roomId }) => isAmong(senders, senderId) && isAmong(rooms, roomId))
    .map((message) => ({ message, highlights: highlightsIn(message.content.toLowerCase(), words) }))
    .filter(({ highlights }) => highlights !== null)
    .sort((one, other) => (one.message.createdAt < other.message.createdAt ? 1 : -1));
  const begin = Number(after) || 0;
  const end = begin + Math.min(limit || DEFAULT_RESULTS, MOST_RESULTS);
  const isComplete = end >= found.length;
  return {
    results: found.slice(begin, end) as SearchPage['results'],
    after: isComplete ? null : String(end),
    isComplete,
  };
}

/** The first place of each word; null if one is missing. */
function highlightsIn(content: string, words: string[]): [number, number][] | null {
  const places = words.map((word): [number, number] => {
    const start = content.indexOf(word);
    return [start, start + word.length];
  });
  return places.some(([start]) => start < 0) ? null : places.sort(([one], [other]) => one - other);
}
