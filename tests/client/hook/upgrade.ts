// The original's file after the upgrade that clients/react/README.md promises: its hook is gone, the component has ours, and no
// other line is changed.
import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { buildFolder, referenceBlock } from '../support/reference';

const PACKAGES = path.resolve(import.meta.dirname, '../node_modules');
const CLIENTS = path.resolve(import.meta.dirname, '../../../clients');

export const ORIGINAL = referenceBlock('// src/components/Chat.tsx');

function upgraded(): string {
  const react = /^import React.*$/m.exec(ORIGINAL);
  const component = ORIGINAL.indexOf('// Chat component\n');
  if (!react || component < 0) throw new Error('the original imports no React, or has no component');
  return `${react[0]}\nimport { useChat } from '@chatoxide/react';\n\n${ORIGINAL.slice(component)}`;
}

/** The file, and beside it the original as it was, in a folder for code that is built. */
export async function upgradedFolder(): Promise<{ folder: string; remove: () => Promise<void> }> {
  const { folder, remove } = await buildFolder('upgrade');
  await writeFile(path.join(folder, 'Original.tsx'), ORIGINAL);
  await writeFile(path.join(folder, 'Chat.tsx'), upgraded());
  return { folder, remove };
}

/** The React type packages that the compiler is run with. */
export const REACT_TYPES: Record<string, string> = {
  18: path.join(PACKAGES, '@types/react'),
  19: path.join(CLIENTS, 'node_modules/@types/react'),
};

/** Our types as people get them, in a folder of this one. */
export async function declareOurs(folder: string): Promise<void> {
  const project = path.join(CLIENTS, 'react/tsconfig.build.json');
  const said = await tsc(['-p', project, '--outDir', path.join(folder, 'ours')], folder);
  if (said) throw new Error(said);
}

/** The errors of the compiler in strict mode, with the source line in place of its number, which an upgrade moves. */
export async function faults(folder: string, files: string[], react: string): Promise<string[]> {
  const compilerOptions = {
    ...{ target: 'ES2023', lib: ['ES2023', 'DOM', 'DOM.Iterable'], types: ['node'] },
    ...{ module: 'ESNext', moduleResolution: 'Bundler', jsx: 'react-jsx', noEmit: true },
    ...{ strict: true, skipLibCheck: true, esModuleInterop: true },
    paths: {
      '@chatoxide/react': ['./ours/index.d.ts'],
      react: [react],
      'react/jsx-runtime': [path.join(react, 'jsx-runtime')],
    },
  };
  await writeFile(path.join(folder, 'tsconfig.json'), JSON.stringify({ compilerOptions, files }));
  const said = (await tsc([], folder)).split('\n').filter((line) => /\berror TS\d+/.test(line));
  return said.map((fault) => {
    const [, file, line, why] = /^(\w+\.tsx?)\((\d+),\d+\): (.*)$/.exec(fault) ?? [];
    if (!file) throw new Error(fault);
    const text = readFileSync(path.join(folder, file), 'utf8').split('\n')[Number(line) - 1];
    return `${text.trim()} => ${why}`;
  });
}

/** Runs `tsc` and returns its output. */
function tsc(options: string[], cwd: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const program = path.join(PACKAGES, '.bin/tsc');
    execFile(program, ['--pretty', 'false', ...options], { cwd }, (error, stdout, stderr) => {
      if (error && !/\berror TS\d+/.test(stdout)) reject(new Error(`${error.message}\n${stderr}`));
      else resolve(stdout);
    });
  });
}
