// Reads the examples of the README as source files, so that they are compiled as a user's copies would be.
import { readFileSync } from 'node:fs';
import path from 'node:path';

const README = readFileSync(path.resolve(import.meta.dirname, '../../README.md'), 'utf8');

/** The code block of the README that contains this text. */
function example(language: string, words: string): string {
  const blocks = [...README.matchAll(/^```(\w+)\n([^]*?)^```$/gm)];
  const found = blocks.find(([, own, code]) => own === language && code?.includes(words));
  if (!found?.[2]) throw new Error(`the README has no ${language} with ${words}`);
  return found[2];
}

/** The hook example: the README shows it as a diff of the import, and this is the code after that diff. */
export const HOOK = example('diff', 'useChat')
  .split('\n')
  .filter((line) => !line.startsWith('-'))
  .map((line) => line.slice(1))
  .join('\n');
export const COMPONENT = example('tsx', '<ChatRoom');
export const ROOMS = example('tsx', '<RoomList');
export const FINDING = example('tsx', '<SearchBox');
/** The configuration of Jest, and the empty file that it names. */
export const JEST = { config: example('json', 'moduleNameMapper'), stylesheet: 'no-styles.js' };

/** The names that the README lists as exports of this entry point. */
export function namesOf(entry: string): string[] {
  const row = README.split('\n').find((line) => line.startsWith(`| \`${entry}\` `));
  const [, ...names] = [...(row ?? '').matchAll(/`([^`]+)`/g)].map(([, name]) => name ?? '');
  return names;
}
