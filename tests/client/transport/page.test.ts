// The page docs/transport.md has a row for everything that the tests compare.
import { readFile } from 'node:fs/promises';
import { expect, test } from 'vitest';
import { FAULTS, FAULTS_OF_THE_FIRST } from './bad_middle';
import { PAGE } from './page';

const page = readFile(PAGE, 'utf8');

test.each([...FAULTS, ...FAULTS_OF_THE_FIRST])('there is a row for a proxy that %s', async (fault) => {
  expect(await page).toContain(`\n| ${fault} | `);
});

test.each([0, 100, 300])('there are rows for a round trip of %d ms', async (millis) => {
  for (const transports of ['polling', 'polling, then websocket', 'websocket']) {
    expect(await page).toContain(`\n| ${transports}, ${millis} ms | `);
  }
});

test('every row of a proxy that must cost nothing says that nothing was lost, on either server', async () => {
  const rows = (await page)
    .split('\n')
    .filter((line) => FAULTS.some((fault) => line.startsWith(`| ${fault} |`)));

  expect(rows).toHaveLength(FAULTS.length);
  for (const row of rows) expect(row.match(/stayed; 0 of 50 lost/g), row).toHaveLength(2);
});
