// Mentions within a message's text, shown as such: those of the user stand out.
import { Fragment, type ReactNode } from 'react';
import { findMentions, type Mention, type MentionNames } from '../core/mentions.js';

/** The knowledge about a room that shows its mentions. */
export interface ShownMentions {
  names: MentionNames;
  /** Undefined for somebody who is not known. */
  nameOf: (userId: string) => string | undefined;
  /** Whether a mention is one of the user. */
  isOwn: (mention: Mention) => boolean;
}

/** The mentions of a whole text, as the server finds them there. */
export function mentionsOf(text: string, shown: ShownMentions | undefined): ReadonlySet<string> {
  if (!shown || !text.includes('@')) return NOBODY;
  return new Set(findMentions(text, shown.names).map(({ start, end }) => text.slice(start, end)));
}

const NOBODY: ReadonlySet<string> = new Set();

/** A part of the text without formatting in it. `known`: the mentions of the whole text, as a part of it may look like one. */
export function withMentions(
  part: string,
  known: ReadonlySet<string>,
  shown: ShownMentions | undefined,
): ReactNode {
  if (!shown || known.size === 0 || !part.includes('@')) return part;
  const found = findMentions(part, shown.names).filter(({ start, end }) => known.has(part.slice(start, end)));
  if (found.length === 0) return part;
  const pieces: ReactNode[] = [];
  let at = 0;
  for (const mention of found) {
    const text = part.slice(mention.start, mention.end);
    pieces.push(
      part.slice(at, mention.start),
      <span className={shown.isOwn(mention) ? 'chat-mention chat-mention--own' : 'chat-mention'}>
        {textOf(text, mention, shown)}
      </span>,
    );
    at = mention.end;
  }
  pieces.push(part.slice(at));
  return pieces.map((piece, index) => <Fragment key={index}>{piece}</Fragment>);
}

/** An id says nothing to people. */
function textOf(text: string, { target }: Mention, { nameOf }: ShownMentions): string {
  const [userId] = typeof target === 'string' ? [] : target;
  const name = text.startsWith('@{') && userId !== undefined ? nameOf(userId) : undefined;
  return name === undefined ? text : `@${name}`;
}
