// Parses a text's formatting: code, bold, italic, strikethrough, lists and quotes. The parser gives positions, and
// what is shown is cut from the text itself. No HTML is made, and HTML in a text is shown as it is.
import type { SyntaxNode } from '@lezer/common';
import { parser, Strikethrough, type MarkdownConfig } from '@lezer/markdown';
import { linkAt, split, type Part } from './links.js';

export type Piece =
  | Part
  | { kind: 'code' | 'code block'; text: string }
  | { kind: 'bold' | 'italic' | 'struck' | 'quote' | 'paragraph'; children: Piece[] }
  | {
      kind: 'list';
      /** The first item's number; undefined in a list without numbers. */ start?: number;
      items: Piece[][];
    };

/** A longer text is shown without formatting, which bounds the parser's time. In characters. */
const LONGEST = 20_000;
/** A text with more marks than this is shown without formatting, too: nobody writes that by hand. */
const MOST_MARKS = 600;
const MARKS = /[*_~`>]|(?:^|\s)(?:[-+]|\d+[.)])(?=\s|$)/gu;
/** The deepest nesting that is formatted. Anything deeper is shown as it was written. */
const DEEPEST = 6;

/** Keeps the marks in an address from being taken for formatting. */
const Addresses: MarkdownConfig = {
  defineNodes: ['Address'],
  parseInline: [
    {
      name: 'Address',
      before: 'Escape',
      parse(context, next, pos) {
        if (!/[\w.+-]/u.test(String.fromCharCode(next))) return -1;
        // The text from here on, and one character before it to check that a word begins here.
        const from = Math.max(context.offset, pos - 1);
        const link = linkAt(context.slice(from, context.end), pos - from);
        return link ? context.addElement(context.elt('Address', pos, pos + link.text.length)) : -1;
      },
    },
  ],
};

const markdown = parser.configure([
  {
    // Markdown that people do not write in a chat, or write by accident.
    remove: [
      ...['HTMLBlock', 'HTMLTag', 'Entity', 'Image', 'Link', 'LinkReference', 'Autolink'],
      ...['SetextHeading', 'ATXHeading', 'HorizontalRule', 'IndentedCode'],
    ],
  },
  Strikethrough,
  Addresses,
]);

/** Splits a text into pieces. A text without formatting is one piece, or several if it has links. */
export function format(text: string): Piece[] {
  if (!isWorthParsing(text)) return split(text);
  const source = separated(text);
  try {
    const top = markdown.parse(source).topNode;
    const isPlain = [...childrenOf(top)].every(
      ({ name, firstChild }) => name === 'Paragraph' && firstChild === null,
    );
    return isPlain ? split(text) : new Formatter(source).blocks(top, 0);
  } catch {
    return split(text);
  }
}

function isWorthParsing(text: string): boolean {
  if (text.length > LONGEST) return false;
  const marks = text.match(MARKS)?.length ?? 0;
  return marks > 0 && marks <= MOST_MARKS;
}

/** The kind of block that a line belongs to. */
type Kind = 'quote' | 'list' | 'other';

/**
 * Adds an empty line after each quote and each list. People continue below it in their own words, which Markdown
 * would take for a part of the quote or list.
 */
function separated(text: string): string {
  const lines: string[] = [];
  let fence: string | undefined;
  let before: Kind = 'other';
  for (const line of text.split('\n')) {
    const mark = /^ {0,3}(`{3,}|~{3,})/u.exec(line)?.[1];
    const kind: Kind = fence !== undefined ? 'other' : kindOf(line, before);
    if (before !== kind && before !== 'other') lines.push('');
    if (fence === undefined) fence = mark;
    else if (mark?.startsWith(fence) && line.trim() === mark) fence = undefined;
    lines.push(line);
    before = kind;
  }
  return lines.join('\n');
}

function kindOf(line: string, before: Kind): Kind {
  if (/^ {0,3}>/u.test(line)) return 'quote';
  if (/^ *(?:[-*]|\d{1,9}[.)])(?: |$)/u.test(line)) return 'list';
  // Indented and blank lines continue a list item.
  return before === 'list' && /^(?: {2,}|\s*$)/u.test(line) ? 'list' : 'other';
}

class Formatter {
  constructor(private readonly source: string) {}

  blocks(parent: SyntaxNode, depth: number): Piece[] {
    return [...childrenOf(parent)].flatMap((node) => this.block(node, depth));
  }

  private block(node: SyntaxNode, depth: number): Piece[] {
    if (node.name.endsWith('Mark')) return [];
    if (depth >= DEEPEST) return [this.raw(node)];
    switch (node.name) {
      case 'Paragraph':
        return [{ kind: 'paragraph', children: this.inline(node, depth + 1) }];
      case 'Blockquote':
        return [{ kind: 'quote', children: this.blocks(node, depth + 1) }];
      case 'BulletList':
      case 'OrderedList':
        return [this.list(node, depth)];
      case 'FencedCode':
        return [this.fenced(node)];
      default:
        return [this.raw(node)];
    }
  }

  private list(node: SyntaxNode, depth: number): Piece {
    const mark = node.firstChild?.getChild('ListMark');
    const marker = mark ? this.source.slice(mark.from, mark.to) : '';
    // `+ 1` is a sum, and `1) a` shown as `1. a` would be another text.
    if (!/^(?:[-*]|\d+\.)$/u.test(marker)) return this.raw(node);
    const items = [...childrenOf(node)].map((item) => this.blocks(item, depth + 1));
    return node.name === 'OrderedList'
      ? { kind: 'list', start: parseInt(marker, 10), items }
      : { kind: 'list', items };
  }

  /** The code of a fenced block, without the marks of a quote around it. */
  private fenced(node: SyntaxNode): Piece {
    const texts = node.getChildren('CodeText').map(({ from, to }) => this.source.slice(from, to));
    return { kind: 'code block', text: texts.join('') };
  }

  private inline(parent: SyntaxNode, depth: number): Piece[] {
    const pieces: Piece[] = [];
    let end = parent.from;
    const upTo = (to: number) => {
      if (to > end) pieces.push(...split(this.source.slice(end, to)));
    };
    for (const node of childrenOf(parent)) {
      upTo(node.from);
      pieces.push(...this.span(node, depth));
      end = node.to;
      // The space after a quote mark belongs to the mark.
      if (node.name === 'QuoteMark' && this.source[end] === ' ') end += 1;
    }
    upTo(parent.to);
    return pieces;
  }

  private span(node: SyntaxNode, depth: number): Piece[] {
    const { source } = this;
    if (node.name.endsWith('Mark')) return [];
    if (depth >= DEEPEST) return [this.raw(node)];
    switch (node.name) {
      case 'StrongEmphasis':
        return [{ kind: 'bold', children: this.inline(node, depth + 1) }];
      case 'Strikethrough':
        return [{ kind: 'struck', children: this.inline(node, depth + 1) }];
      case 'Emphasis':
        if (isInWord(source, node.from, node.to)) return [this.raw(node)];
        return [{ kind: 'italic', children: this.inline(node, depth + 1) }];
      case 'InlineCode': {
        const [from, to] = [node.firstChild?.to ?? node.from, node.lastChild?.from ?? node.to];
        return [{ kind: 'code', text: source.slice(from, to).replace(/^ (.*[^ ].*) $/su, '$1') }];
      }
      case 'Escape':
        // The backslash in ¯\_(ツ)_/¯ is an arm, so it is kept.
        return [
          {
            kind: 'text',
            text: source.slice(source[node.from - 1] === '¯' ? node.from : node.from + 1, node.to),
          },
        ];
      case 'Address':
        return split(source.slice(node.from, node.to));
      default:
        return [this.raw(node)];
    }
  }

  private raw({ from, to }: SyntaxNode): Piece {
    return { kind: 'text', text: this.source.slice(from, to) };
  }
}

/** As in `2*3*4`. */
function isInWord(text: string, from: number, to: number): boolean {
  const isWord = (index: number) => /[\p{L}\p{N}]/u.test(text.charAt(index));
  return isWord(from - 1) || isWord(to);
}

function* childrenOf(node: SyntaxNode): Generator<SyntaxNode> {
  for (let child = node.firstChild; child; child = child.nextSibling) yield child;
}
