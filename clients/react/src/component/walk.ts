// Arrow keys in the message list, which is one Tab stop: up and down move between messages, left and right between the links and
// buttons of a message. In a list of buttons up and down move between them.
import type { KeyboardEvent } from 'react';
import { drawnRows } from './focus.js';

const PRESSED = 'a[href], button:not(:disabled)';

export function walk(event: KeyboardEvent<HTMLElement>): void {
  const { key, currentTarget } = event;
  const target = event.target as HTMLElement;
  if (event.altKey || event.ctrlKey || event.metaKey || target.closest('textarea, input')) return;
  const rows = drawnRows(currentTarget);
  const here = rows.findIndex((row) => row.contains(target));
  const next =
    key === 'ArrowUp' || key === 'ArrowDown'
      ? rows[here < 0 ? rows.length - 1 : here + (key === 'ArrowUp' ? -1 : 1)]
      : beside(rows[here], target, key);
  if (!next) return;
  event.preventDefault();
  next.focus({ preventScroll: true });
  next.scrollIntoView({ block: 'nearest' });
}

/**
 * The element to the left or right of the focus within a row. The row itself comes before its first link or button.
 */
function beside(row: HTMLElement | undefined, target: HTMLElement, key: string): HTMLElement | undefined {
  if (!row || (key !== 'ArrowLeft' && key !== 'ArrowRight')) return undefined;
  const isForward = (key === 'ArrowRight') === (getComputedStyle(row).direction !== 'rtl');
  const all = [row, ...row.querySelectorAll<HTMLElement>(PRESSED)];
  return all[all.indexOf(target) + (isForward ? 1 : -1)];
}

/** The arrow keys go from button to button. */
export function walkList(event: KeyboardEvent<HTMLElement>): void {
  const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
  if (step === undefined) return;
  const rows = [...event.currentTarget.querySelectorAll<HTMLElement>('a[href], button')];
  const next = rows[rows.indexOf(event.target as HTMLElement) + step];
  if (!next) return;
  event.preventDefault();
  next.focus();
}
