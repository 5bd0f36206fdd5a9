// Helpers for addresses, emoji, sizes and names in messages. Nothing here makes HTML: a message is untrusted input.
import { addressOf } from './links.js';

/** An address that a link may lead to: on the web, or this page's own server. */
export function linkTo(text: unknown): string | undefined {
  if (typeof text !== 'string') return undefined;
  const address = addressOf(text.trim());
  return address && ['http:', 'https:'].includes(address.protocol) ? address.href : undefined;
}

/** An address that may be shown as an image. */
export function imageAt(text: unknown): string | undefined {
  if (typeof text !== 'string') return undefined;
  if (/^data:image\/(png|jpeg|gif|webp);base64,/iu.test(text)) return text;
  return addressOf(text)?.protocol === 'blob:' ? text : linkTo(text);
}

/** An address of somebody's picture that the page's policy allows: encrypted, this page's own server's, or the data itself. */
export function pictureAt(text: unknown): string | undefined {
  // A bare word would resolve to a relative address that does not exist.
  if (typeof text !== 'string' || !/^(?:https?:|data:|\/)/iu.test(text)) return undefined;
  const image = imageAt(text);
  const address = image && addressOf(image);
  if (!address || address.protocol !== 'http:') return image;
  return address.origin === addressOf('/')?.origin ? image : undefined;
}

/** A flag, a keycap, or pictures that are joined into one. */
export const LIKE_AN_EMOJI =
  /^(?:\p{Regional_Indicator}{2}|[0-9#*]\ufe0f?\u20e3|\p{Extended_Pictographic}(?:\ufe0f|\p{Emoji_Modifier})?[\u{e0020}-\u{e007f}]*(?:\u200d\p{Extended_Pictographic}(?:\ufe0f|\p{Emoji_Modifier})?)*)$/u;

// Emoji, with skin tones, flags and zero-width joiners.
const EMOJI_ONLY =
  /^(?:\p{Extended_Pictographic}|\p{Emoji_Modifier}|\p{Regional_Indicator}|\u200d|\ufe0f|\u20e3|\s){1,24}$/u;

/** A few emoji and nothing else. */
export function isOnlyEmoji(text: string): boolean {
  return text.trim() !== '' && EMOJI_ONLY.test(text);
}

const ONE_EMOJI = oneEmoji();

/** Matches the emoji of Unicode's list; where the browser does not know that list, a pattern for their structure. */
function oneEmoji(): RegExp {
  try {
    return new RegExp('^\\p{RGI_Emoji}$', 'v');
  } catch {
    return LIKE_AN_EMOJI;
  }
}

/** The emoji that this is, and nothing else; undefined when it is another text. */
export function emojiOf(text: string): string | undefined {
  const emoji = text.trim();
  // Some are typed without the variation selector that makes an emoji of them, such as ❤.
  return [emoji, `${emoji}\ufe0f`].find((one) => ONE_EMOJI.test(one));
}

/** `12.3 MB`. */
export function sizeOf(bytes: unknown): string | undefined {
  if (typeof bytes !== 'number' || !Number.isFinite(bytes) || bytes < 0) return undefined;
  const units = ['byte', 'kilobyte', 'megabyte', 'gigabyte'];
  const power = Math.min(Math.floor(Math.log10(Math.max(bytes, 1)) / 3), units.length - 1);
  const format = {
    style: 'unit',
    unit: units[power],
    unitDisplay: 'short',
    maximumFractionDigits: 1,
  } as const;
  return new Intl.NumberFormat(undefined, format).format(bytes / 1000 ** power);
}

/** One or two letters for somebody without a picture. */
export function initialsOf(name: string): string {
  const words = name.trim().split(/\s+/u);
  const letters = [words[0], words.length > 1 ? words.at(-1) : undefined].map(
    (word) => [...(word ?? '')][0] ?? '',
  );
  return letters.join('').toLocaleUpperCase();
}

/** A hue in degrees, always the same for the same id. */
export function hueOf(id: string): number {
  let hash = 2166136261;
  for (const character of id) hash = Math.imul(hash ^ (character.codePointAt(0) ?? 0), 16777619);
  // Ids that differ in one letter should get clearly different hues.
  hash = Math.imul(hash ^ (hash >>> 15), 2246822507);
  return ((hash ^ (hash >>> 13)) >>> 0) % 360;
}
