// A text as it is shown: with its links and, unless that is switched off, its formatting.
import { Fragment, useMemo, type ReactNode } from 'react';
import { format, type Piece } from './formatting.js';
import { split } from './links.js';
import { mentionsOf, withMentions, type ShownMentions } from './mentioned.js';
import { isOnlyEmoji } from './text.js';

export interface FormattedProps {
  text: string;
  /** False: the text as it was written, with its links alone. */
  formatting?: boolean;
  /** Without it mentions are text like any other. */
  mentions?: ShownMentions;
}

type ShowText = (text: string) => ReactNode;

export function Formatted({ text, formatting = true, mentions }: FormattedProps) {
  const pieces = useMemo(() => (formatting ? format(text) : split(text)), [text, formatting]);
  const known = useMemo(() => mentionsOf(text, mentions), [text, mentions]);
  const showText: ShowText = (part) => withMentions(part, known, mentions);
  return (
    <div className={isOnlyEmoji(text) ? 'chat-text chat-text--emoji' : 'chat-text'} dir="auto">
      {shown(pieces, showText)}
    </div>
  );
}

function shown(pieces: readonly Piece[], showText: ShowText): ReactNode {
  return pieces.map((piece, index) => <Fragment key={index}>{pieceOf(piece, showText)}</Fragment>);
}

function pieceOf(piece: Piece, showText: ShowText): ReactNode {
  switch (piece.kind) {
    case 'text':
      return showText(piece.text);
    case 'link':
      return (
        // One Tab stop is enough for all messages; the arrow keys lead here.
        <a href={piece.href} target="_blank" rel="noopener noreferrer nofollow" tabIndex={-1}>
          {piece.text}
        </a>
      );
    case 'code':
      return <code dir="ltr">{piece.text}</code>;
    case 'code block':
      return (
        <pre dir="ltr">
          <code>{piece.text}</code>
        </pre>
      );
    case 'bold':
      return <strong>{shown(piece.children, showText)}</strong>;
    case 'italic':
      return <em>{shown(piece.children, showText)}</em>;
    case 'struck':
      return <del>{shown(piece.children, showText)}</del>;
    case 'quote':
      return <blockquote>{shown(piece.children, showText)}</blockquote>;
    case 'paragraph':
      return <p>{shown(piece.children, showText)}</p>;
    case 'list': {
      const items = piece.items.map((item, index) => <li key={index}>{shown(item, showText)}</li>);
      return piece.start === undefined ? <ul>{items}</ul> : <ol start={piece.start}>{items}</ol>;
    }
  }
}
