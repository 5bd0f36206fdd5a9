// The shell that stays open: every caller has the rows and the error of its own statements.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { SqliteShell } from './sqlite';

let folder: string;
let shell: SqliteShell;

beforeEach(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'chatoxide-shell-'));
  shell = new SqliteShell(path.join(folder, 'test.db'));
});
afterEach(async () => {
  await shell.close();
  await rm(folder, { recursive: true });
});

test('statements that are asked at once are answered one by one, in their order', async () => {
  const [none, done, two, long, empty] = await Promise.all([
    shell.run('CREATE TABLE word (text)'),
    shell.run(`INSERT INTO word VALUES ('done'), ('a line' || char(10) || 'done' || char(10))`),
    shell.run('SELECT text FROM word ORDER BY rowid'),
    // More than a pipe carries at once, after a word that looks like an end.
    shell.run(`SELECT 'done' AS text, hex(zeroblob(100000)) AS more`),
    shell.run('SELECT text FROM word WHERE false'),
  ]);

  expect([none, done, empty]).toEqual(['', '', '']);
  expect(JSON.parse(two)).toEqual([{ text: 'done' }, { text: 'a line\ndone\n' }]);
  expect(JSON.parse(long)).toEqual([{ text: 'done', more: '0'.repeat(200_000) }]);
});

test('what is refused is an error with its reason, changes nothing, and ends nothing for the next', async () => {
  await shell.run('CREATE TABLE word (text UNIQUE)');
  const [refused, next] = await Promise.allSettled([
    shell.run(`BEGIN; INSERT INTO word VALUES ('a'), ('a'); COMMIT`),
    shell.run('SELECT count(*) AS count FROM word'),
  ]);

  expect(refused).toMatchObject({ status: 'rejected', reason: { message: /UNIQUE constraint failed/ } });
  expect(next).toEqual({ status: 'fulfilled', value: '[{"count":0}]\n' });
});
