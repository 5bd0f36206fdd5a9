// @vitest-environment jsdom
// "Changing the import is the whole upgrade": the original's own component over our hook does what it did over its own, and
// compiles as it did.
import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { checkOnAll } from './check';
import { checkComponent } from './component_checks';
import { declareOurs, faults, REACT_TYPES, upgradedFolder } from './upgrade';

const REACTS = { 19: '../../../clients/node_modules/react', 18: '../node_modules/react' };

const BOTH = `
export { useChat } from '@chatoxide/react';
export { ChatRoom } from './Chat';
`;

for (const [major, react] of Object.entries(REACTS)) {
  const make = async () => {
    const { folder, remove } = await upgradedFolder();
    const file = path.join(folder, 'both.ts');
    await writeFile(file, BOTH);
    return { file, react: path.resolve(import.meta.dirname, react), remove };
  };
  checkOnAll(`the original's component over our hook with React ${major}`, make, [checkComponent]);
}

/** A type check: our hook accepts every call that the original's accepts, and returns the same types after JSON. */
const COMPARISON = `
import { useChat as ours } from '@chatoxide/react';
import { useChat as theirs } from './Original';

type Theirs = ReturnType<typeof theirs>;
type Action = { [Name in keyof Theirs]: Theirs[Name] extends (...given: never[]) => unknown ? Name : never }[keyof Theirs];
/** A type after JSON serialization: dates become strings, and undefined may become null. */
type Sent<T> = T extends Date
  ? string
  : T extends readonly (infer Item)[]
    ? readonly Sent<Item>[]
    : T extends object
      ? { [Key in keyof T]: Sent<T[Key]> | (undefined extends T[Key] ? null : never) }
      : T;
type Result<Name extends Action> = Sent<Awaited<ReturnType<Theirs[Name]>>>;

export function compare(...given: Parameters<typeof theirs>) {
  const chat = ours(...given);
  const state: Sent<Omit<Theirs, Action>> = chat;
  const actions: { [Name in Action]: (...given: Parameters<Theirs[Name]>) => unknown } = chat;
  const results: { [Name in 'sendMessage' | 'editMessage' | 'loadMore']: (...given: never[]) => Promise<Result<Name>> } = chat;
  return { state, actions, results };
}
`;

describe('types', () => {
  let folder: string;
  let remove: () => Promise<void>;
  beforeAll(async () => {
    ({ folder, remove } = await upgradedFolder());
    await declareOurs(folder);
    await writeFile(path.join(folder, 'comparison.ts'), COMPARISON);
  });
  afterAll(() => remove());

  // Compiler errors that the original's file already had are subtracted: the upgrade did not cause them.
  test.each(Object.entries(REACT_TYPES))(
    'the upgrade is as right as the original was with React %s',
    async (_major, react) => {
      const before = await faults(folder, ['Original.tsx'], react);
      const after = await faults(folder, ['Chat.tsx', 'comparison.ts'], react);
      expect(after.filter((fault) => !before.includes(fault))).toEqual([]);
    },
    60_000,
  );
});
