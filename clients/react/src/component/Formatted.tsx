// A text as it is shown: with its links and, unless that is switched off, its formatting.
import { Fragment, useMemo, type ReactNode } from 'react';
import { format, type Piece } from './formatting.js';
import { split } from './links.js';
import { isOnlyEmoji } from './text.js';

export interface FormattedProps {
  text: string;
  /** False: the text as it was written, with its links alone. */
  formatting?: boolean;
}

export function Formatted({ text, formatting = true }: FormattedProps) {
  const pieces = useMemo(() => (formatting ? format(text) : split(text)), [text, formatting]);
  return (
    <div className={isOnlyEmoji(text) ? 'chat-text chat-text--emoji' : 'chat-text'} dir="auto">
      {shown(pieces)}
    </div>
  );
}

function shown(pieces: readonly Piece[]): ReactNode {
  return pieces.map((piece, index) => <Fragment key={index}>{pieceOf(piece)}</Fragment>);
}

function pieceOf(piece: Piece): ReactNode {
  switch (piece.kind) {
    case 'text':
      return piece.text;
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
      return <strong>{shown(piece.children)}</strong>;
    case 'italic':
      return <em>{shown(piece.children)}</em>;
    case 'struck':
      return <del>{shown(piece.children)}</del>;
    case 'quote':
      return <blockquote>{shown(piece.children)}</blockquote>;
    case 'paragraph':
      return <p>{shown(piece.children)}</p>;
    case 'list': {
      const items = piece.items.map((item, index) => <li key={index}>{shown(item)}</li>);
      return piece.start === undefined ? <ul>{items}</ul> : <ol start={piece.start}>{items}</ol>;
    }
  }
}
