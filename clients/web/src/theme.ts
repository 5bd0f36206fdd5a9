// Light, dark, or as the system has it; remembered in this browser.
export type Theme = 'system' | 'light' | 'dark';

const KEY = 'chatoxide-theme';

export function storedTheme(): Theme {
  const stored = localStorage.getItem(KEY);
  return stored === 'light' || stored === 'dark' ? stored : 'system';
}

export function apply(theme: Theme): void {
  localStorage.setItem(KEY, theme);
  if (theme === 'system') delete document.documentElement.dataset.theme;
  else document.documentElement.dataset.theme = theme;
}

const NEXT = { system: 'light', light: 'dark', dark: 'system' } as const;

/** The one that comes after it. */
export function after(theme: Theme): Theme {
  return NEXT[theme];
}
