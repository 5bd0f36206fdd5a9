// The search offers these while somebody types: operators, and the values of the operator that they are in.
import { useEffect, useState } from 'react';
import type { ChatClient } from '../core/client.js';
import type { ListedRoom, Member } from '../core/protocol.js';
import { OPERATORS, operatorWith, partsOf, type QueryPart } from '../core/searchQuery.js';
import type { SearchLabels } from './labelsOfFinding.js';
import { findRooms, roomName } from './rooms.js';

export interface Suggestion {
  /** The text that it puts into the query, in place of the part at the caret. */
  text: string;
  /** Its meaning in words. */
  label: string;
  user?: Member;
  room?: ListedRoom;
}

/** The pause after a key before the server is asked for people, in milliseconds. */
const PAUSE = 150;
const MOST = 6;
const DAY = 86_400_000;

/** The part of the query that the caret is in or behind; an empty one between two. */
export function partAt(query: string, caret: number): QueryPart {
  const part = partsOf(query).find(({ start, end }) => start < caret && caret <= end);
  return part ?? { operator: undefined, value: '', start: caret, end: caret };
}

/** The query with the suggestion in place of the part at the caret, and the place of the caret behind it. */
export function withSuggestion(
  query: string,
  caret: number,
  { text }: Suggestion,
): [query: string, caret: number] {
  const { start, end } = partAt(query, caret);
  // An operator waits for its value.
  const isComplete = !text.endsWith(':');
  const rest = query.slice(end).trimStart();
  const put = isComplete ? `${text} ` : text;
  return [query.slice(0, start) + put + rest, start + put.length];
}

interface Known {
  client: ChatClient;
  rooms: readonly ListedRoom[];
  /** The id of the room that is open. */
  roomId: string | null | undefined;
  labels: SearchLabels;
}

export function useSuggestions(query: string, caret: number, known: Known): readonly Suggestion[] {
  const part = partAt(query, caret);
  const people = usePeopleFor(known.client, part.operator === 'from' ? part.value : undefined);
  return suggestionsFor(query, part, known, people);
}

function suggestionsFor(
  query: string,
  { operator, value, start, end }: QueryPart,
  { rooms, roomId, labels }: Omit<Known, 'client'>,
  people: readonly Member[],
): Suggestion[] {
  const sought = value.toLowerCase();
  const fitting = (all: Suggestion[]) => all.filter(({ text }) => text !== query.slice(start, end));
  switch (operator) {
    case 'from': {
      const me = 'me'.startsWith(sought) ? [{ text: 'from:me', label: labels.me }] : [];
      const users = people.map((user) => ({
        text: operatorWith('from', valueFor(user, people)),
        label: user.name,
        user,
      }));
      return fitting([...me, ...users].slice(0, MOST));
    }
    case 'in': {
      const found = findRooms(rooms, value.replace(/^#/u, ''));
      const here = found.filter(({ id }) => id === roomId);
      const others = found.filter(({ id }) => id !== roomId);
      const named = [...here, ...others].slice(0, MOST).map((room) => ({
        text: operatorWith('in', room.type === 'direct' ? room.id : valueFor(room, rooms)),
        label: room.id === roomId ? `${roomName(room)} (${labels.thisRoom})` : roomName(room),
        room,
      }));
      return fitting(named);
    }
    case 'before':
    case 'after': {
      const days = [
        [labels.today, 0],
        [labels.weekAgo, 7],
        [labels.monthAgo, 30],
      ] as const;
      const dates = days.map(([label, ago]) => ({ text: `${operator}:${dayBefore(ago)}`, label }));
      return fitting(dates.filter(({ text }) => text.startsWith(`${operator}:${sought}`)));
    }
    case 'has': {
      const kinds = (['link', 'image', 'file'] as const).filter((kind) => kind.startsWith(sought));
      return fitting(kinds.map((kind) => ({ text: `has:${kind}`, label: labels.kinds[kind] })));
    }
    case undefined: {
      // A word that does not begin as an operator is none.
      const isBeginning = query.trim() === '' || (sought !== '' && query.charAt(start) !== '"');
      const begun = isBeginning ? OPERATORS.filter((name) => name.startsWith(sought)) : [];
      return begun.map((name) => ({ text: `${name}:`, label: labels.operators[name] }));
    }
  }
}

/** The name, or the id where others have that name, too, or where it cannot be quoted. */
function valueFor<T extends { id: string; name: string }>({ id, name }: T, all: readonly T[]): string {
  const isUnique = all.filter((other) => other.name === name).length === 1;
  return isUnique && !/["“”„«»]/u.test(name) ? name : id;
}

/** In UTC, as the server takes it. */
function dayBefore(days: number): string {
  return new Date(Date.now() - days * DAY).toISOString().slice(0, 10);
}

const NOBODY: readonly Member[] = [];

/** The users whose name has this in it; nobody while there is none to look for. */
function usePeopleFor(client: ChatClient, value: string | undefined): readonly Member[] {
  const [found, setFound] = useState(NOBODY);
  useEffect(() => {
    if (value === undefined) return;
    let isCurrent = true;
    const find = () =>
      client.findUsers(value.replace(/^@/u, '')).then(
        (users) => isCurrent && setFound(users),
        // Without suggestions the name can still be typed.
        () => isCurrent && setFound(NOBODY),
      );
    const timer = setTimeout(() => void find(), value === '' ? 0 : PAUSE);
    return () => {
      isCurrent = false;
      clearTimeout(timer);
    };
  }, [client, value]);
  if (value === undefined) return NOBODY;
  // Until the next answer those of the last one are there, as far as they fit.
  const sought = value.replace(/^@/u, '').trim().toLowerCase();
  return found.filter(({ id, name }) => `${id}\n${name}`.toLowerCase().includes(sought));
}
