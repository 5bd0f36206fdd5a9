// Colours: three of them in a circle, remembered, and the system's where nothing else was said.
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { after, apply, storedTheme } from '../src/theme.js';

const kept = new Map<string, string>();
const root: { dataset: Record<string, string> } = { dataset: {} };
beforeEach(() => {
  vi.stubGlobal('localStorage', {
    getItem: (key: string) => kept.get(key) ?? null,
    setItem: (key: string, value: string) => void kept.set(key, value),
  });
  vi.stubGlobal('document', { documentElement: root });
});
afterEach(() => {
  kept.clear();
  root.dataset = {};
  vi.unstubAllGlobals();
});

test('one after the other comes round to the first', () => {
  expect(storedTheme()).toBe('system');
  expect([after('system'), after('light')]).toEqual(['light', 'dark']);
  expect(after('dark')).toBe('system');
});

test('the chosen theme is remembered and on the page; the system theme is neither', () => {
  for (const theme of ['light', 'dark'] as const) {
    apply(theme);
    expect([storedTheme(), root.dataset.theme]).toEqual([theme, theme]);
  }
  apply('system');
  expect([storedTheme(), root.dataset.theme]).toEqual(['system', undefined]);
});

test('an unknown theme counts as the system theme', () => {
  kept.set('chatoxide-theme', 'purple');
  expect(storedTheme()).toBe('system');
});
