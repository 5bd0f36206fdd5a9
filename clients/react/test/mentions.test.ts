// Checks the grammar of mentions by the fixtures that the server and the Python client are checked by, too.
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';
import { findMentions, mentionNames } from '../src/core/mentions.js';

interface Fixtures {
  members: Record<string, string>;
  cases: { text: string; mentions: [string, string[] | string][]; why: string }[];
}

const FILE = path.resolve(import.meta.dirname, '../../../tests/fixtures/mentions.json');
const fixtures = JSON.parse(readFileSync(FILE, 'utf8')) as Fixtures;
const names = mentionNames(Object.entries(fixtures.members).map(([id, name]) => ({ id, name })));

test('the fixtures are there', () => {
  expect(fixtures.cases.length).toBeGreaterThan(60);
});

test.each(fixtures.cases)('$why: $text', ({ text, mentions }) => {
  const found = findMentions(text, names).map(({ start, end, target }) => [text.slice(start, end), target]);
  expect(found).toEqual(mentions);
});

// A search that is not linear would take minutes, and the runner's deadline would end it.
test.each([
  ['@', 1_000_000],
  ['@a b ', 200_000],
  ['`a``b', 200_000],
  ['好@好', 300_000],
  ['a', 999_999],
  ['http://', 140_000],
  ['@{', 500_000],
  ['```\n', 250_000],
])('a hostile text is searched in linear time: %j', (part, times) => {
  expect(findMentions(part.repeat(times) + '@', mentionNames([{ id: 'u', name: 'n'.repeat(90) }]))).toEqual(
    [],
  );
});
