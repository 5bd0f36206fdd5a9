// How long ago a moment was, in words.

const UNITS: [Intl.RelativeTimeFormatUnit, number][] = [
  ['year', 365 * 24 * 3600],
  ['month', 30 * 24 * 3600],
  ['week', 7 * 24 * 3600],
  ['day', 24 * 3600],
  ['hour', 3600],
  ['minute', 60],
];

/** Such as `5 minutes ago`, `yesterday`, or `now` for less than a minute. A clock that is ahead makes no future of it. */
export function agoOf(at: Date, now: Date, locale?: string): string {
  const seconds = Math.max(0, (now.getTime() - at.getTime()) / 1000);
  const format = new Intl.RelativeTimeFormat(locale, { numeric: 'auto' });
  for (const [unit, size] of UNITS)
    if (seconds >= size) return format.format(-Math.floor(seconds / size), unit);
  return format.format(0, 'second');
}
