// An effect that runs before what was drawn is seen. A server draws and never shows: React 18 complains of one there.
import { useEffect, useLayoutEffect } from 'react';

export const useBeforePaint = typeof window === 'undefined' ? useEffect : useLayoutEffect;
