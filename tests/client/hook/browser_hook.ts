// The original's React file, unmodified, as a browser has it: bundled with the client's build for browsers, which speaks
// through the page's own XMLHttpRequest and WebSocket and so is held to the rules for other origins.
import { execFile } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { promisify } from 'node:util';
import { buildFolder, referenceBlock } from '../support/reference';
import type { OriginalHook } from './original_hook';

// As a program: inside jsdom esbuild finds arrays of bytes that are not those it knows.
const ESBUILD = path.resolve(import.meta.dirname, '../node_modules/.bin/esbuild');

export async function loadForBrowser(): Promise<OriginalHook> {
  const { folder, remove } = await buildFolder('page');
  await writeFile(path.join(folder, 'Chat.tsx'), referenceBlock('// src/components/Chat.tsx'));
  const options = [
    '--bundle',
    '--platform=browser',
    '--format=esm',
    '--external:react',
    '--log-level=warning',
  ];
  await promisify(execFile)(ESBUILD, ['Chat.tsx', ...options, '--outfile=Chat.mjs'], { cwd: folder });
  const file = path.join(folder, 'Chat.mjs');
  const { useChat, ChatRoom } = (await import(/* @vite-ignore */ file)) as OriginalHook;
  return { useChat, ChatRoom, remove };
}
