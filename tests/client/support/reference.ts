// The reference document: the original server, hook and schema, read where it is present beside the checkout and never
// copied in. Tests that need it are only collected when it is there; the last line of the run says so when it is not.
import { existsSync, readFileSync } from 'node:fs';
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import path from 'node:path';

const HERE = import.meta.dirname;
const BESIDE = path.resolve(HERE, '../../../../shared/reference/real-time-chat-templates.md');

/** Where the document is; undefined where it is not. */
export function referenceDocument(): string | undefined {
  const file = process.env.REFERENCE_DOCUMENT ?? BESIDE;
  return existsSync(file) ? file : undefined;
}

/** The tests that run the original's own code, which is not ours to keep. */
export const NEED_REFERENCE = ['original/**', 'hook/original.test.ts', 'hook/upgrade.test.ts'];

/** Those that this run leaves out; an error where that is not allowed. */
export function leftOut(): string[] {
  if (referenceDocument()) return [];
  if (process.env.REQUIRE_REFERENCE)
    throw new Error(
      `REQUIRE_REFERENCE is set and there is no reference document, without which ${NEED_REFERENCE.join(', ')} do not run: put it beside this checkout, or say where it is by REFERENCE_DOCUMENT`,
    );
  return NEED_REFERENCE;
}

/** The fenced block of the document that begins with this comment. */
export function referenceBlock(comment: string): string {
  const file = referenceDocument();
  if (!file) throw new Error('the reference document is not beside this checkout');
  // Its line ends differ from copy to copy.
  const text = readFileSync(file, 'utf8').replaceAll('\r\n', '\n');
  const begin = text.indexOf(`\n${comment}\n`);
  const end = text.indexOf('\n```', begin + 1);
  if (begin < 0 || end < 0)
    throw new Error(`the reference document has no block that begins with ${comment}`);
  return text.slice(begin + 1, end + 1);
}

/** A folder for code that is built at run time; it finds the packages of these tests. */
export async function buildFolder(name: string): Promise<{ folder: string; remove: () => Promise<void> }> {
  const artifacts = path.resolve(HERE, '../artifacts');
  await mkdir(artifacts, { recursive: true });
  const folder = await mkdtemp(path.join(artifacts, `${name}-`));
  return { folder, remove: () => rm(folder, { recursive: true }) };
}
