// A field that is as high as its text, where the browser does not know `field-sizing`.
import { type RefObject } from 'react';
import { useBeforePaint } from '../react/beforePaint.js';

export function useGrowing(field: RefObject<HTMLTextAreaElement | null>, text: string): void {
  useBeforePaint(() => {
    const shown = field.current;
    if (!shown || knowsFieldSizing()) return;
    shown.style.setProperty('height', 'auto');
    // The border is no part of what scrolls. How high it may be says the style sheet.
    const height = shown.scrollHeight + shown.offsetHeight - shown.clientHeight;
    shown.style.setProperty('height', `${height}px`);
  }, [field, text]);
}

function knowsFieldSizing(): boolean {
  return typeof CSS !== 'undefined' && CSS.supports('field-sizing', 'content');
}
