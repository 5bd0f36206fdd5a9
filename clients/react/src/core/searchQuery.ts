// The parts of a query, as the server reads it: words, phrases, and operators with their values. docs/search.md has the grammar.
import type { Refusal } from './types.js';

export const OPERATORS = ['from', 'in', 'before', 'after', 'has'] as const;
export type SearchOperator = (typeof OPERATORS)[number];

export interface QueryPart {
  /** Undefined for a word or a phrase. */
  operator: SearchOperator | undefined;
  /** Without its quotes. */
  value: string;
  /** Its place in the query, from the operator to the last quote. */
  start: number;
  end: number;
}

const PART =
  /(?:(from|in|before|after|has):)?(?:["“”„«»]([^"“”„«»]*)(?:["“”„«»]|$)|([^\s"“”„«»]\S*|))\*?/giuy;

export function partsOf(query: string): QueryPart[] {
  const parts: QueryPart[] = [];
  for (let at = 0; at < query.length;) {
    if (/\s/u.test(query.charAt(at))) {
      at += 1;
      continue;
    }
    PART.lastIndex = at;
    const [all = '', operator, quoted, plain = ''] = PART.exec(query) ?? [];
    const end = at + Math.max(all.length, 1);
    parts.push({
      operator: operator?.toLowerCase() as SearchOperator | undefined,
      value: quoted ?? plain,
      start: at,
      end,
    });
    at = end;
  }
  return parts;
}

/** A part of a query that finds what has this value: with quotes, where it has blanks. */
export function operatorWith(operator: SearchOperator, value: string): string {
  return /[\s"“”„«»]/u.test(value) || value === '' ? `${operator}:"${value}"` : `${operator}:${value}`;
}

/** The words by which a refusal names an operator, such as `query: has: takes link, image or file`. */
const NAMED = /^(?:query: )?(from|in|before|after|has):/u;

/** The part of the query that the refusal is about. */
export function faultIn(query: string, { code, error }: Refusal): { start: number; end: number } | null {
  const named = code === 'bad_input' ? NAMED.exec(error)?.[1] : { user_not_found: 'from' }[code as string];
  const isRoom = code === 'forbidden' || code === 'room_not_found';
  const operator = named ?? (isRoom ? 'in' : undefined);
  const those = partsOf(query).filter((part) => part.operator === operator);
  if (operator === undefined || those.length === 0) return null;
  const wrong = those.find((part) => isWrong(part)) ?? (those.length === 1 ? those[0] : undefined);
  return wrong ? { start: wrong.start, end: wrong.end } : null;
}

function isWrong({ operator, value }: QueryPart): boolean {
  if (value.trim() === '') return true;
  if (operator === 'has') return !/^(?:link|image|file)$/iu.test(value);
  const isDate = /^\d{4}-\d{2}-\d{2}$/u.test(value) && !Number.isNaN(Date.parse(value));
  return (operator === 'before' || operator === 'after') && !isDate;
}
