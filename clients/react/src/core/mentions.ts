// Mentions in a text: `@name`, `@{id}`, `@here` and `@room`. A name is that of a member, of one word or several; the longest that
// stands there is meant. Code, web addresses and e-mail addresses mention nobody. It is the server's grammar: `mentions.json` of
// the fixtures holds both to it. The time is linear in the length of the text.

export interface Mention {
  /** The place in the text, in UTF-16 code units, from its `@` on. */
  start: number;
  end: number;
  /** The ids of users (several if they have the same name), the members who are online, or all members. */
  target: readonly string[] | 'here' | 'room';
}

/** The members of a room, as the grammar looks for them. Make it once for many texts. */
export interface MentionNames {
  readonly ids: ReadonlySet<string>;
  readonly byName: ReadonlyMap<string, readonly string[]>;
}

/** The most `@` of a text that are looked at. */
const MAX_MARKS = 200;
/** The most characters of a text that may be a name. */
const MAX_NAME = 100;

const WORD = /[\p{Alphabetic}\p{N}\p{M}]/u;
// Scripts that are written without spaces between words, and Korean, whose particles follow a name without one.
const UNSPACED =
  /[\u0E00-\u0EFF\u1000-\u109F\u1100-\u11FF\u1780-\u17FF\u3040-\u30FF\u3130-\u318F\u3400-\u9FFF\uAC00-\uD7AF\uF900-\uFAFF\u{20000}-\u{3FFFF}]/u;

export function mentionNames(members: Iterable<{ id: string; name: string }>): MentionNames {
  const ids = new Set<string>();
  const byName = new Map<string, string[]>();
  for (const { id, name } of members) {
    ids.add(id);
    const folded = fold(name);
    if (folded !== '') byName.set(folded, [...(byName.get(folded) ?? []), id]);
  }
  return { ids, byName };
}

/** The mentions of a text, in their order. */
export function findMentions(content: string, names: MentionNames): Mention[] {
  if (!content.includes('@')) return [];
  const text = Array.from(content);
  const offsets = offsetsOf(text);
  const skipped = skippedIn(text);
  const mentions: Mention[] = [];
  let marks = 0;
  for (let at = text.indexOf('@'); at !== -1;) {
    let next = at + 1;
    if (skipped[at] !== 1 && mayBegin(text, at)) {
      marks += 1;
      if (marks > MAX_MARKS) break;
      const found = mentionAt(text, next, names);
      if (found) {
        next = found.end;
        mentions.push({ start: offsets[at] ?? 0, end: offsets[next] ?? 0, target: found.target });
      }
    }
    at = text.indexOf('@', next);
  }
  return mentions;
}

/** For each character, and for the end, its place in UTF-16 code units. */
function offsetsOf(text: readonly string[]): Uint32Array {
  const offsets = new Uint32Array(text.length + 1);
  text.forEach((character, index) => {
    offsets[index + 1] = (offsets[index] ?? 0) + character.length;
  });
  return offsets;
}

/** False if the `@` is escaped, or stands behind the local part of an e-mail address. */
function mayBegin(text: readonly string[], at: number): boolean {
  if (text[at - 1] === '\\') return false;
  for (let index = at - 1; index >= 0; index -= 1) {
    const before = text[index] ?? '';
    if (joins(before)) return false;
    if (!'._%+-'.includes(before)) return true;
  }
  return true;
}

function mentionAt(
  text: readonly string[],
  start: number,
  names: MentionNames,
): { end: number; target: Mention['target'] } | undefined {
  if (text[start] === '{') {
    const end = text.slice(start, start + MAX_NAME * 6).indexOf('}');
    const id = text.slice(start + 1, start + end).join('');
    return end !== -1 && names.ids.has(id) ? { end: start + end + 1, target: [id] } : undefined;
  }
  if (text[start] === undefined || isSpace(text[start])) return undefined;
  let length = 0;
  while (length < MAX_NAME && !['\n', '\r', '@', undefined].includes(text[start + length])) length += 1;
  for (; length > 0; length -= 1) {
    const end = start + length;
    if (!isEnd(text, end)) continue;
    const name = fold(text.slice(start, end).join(''));
    const users = names.byName.get(name);
    if (users) return { end, target: users };
    if (name === 'here' || name === 'room') return { end, target: name };
  }
  return undefined;
}

/** True if a name may end here: no word goes on. */
function isEnd(text: readonly string[], end: number): boolean {
  const last = text[end - 1] ?? '';
  const next = text[end];
  if (isSpace(last)) return false;
  if (next === undefined) return true;
  // Chinese, Thai and the like are written without spaces. An accent belongs to the character before it.
  if (WORD.test(next)) return !/\p{M}/u.test(next) && (UNSPACED.test(last) || UNSPACED.test(next));
  // A dot, a hyphen, an underscore or another `@` within a word joins it.
  return !('.-_@'.includes(next) && joins(text[end + 1] ?? '') && joins(last));
}

/** True for a character of a word in a script that has spaces. */
function joins(character: string): boolean {
  return WORD.test(character) && !UNSPACED.test(character);
}

function isSpace(character: string): boolean {
  return /^\p{White_Space}$/u.test(character);
}

/**
 * A name as it is compared: in composed form, its spaces made one each. Case is folded character by character, over the upper case,
 * as a final sigma has an own lower case.
 */
function fold(name: string): string {
  const words = name.split(/\p{White_Space}+/u).filter((word) => word !== '');
  const characters = Array.from(words.join(' ').normalize('NFC'), (character) => character.toUpperCase());
  return Array.from(characters.join(''), (character) => character.toLowerCase()).join('');
}

/** For each character, 1 if it is in code or in a web address. */
function skippedIn(text: readonly string[]): Uint8Array {
  const skipped = new Uint8Array(text.length);
  let fence: { sign: string; length: number } | undefined;
  let from = 0;
  const paragraphs: [number, number][] = [];
  // A paragraph ends at an empty line and at a fence: code between back-ticks does not go on behind it.
  for (const [start, end] of linesOf(text)) {
    const mark = fenceOf(text.slice(start, end).join(''));
    if (fence) {
      skipped.fill(1, start, end);
      const ends = mark?.sign === fence.sign && mark.length >= fence.length && !mark.hasInfo;
      if (ends) fence = undefined;
      from = end;
    } else if (mark) {
      paragraphs.push([from, start]);
      skipped.fill(1, start, end);
      fence = mark;
      from = end;
    } else if (text.slice(start, end).every(isSpace)) {
      paragraphs.push([from, end]);
      from = end;
    }
  }
  if (!fence) paragraphs.push([from, text.length]);
  for (const [start, end] of paragraphs) skipCode(text, start, end, skipped);
  skipAddresses(text, skipped);
  return skipped;
}

/** The lines of a text, each with its end. */
function* linesOf(text: readonly string[]): Generator<[number, number]> {
  for (let start = 0; start < text.length;) {
    const at = text.indexOf('\n', start);
    const end = at === -1 ? text.length : at + 1;
    yield [start, end];
    start = end;
  }
}

/** Three back-ticks or tildes, or more, at the beginning of a line. */
function fenceOf(line: string): { sign: string; length: number; hasInfo: boolean } | undefined {
  const [, run = '', info = ''] = /^ {0,3}(`{3,}|~{3,})([^]*)$/u.exec(line) ?? [];
  if (run === '' || (run.startsWith('`') && info.includes('`'))) return undefined;
  return { sign: run.charAt(0), length: run.length, hasInfo: /\P{White_Space}/u.test(info) };
}

/** Skips code between back-ticks: a run of them up to the next run of the same length. */
function skipCode(text: readonly string[], start: number, end: number, skipped: Uint8Array): void {
  const runs: [number, number][] = [];
  for (let at = text.indexOf('`', start); at !== -1 && at < end; at = text.indexOf('`', at)) {
    const begun = at;
    while (at < end && text[at] === '`') at += 1;
    runs.push([begun, at]);
  }
  const ofLength = new Map<number, number[]>();
  for (const [index, [begun, ended]] of [...runs.entries()].reverse()) {
    const same = ofLength.get(ended - begun);
    if (same) same.push(index);
    else ofLength.set(ended - begun, [index]);
  }
  for (let index = 0; index < runs.length; index += 1) {
    const [begun = 0, ended = 0] = runs[index] ?? [];
    const opening = text[begun - 1] === '\\' ? begun + 1 : begun;
    const same = ofLength.get(ended - opening) ?? [];
    while ((same.at(-1) ?? Infinity) <= index) same.pop();
    const close = same.at(-1);
    if (close === undefined) continue;
    skipped.fill(1, opening, runs[close]?.[1]);
    index = close;
  }
}

/** Skips web addresses: a scheme and `://`, or `www.`, up to a space, a bracket `<` or `>`, or a quotation mark. */
function skipAddresses(text: readonly string[], skipped: Uint8Array): void {
  for (let index = 0; index < text.length; index += 1) {
    const start = addressAt(text, index);
    if (start === undefined) continue;
    let end = index;
    while (end < text.length && !isSpace(text[end] ?? '') && !'<>"'.includes(text[end] ?? '')) end += 1;
    skipped.fill(1, start, end);
    index = end - 1;
  }
}

/** The beginning of a web address whose `://` or `www.` is here. */
function addressAt(text: readonly string[], index: number): number | undefined {
  const first = text[index];
  if (first === ':' && text[index + 1] === '/' && text[index + 2] === '/') {
    let start = index;
    while (index - start < 20 && /^[a-z0-9]$/iu.test(text[start - 1] ?? '')) start -= 1;
    return start < index ? start : undefined;
  }
  const isWww = (first === 'w' || first === 'W') && /^www\.$/iu.test(text.slice(index, index + 4).join(''));
  return isWww && !WORD.test(text[index - 1] ?? '') ? index : undefined;
}
