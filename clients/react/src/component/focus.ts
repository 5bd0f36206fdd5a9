// Which row has the focus, and where the focus goes when that row is gone: to a neighbour, else to where one writes.
import { useCallback, useEffect, useRef, useState, type FocusEvent, type RefObject } from 'react';
import { useBeforePaint } from '../react/beforePaint.js';
import { useRoomContext } from './context.js';
import type { Row } from './rows.js';

export function drawnRows(list: HTMLElement | null): HTMLElement[] {
  return [...(list?.querySelectorAll<HTMLElement>('[data-message-key]') ?? [])];
}

interface KeptFocus {
  /** For what is around the rows. */
  frame: RefObject<HTMLDivElement | null>;
  onBlur: (event: FocusEvent) => void;
  /** The key of the message whose row has the focus. */
  focused: string | undefined;
}

export function useKeptFocus(rows: readonly Row[]): KeptFocus {
  const { focusComposer } = useRoomContext();
  const frame = useRef<HTMLDivElement>(null);
  const before = useRef(rows);
  const [focused, setFocused] = useState<string>();

  useBeforePaint(() => {
    const former = before.current;
    before.current = rows;
    if (focused === undefined || document.activeElement !== document.body) return;
    const drawn = new Map(drawnRows(frame.current).map((row) => [row.dataset.messageKey, row]));
    const index = former.findIndex(({ key }) => key === focused);
    // The row itself comes first: it may be only a button in it that is gone.
    const nearest = [...former.slice(Math.max(index, 0)), ...former.slice(0, Math.max(index, 0)).reverse()];
    const neighbour = nearest.find(({ key }) => drawn.has(key));
    if (neighbour) drawn.get(neighbour.key)?.focus();
    else focusComposer();
  }, [rows, focused, focusComposer]);

  // React tells of no focus that it gives itself, as by `autoFocus`; and of no blur when it removes what has the focus.
  useEffect(() => {
    const list = frame.current;
    const note = ({ target }: Event) => {
      const row = target instanceof Element && target.closest<HTMLElement>('[data-message-key]');
      setFocused(row ? row.dataset.messageKey : undefined);
    };
    list?.addEventListener('focusin', note);
    return () => list?.removeEventListener('focusin', note);
  }, []);
  const onBlur = useCallback(({ currentTarget, relatedTarget }: FocusEvent) => {
    // From one place in the list to another it is not lost, and the row stays.
    if (!currentTarget.contains(relatedTarget)) setFocused(undefined);
  }, []);
  return { frame, focused, onBlur };
}
