// The arrow keys in the list of messages, which is one Tab stop: up and down from message to message, left and right among what a
// message has to press.
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

/** What is to the left or to the right in a row; to the left of the first is the row itself. */
function beside(row: HTMLElement | undefined, target: HTMLElement, key: string): HTMLElement | undefined {
  if (!row || (key !== 'ArrowLeft' && key !== 'ArrowRight')) return undefined;
  const isForward = (key === 'ArrowRight') === (getComputedStyle(row).direction !== 'rtl');
  const all = [row, ...row.querySelectorAll<HTMLElement>(PRESSED)];
  return all[all.indexOf(target) + (isForward ? 1 : -1)];
}
