// The examples of the README, as files of somebody who has copied them.
import { readFileSync } from 'node:fs';
import path from 'node:path';

const README = readFileSync(path.resolve(import.meta.dirname, '../../README.md'), 'utf8');

/** The code in the README that has this in it. */
function example(language: string, words: string): string {
  const blocks = [...README.matchAll(/^```(\w+)\n([^]*?)^```$/gm)];
  const found = blocks.find(([, own, code]) => own === language && code?.includes(words));
  if (!found?.[2]) throw new Error(`the README has no ${language} with ${words}`);
  return found[2];
}

/** The hook's: what stands after the import was changed. */
export const HOOK = example('diff', 'useChat')
  .split('\n')
  .filter((line) => !line.startsWith('-'))
  .map((line) => line.slice(1))
  .join('\n');
export const COMPONENT = example('tsx', '<ChatRoom');
export const ROOMS = example('tsx', '<RoomList');

/** What the README says can be imported from here. */
export function namesOf(entry: string): string[] {
  const row = README.split('\n').find((line) => line.startsWith(`| \`${entry}\` `));
  const [, ...names] = [...(row ?? '').matchAll(/`([^`]+)`/g)].map(([, name]) => name ?? '');
  return names;
}
