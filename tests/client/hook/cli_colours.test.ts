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

/** The output that has colours: the difference of a failed check, and the log of a hook. */
const PRINTED = [
  ['a failed check', '- Expected', "setText(''))", 'undefined)'],
  [
    'the log of a hook',
    'in red',
    'export function useChat',
    'console.log("\\x1b[31min red\\x1b[39m");\nexport function useChat',
  ],
] as const;

describe.concurrent('npm run test:hook', () => {
  const world = aWorld('sqlite');
  let folder: string;
  beforeAll(async () => void (folder = await mkdtemp(path.join(tmpdir(), 'chatoxide-hook-'))));
  afterAll(() => rm(folder, { recursive: true }));

  test.each(PRINTED)('%s has no colours in a pipe', { timeout: SLOW }, async (_, words, from, to) => {
    const file = await faulty(folder, from, to);

    const piped = await run('--hook', file, '--url', world.server.url, '--only', CHECK, ...IMPATIENT);

    expect(piped.said).toContain(words);
    expect(piped.said).not.toContain('\x1b');
  });

  test.each(PRINTED)(
    '%s has colours on a terminal, unless NO_COLOR is set',
    { timeout: SLOW },
    async (...printed) => {
      const [, words, from, to] = printed;
      const file = await faulty(folder, from, to);
      const args = [CLI, '--hook', file, '--url', world.server.url, '--only', CHECK, ...IMPATIENT];
      const command = [process.execPath, ...args].map((word) => `'${word}'`).join(' ');
      const onTerminal = (variables: Record<string, string>) =>
        runProgram(
          { JWT_SECRET: SECRET, TERM: 'xterm', ...variables },
          'script',
          '-qec',
          command,
          '/dev/null',
        );

      const [coloured, plain] = await Promise.all([onTerminal({}), onTerminal({ NO_COLOR: '1' })]);

      expect(coloured.said).toContain(words);
      expect(coloured.said).toMatch(COLOUR);
      expect(plain.said).toContain(words);
      expect(plain.said).not.toMatch(COLOUR);
    },
  );
});
