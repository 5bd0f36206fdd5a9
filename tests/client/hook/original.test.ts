// @vitest-environment jsdom
// The original's hook and component, unmodified, taken from the reference document.
import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { buildFolder, referenceBlock } from '../support/reference';
import { checkBesideAdditions } from './beside_checks';
import { checkOnAll } from './check';
import { checkComponent } from './component_checks';
import { checkHook } from './hook_checks';

async function original() {
  const { folder, remove } = await buildFolder('original');
  const file = path.join(folder, 'Chat.tsx');
  await writeFile(file, referenceBlock('// src/components/Chat.tsx'));
  return { file, remove };
}

checkOnAll("the original's hook", original, [checkHook, checkComponent, checkBesideAdditions]);
