// A search of messages in memory. It has the server's queries, and simpler words: runs of letters and digits, without marks. A text
// without blanks between its words is one word.
import { ChatError } from '../core/errors.js';
import type { ListedRoom, Member, Message, OrNull, SearchPage, SearchRequest } from '../core/protocol.js';
import { partsOf, type QueryPart } from '../core/searchQuery.js';

const DEFAULT_RESULTS = 20;
const MOST_RESULTS = 50;
const MIN_PREFIX = 2;
const DAY = 86_400_000;
const KINDS = ['link', 'image', 'file'];

type Place = [start: number, end: number];
type Named = Pick<Member, 'id' | 'name'>;

/** The knowledge of the server about the caller. */
export interface Searcher {
  userId: string;
  users: readonly Named[];
  /** Those that the user may read. */
  rooms: readonly Pick<ListedRoom, 'id' | 'name'>[];
  /** Throws for a room that the user may not read. */
  ensureRoom: (roomId: string) => void;
}

interface Word {
  text: string;
  place: Place;
}

interface Phrase {
  words: string[];
  /** The last word is the prefix of one. */
  isPrefix: boolean;
}

interface Query {
  phrases: Phrase[];
  senders: Set<string> | undefined;
  rooms: Set<string> | undefined;
  before: number;
  since: number;
  has: string[];
}

/** A page of the messages that match. The cursor is the number of the results before. */
export function search(
  messages: readonly Message[],
  { query: text, order, limit, after }: OrNull<SearchRequest>,
  searcher: Searcher,
): SearchPage {
  const query = parsed(text, searcher);
  const found = messages
    .flatMap((message) => {
      const highlights = isAmong(query, message) ? highlightsIn(message.content, query.phrases) : null;
      return highlights ? [{ message, highlights }] : [];
    })
    .sort((one, other) => (one.message.createdAt < other.message.createdAt ? 1 : -1));
  if (order === 'relevance') found.sort((one, other) => other.highlights.length - one.highlights.length);
  const begin = Number(after) || 0;
  const end = begin + Math.min(limit || DEFAULT_RESULTS, MOST_RESULTS);
  const isComplete = end >= found.length;
  return { results: found.slice(begin, end), after: isComplete ? null : String(end), isComplete };
}

function parsed(text: string, searcher: Searcher): Query {
  const query: Query = {
    phrases: [],
    senders: undefined,
    rooms: undefined,
    before: Infinity,
    since: -Infinity,
    has: [],
  };
  for (const part of partsOf(text)) {
    if (part.operator === undefined) addPhrase(query, part, text);
    else if (part.value.trim() === '') refuse(`${part.operator}: is followed by nothing`);
    else addOperator(query, part, searcher);
  }
  const { phrases, senders, rooms, has, before, since } = query;
  const isEmpty = phrases.length + has.length === 0 && !senders && !rooms;
  if (isEmpty && before === Infinity && since === -Infinity) refuse('it has no word to search for');
  return query;
}

function addPhrase(query: Query, { value, start, end }: QueryPart, text: string): void {
  const words = wordsIn(value).map((word) => word.text);
  if (words.length === 0) return;
  const isPrefix = text.slice(start, end).endsWith('*');
  if (isPrefix && [...(words.at(-1) ?? '')].length < MIN_PREFIX)
    refuse(`a prefix has at least ${MIN_PREFIX} letters before its *`);
  query.phrases.push({ words, isPrefix });
}

function addOperator(query: Query, { operator, value }: QueryPart, searcher: Searcher): void {
  const name = value.trim();
  switch (operator) {
    case 'from': {
      const sought = name.replace(/^@(?=.)/u, '');
      const ids = sought.toLowerCase() === 'me' ? [searcher.userId] : idsOf(sought, searcher.users);
      if (ids.length === 0) throw new ChatError('user_not_found', 'User not found');
      query.senders = new Set([...(query.senders ?? []), ...ids]);
      return;
    }
    case 'in': {
      const sought = name.replace(/^#(?=.)/u, '');
      const ids = idsOf(sought, searcher.rooms);
      if (ids.length === 0) searcher.ensureRoom(sought);
      query.rooms = new Set([...(query.rooms ?? []), ...ids]);
      return;
    }
    case 'before':
      query.before = Math.min(query.before, dayOf('before', value));
      return;
    case 'after':
      query.since = Math.max(query.since, dayOf('after', value) + DAY);
      return;
    default: {
      const kind = value.toLowerCase();
      if (!KINDS.includes(kind)) refuse('has: takes link, image or file');
      query.has.push(kind);
    }
  }
}

function idsOf(sought: string, all: readonly Named[]): string[] {
  const byId = all.filter(({ id }) => id === sought);
  const those =
    byId.length > 0 ? byId : all.filter(({ name }) => name.toLowerCase() === sought.toLowerCase());
  return those.map(({ id }) => id);
}

/** The beginning of the day, in UTC. */
function dayOf(operator: string, value: string): number {
  const at = /^\d{4}-\d{2}-\d{2}$/u.test(value) ? Date.parse(value) : NaN;
  if (Number.isNaN(at)) refuse(`${operator}: takes a date, such as 2026-01-31`);
  return at;
}

function refuse(why: string): never {
  throw new ChatError('bad_input', `query: ${why}`);
}

function isAmong(query: Query, { senderId, roomId, createdAt, type, content }: Message): boolean {
  const at = Date.parse(createdAt);
  const has = { link: /https?:\/\//iu.test(content), image: type === 'image', file: type === 'file' };
  return (
    (query.senders?.has(senderId) ?? true) &&
    (query.rooms?.has(roomId) ?? true) &&
    at < query.before &&
    at >= query.since &&
    query.has.every((kind) => has[kind as keyof typeof has])
  );
}

/** The places of all matches; null if a phrase has none. */
function highlightsIn(content: string, phrases: readonly Phrase[]): Place[] | null {
  const words = wordsIn(content);
  const places: Place[] = [];
  for (const phrase of phrases) {
    const found = words.flatMap((word, index) => {
      const last = words[index + phrase.words.length - 1];
      return last && isAt(words, index, phrase) ? [[word.place[0], last.place[1]] satisfies Place] : [];
    });
    if (found.length === 0) return null;
    places.push(...found);
  }
  return places.sort(([one], [other]) => one - other);
}

function isAt(words: readonly Word[], index: number, { words: sought, isPrefix }: Phrase): boolean {
  return sought.every((word, offset) => {
    const there = words[index + offset]?.text;
    const isLast = offset === sought.length - 1;
    return isPrefix && isLast ? (there?.startsWith(word) ?? false) : there === word;
  });
}

function wordsIn(text: string): Word[] {
  return [...text.matchAll(/[\p{L}\p{N}\p{M}]+/gu)].map(({ 0: word, index }) => ({
    text: word.normalize('NFKD').replace(/\p{M}/gu, '').toLowerCase(),
    place: [index, index + word.length],
  }));
}
