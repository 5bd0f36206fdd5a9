// Links in a text: web addresses, also without `https://` where they begin with `www.`, and mail addresses. The time is linear in
// the length of the text.

export type Part = { kind: 'text'; text: string } | { kind: 'link'; text: string; href: string };

export interface Link {
  /** As it was written. */
  text: string;
  href: string;
}

const START = /https?:\/\/|www\.|[\w.+-]{1,64}@/giu;
// Browsers send no longer ones.
const WEB = /(?:https?:\/\/|www\.[^\s<>"'`.]{1,63}\.)[^\s<>"'`]{1,2048}/iuy;
// A name has at most 64 characters, and a domain 253.
const MAIL = /[\w.+-]{1,64}@(?:[a-z0-9-]{1,63}\.){1,8}[a-z]{2,63}(?![\w-])/iuy;
/** Ends a sentence, not an address. */
const TRAILING = '.,;:!?…*_~';

/** The link that begins here, if one does. */
export function linkAt(text: string, index: number): Link | undefined {
  // In the middle of a word nothing begins.
  if (index > 0 && /[\w.+@/-]/u.test(text[index - 1] ?? '')) return undefined;
  return webLinkAt(text, index) ?? mailLinkAt(text, index);
}

function webLinkAt(text: string, index: number): Link | undefined {
  WEB.lastIndex = index;
  const found = WEB.exec(text)?.[0];
  if (found === undefined) return undefined;
  const link = trimmed(found);
  const href = /^www\./iu.test(link) ? `https://${link}` : link;
  return isWebAddress(href) ? { text: link, href } : undefined;
}

function mailLinkAt(text: string, index: number): Link | undefined {
  MAIL.lastIndex = index;
  const found = MAIL.exec(text)?.[0];
  // An address that begins or ends its name with a dot is none.
  if (found === undefined || /^\.|\.@/u.test(found)) return undefined;
  return { text: found, href: `mailto:${found}` };
}

/** The text in parts; joined, they are the text. */
export function split(text: string): Part[] {
  const parts: Part[] = [];
  let end = 0;
  for (const { index } of text.matchAll(START)) {
    if (index < end) continue;
    const link = linkAt(text, index);
    if (!link) continue;
    if (index > end) parts.push({ kind: 'text', text: text.slice(end, index) });
    parts.push({ kind: 'link', ...link });
    end = index + link.text.length;
  }
  if (end < text.length) parts.push({ kind: 'text', text: text.slice(end) });
  return parts;
}

/** Without the end of the sentence around it: a full stop, or a bracket that was opened before. */
function trimmed(link: string): string {
  let surplus = count(link, ')') - count(link, '(');
  let end = link.length;
  for (; end > 0; end -= 1) {
    const last = link.charAt(end - 1);
    if (last === ')' && surplus > 0) surplus -= 1;
    else if (!TRAILING.includes(last)) break;
  }
  return link.slice(0, end);
}

function count(text: string, character: string): number {
  return text.split(character).length - 1;
}

function isWebAddress(text: string): boolean {
  return ['http:', 'https:'].includes(addressOf(text)?.protocol ?? '');
}

export function addressOf(text: string): URL | undefined {
  try {
    return new URL(text, typeof document === 'undefined' ? undefined : document.baseURI);
  } catch {
    return undefined;
  }
}
