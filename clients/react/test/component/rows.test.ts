import { describe, expect, test } from 'vitest';
import { ENGLISH } from '../../src/index.js';
import { dayName, rowsOf } from '../../src/component/rows.js';
import { later, message, NOON } from './samples.js';

/** A message that begins a group has a star. */
const drawn = (...all: Parameters<typeof rowsOf>) =>
  rowsOf(...all).map((row) =>
    row.kind === 'message' ? `${row.message.id}${row.isFirst ? '*' : ''}` : row.kind,
  );

describe('rows', () => {
  test('put messages of one author together while they are close', () => {
    const messages = [
      message('a', NOON),
      message('b', later(4)),
      message('c', later(10)),
      message('d', later(11), { senderId: 'bob' }),
      message('e', later(12), { senderId: 'bob', replyTo: 'a' }),
    ];
    expect(drawn(messages, null, true)).toEqual(['day', 'a*', 'b', 'c*', 'd*', 'e*']);
  });

  test('say where a day begins, where what is new does, and where the room does', () => {
    const messages = [
      message('a', NOON),
      message('b', later(1)),
      message('c', later(24 * 60)),
      message('d', later(24 * 60 + 1)),
    ];
    expect(drawn(messages, 'b', false)).toEqual(['beginning', 'day', 'a*', 'new', 'b*', 'day', 'c*', 'd']);
    expect(drawn([], null, false)).toEqual([]);
  });

  test('name days as people do', () => {
    const name = (at: Date) => dayName(at, ENGLISH, NOON);
    expect(name(later(60))).toBe('Today');
    expect(name(new Date(2026, 0, 30, 23, 59))).toBe('Yesterday');
    expect(name(new Date(2026, 0, 5))).toMatch(/5/);
    expect(name(new Date(2024, 0, 5))).toMatch(/2024/);
  });
});

test('the typing line names one, some or many users', () => {
  expect(ENGLISH.typing(['Ann'])).toBe('Ann is typing…');
  expect(ENGLISH.typing(['Ann', 'Ben'])).toBe('Ann and Ben are typing…');
  expect(ENGLISH.typing(['A', 'B', 'C', 'D'])).toBe('Several people are typing…');
});
