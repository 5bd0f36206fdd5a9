// Colours of `npm run test:hook`: on a terminal, and nowhere else.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { SECRET } from '../support/tokens';
import { aWorld } from '../support/world';
import { CLI, faulty, IMPATIENT, run, runProgram, SLOW } from './command';

/** The escape sequence of a colour. */
const COLOUR = /\x1b\[[\d;]*m/; // eslint-disable-line no-control-regex

const CHECK = 'the page shows what is said';

/** The sample prints these in colours: the difference of a failed check, and a line of its own log. */
const PRINTED = ['- Expected', 'in red'];
const FAULTS = [
  ["setText(''))", 'undefined)'],
  ['export function useChat', 'console.log("\\x1b[31min red\\x1b[39m");\nexport function useChat'],
] as const;

describe.concurrent('npm run test:hook', () => {
  const world = aWorld('sqlite');
  let folder: string;
  beforeAll(async () => void (folder = await mkdtemp(path.join(tmpdir(), 'chatoxide-hook-'))));
  afterAll(() => rm(folder, { recursive: true }));

  test('a failed check and the log of a hook have no colours in a pipe', { timeout: SLOW }, async () => {
    const file = await faulty(folder, ...FAULTS);

    const piped = await run('--hook', file, '--url', world.server.url, '--only', CHECK, ...IMPATIENT);

    for (const words of PRINTED) expect(piped.said).toContain(words);
    expect(piped.said).not.toContain('\x1b');
  });

  test('they have colours on a terminal, unless NO_COLOR is set', { timeout: SLOW }, async () => {
    const file = await faulty(folder, ...FAULTS);
    const args = [CLI, '--hook', file, '--url', world.server.url, '--only', CHECK, ...IMPATIENT];
    const command = [process.execPath, ...args].map((word) => `'${word}'`).join(' ');
    const onTerminal = (variables: Record<string, string>) =>
      runProgram({ JWT_SECRET: SECRET, TERM: 'xterm', ...variables }, 'script', '-qec', command, '/dev/null');

    const [coloured, plain] = await Promise.all([onTerminal({}), onTerminal({ NO_COLOR: '1' })]);

    for (const words of PRINTED) {
      const line = (said: string) => said.split('\n').find((text) => text.includes(words));
      expect(line(coloured.said), coloured.said).toMatch(COLOUR);
      expect(line(plain.said), plain.said).toBeDefined();
    }
    expect(plain.said).not.toMatch(COLOUR);
  });
});
