// A hook for work that needs the layout: it runs once in the next animation frame, after all changes are laid out.
import { useCallback, useEffect, useRef } from 'react';

/**
 * Returns a function that stays the same on each render. It schedules the latest `work`, which runs again in each
 * frame as long as it returns true.
 */
export function useInNextFrame(work: () => boolean): () => void {
  const latest = useRef(work);
  const frame = useRef<number>(undefined);
  useEffect(() => void (latest.current = work));
  const ask = useCallback(() => {
    const run = () => {
      frame.current = latest.current() ? requestAnimationFrame(run) : undefined;
    };
    frame.current ??= requestAnimationFrame(run);
  }, []);
  useEffect(
    () => () => {
      if (frame.current !== undefined) cancelAnimationFrame(frame.current);
      frame.current = undefined;
    },
    [],
  );
  return ask;
}
