// What is worked out from the layout: in the next frame, when all that has changed is laid out, and once for all of it.
import { useCallback, useEffect, useRef } from 'react';

/** The same function at each draw; it does what `work` of the last draw does, and again as long as that says so. */
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
