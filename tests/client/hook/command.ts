// Runs `npm run test:hook` as a process, on a hook file that its test wrote.
import { execFile } from 'node:child_process';
import { mkdtemp, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { promisify } from 'node:util';
import { expect } from 'vitest';
import { SECRET } from '../support/tokens';

export const CLI = path.resolve(import.meta.dirname, 'cli.js');
export const SAMPLE = path.resolve(import.meta.dirname, 'sample.tsx');
// Each test starts runners of its own, and several tests run at once.
export const SLOW = 300_000;
// A run that is to fail waits for so long, in seconds. One that is to pass has the default, which it does not use up.
export const IMPATIENT = ['--patience', '4'];

export interface Run {
  code: number;
  stdout: string;
  stderr: string;
  /** Both, one after the other. */
  said: string;
}

export const run = (...args: string[]) => runWith({ JWT_SECRET: SECRET }, ...args);

export function runWith(variables: Record<string, string>, ...args: string[]): Promise<Run> {
  return runProgram(variables, process.execPath, CLI, ...args);
}

/** Do not pass on the environment of this test run: its variables would change the child process. */
export function environment(variables: Record<string, string>): NodeJS.ProcessEnv {
  return { PATH: process.env.PATH, HOME: process.env.HOME, ...variables };
}

export async function runProgram(
  variables: Record<string, string>,
  program: string,
  ...args: string[]
): Promise<Run> {
  const ended = promisify(execFile)(program, args, { env: environment(variables) });
  const { code, stdout, stderr } = await ended.then(
    (output) => ({ code: 0, ...output }),
    (failed: Omit<Run, 'said'>) => failed,
  );
  return { code, stdout, stderr, said: stdout + stderr };
}

export const lines = ({ said }: Run, mark: string) =>
  said.split('\n').filter((line) => line.startsWith(mark));

/** The sample with these parts replaced, in a folder of its own in this one. */
export async function faulty(
  folder: string,
  ...faults: (readonly [from: string, to: string])[]
): Promise<string> {
  let source = await readFile(SAMPLE, 'utf8');
  for (const [from, to] of faults) {
    expect(source.split(from), `${from} is in the sample once`).toHaveLength(2);
    source = source.replace(from, () => to);
  }
  const file = path.join(await mkdtemp(path.join(folder, 'fault-')), 'Chat.tsx');
  await writeFile(file, source);
  return file;
}
