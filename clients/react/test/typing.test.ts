import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import type { TypingUser } from '../src/index.js';
import { Writers, Writing } from '../src/core/typing.js';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

describe('the others', () => {
  test('are writing until they stop, or say nothing more for six seconds', () => {
    let users: readonly TypingUser[] = [];
    const writers = new Writers((changed) => (users = changed));
    writers.add({ userId: 'bob', userName: 'Bob' });
    writers.add({ userId: 'carol', userName: 'Carol' });
    vi.advanceTimersByTime(4_000);
    writers.add({ userId: 'bob', userName: 'Bob' });
    vi.advanceTimersByTime(4_000);
    expect(users.map(({ userId }) => userId)).toEqual(['bob']);
    writers.remove('bob');
    expect(users).toEqual([]);
    expect(vi.getTimerCount()).toBe(0);
  });
});

describe('oneself', () => {
  test('is told at most once in two seconds, and has stopped after three without a key', () => {
    const told: string[] = [];
    const writing = new Writing((event) => told.push(event));
    for (let key = 0; key < 30; key += 1) {
      writing.start();
      vi.advanceTimersByTime(100);
    }
    expect(told).toEqual(['typing:start', 'typing:start']);
    vi.advanceTimersByTime(3_000);
    expect(told.at(-1)).toBe('typing:stop');
    writing.stop();
    expect(told).toHaveLength(3);
    writing.start();
    writing.forget();
    vi.advanceTimersByTime(10_000);
    expect(told).toHaveLength(4);
  });
});
