// Whether somebody is looking: what is heard meanwhile counts as read.

export interface Reading {
  isReading(): boolean;
}

/** In a browser: the page is visible and has the focus. Elsewhere nobody is. */
export const byFocus: Reading = {
  isReading: () => typeof document !== 'undefined' && !document.hidden && document.hasFocus(),
};
