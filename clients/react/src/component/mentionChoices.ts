// The people whom the composer offers while somebody types `@` and a name, and the text that mentions one of them.
import { findMentions, type MentionNames } from '../core/mentions.js';
import type { Member } from '../core/protocol.js';

export interface MentionChoice {
  key: string;
  /** Undefined for `@here` and `@room`. */
  user?: Member;
  name: string;
}

/** The text between an `@` and the caret. */
export interface BegunMention {
  /** The place of the `@`. */
  start: number;
  query: string;
}

const MOST = 8;
/** The longest name that is looked for, in UTF-16 code units. */
const LONGEST = 60;

/** The mention that is being typed at the caret, if one is. */
export function begunAt(text: string, caret: number): BegunMention | undefined {
  const start = text.lastIndexOf('@', caret - 1);
  if (start < 0 || caret - start > LONGEST) return undefined;
  const query = text.slice(start + 1, caret);
  // Behind a letter it is an e-mail address, and behind a backslash it is meant as it is.
  if (/[\p{L}\p{N}._%+\\-]$/u.test(text.slice(0, start)) || /^\s|[\n@{]/u.test(query)) return undefined;
  return { start, query };
}

/** The members whose name begins so, then those of whom a later word does, and `@here` and `@room`. */
export function choicesFor(
  query: string,
  members: readonly Member[],
  userId: string | null,
): MentionChoice[] {
  const sought = fold(query);
  const ranked = members.flatMap((user) => {
    const name = fold(user.name);
    // With its blank at the end a name is typed to its end, unless another word follows.
    const isLater = name.includes(` ${sought}`);
    const rank = name.startsWith(sought) ? 0 : isLater ? 1 : undefined;
    return rank === undefined || user.id === userId ? [] : [{ user, rank }];
  });
  ranked.sort((one, other) => one.rank - other.rank || one.user.name.localeCompare(other.user.name));
  const all = ['here', 'room'].filter((name) => name.startsWith(sought));
  return [
    ...ranked.slice(0, MOST - all.length).map(({ user }) => ({ key: user.id, user, name: user.name })),
    ...all.map((name) => ({ key: `@${name}`, name })),
  ];
}

/** Whether the name is typed to its end: then there is nothing left to complete. */
export function isTyped(query: string, { name }: MentionChoice): boolean {
  return fold(query).trim() === fold(name);
}

/** The text with the mention in place of what was typed, and the place of the caret behind it. */
export function withMention(
  text: string,
  caret: number,
  { start }: BegunMention,
  { user, name }: MentionChoice,
  names: MentionNames,
): [text: string, caret: number] {
  const rest = text.slice(caret).replace(/^ /u, '');
  const put = (mention: string): [string, number] => [
    `${text.slice(0, start)}${mention} ${rest}`,
    start + mention.length + 1,
  ];
  const byName = put(`@${name}`);
  if (!user) return byName;
  const found = findMentions(byName[0], names).find((mention) => mention.start === start);
  const isMeant =
    found?.end === byName[1] - 1 && typeof found.target !== 'string' && found.target.join('\n') === user.id;
  // Several have this name, or the grammar finds another one there.
  return isMeant ? byName : put(`@{${user.id}}`);
}

function fold(text: string): string {
  return text.normalize('NFD').replace(/\p{M}/gu, '').toLocaleLowerCase().replace(/\s+/gu, ' ');
}
