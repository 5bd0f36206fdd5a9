// A text with its matches marked; a long one is cut to what is around the first match.
import { Fragment, type ReactNode } from 'react';

/** The most characters that are shown, and how many of them before the first match. */
const LONGEST = 280;
const BEFORE = 60;

interface Props {
  text: string;
  /** Each the start and the end of a match, in order. */
  highlights: readonly (readonly [start: number, end: number])[];
}

export function Highlighted({ text, highlights }: Props) {
  const [from, to] = cutOf(text, highlights[0]?.[0] ?? 0);
  const parts: ReactNode[] = [];
  let at = from;
  for (const [start, end] of highlights) {
    if (start < at || start >= to) continue;
    parts.push(text.slice(at, start), <mark key={start}>{text.slice(start, Math.min(end, to))}</mark>);
    at = Math.min(end, to);
  }
  return (
    <span className="chat-excerpt" dir="auto">
      {from > 0 && '…'}
      {parts.map((part, index) => (
        <Fragment key={index}>{part}</Fragment>
      ))}
      {text.slice(at, to)}
      {to < text.length && '…'}
    </span>
  );
}

/** The beginning and the end of what is shown. Neither is in the middle of a word, if there is a blank near, or of a character. */
function cutOf(text: string, first: number): [from: number, to: number] {
  if (text.length <= LONGEST) return [0, text.length];
  let from = Math.max(0, first - BEFORE);
  if (from > 0) {
    const blank = text.slice(from, first).search(/\s/u);
    if (blank >= 0) from += blank + 1;
    if (isInCharacter(text, from)) from += 1;
  }
  let to = Math.min(text.length, from + LONGEST);
  if (to < text.length && isInCharacter(text, to)) to -= 1;
  return [from, to];
}

function isInCharacter(text: string, index: number): boolean {
  return /[\uDC00-\uDFFF]/u.test(text.charAt(index)) && /[\uD800-\uDBFF]/u.test(text.charAt(index - 1));
}
