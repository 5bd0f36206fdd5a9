// The programs in the READMEs and in docs/ are files of examples/, and the examples name the versions that they are tried with.
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';
import { EXAMPLES, packagesOf } from './app';

const ROOT = path.dirname(EXAMPLES);
const READMES = [
  ...['README.md', 'clients/react/README.md', 'clients/python/README.md', 'examples/README.md'],
  ...readdirSync(path.join(ROOT, 'docs'))
    .filter((file) => file.endsWith('.md'))
    .map((file) => `docs/${file}`),
];
/** In these a block is a program. */
const LANGUAGES = /^(html|jsx?|tsx?|py|python)$/;
const BLOCK = /^(?:<!-- (examples\/\S+) -->\n+)?```(\w+)\n([^]*?)^```$/gm;

const blocksOf = (readme: string) =>
  [...readFileSync(path.join(ROOT, readme), 'utf8').matchAll(BLOCK)].map(
    ([, file, language = '', code = '']) => ({ readme, file, language, code }),
  );
const programs = READMES.flatMap(blocksOf).filter(({ language }) => LANGUAGES.test(language));

test.each(programs.map((program) => [`${program.readme}: ${program.file}`, program] as const))(
  '%s is the file of the examples',
  (_, { file, code }) => {
    expect(file, `a program that is no file of the examples:\n${code}`).toBeDefined();
    expect(code).toBe(readFileSync(path.join(ROOT, file ?? ''), 'utf8'));
  },
);

test('the READMEs and docs/ show the examples of each kind', () => {
  const files = programs.map(({ file }) => file);
  for (const file of [
    'html/index.html',
    'vite/src/Page.tsx',
    'vite/src/Page.test.tsx',
    'nextjs/app/page.tsx',
    'node-bot/bot.js',
    'node-socket/hello.js',
    'node-socket/call.js',
    'node-sign-in/server.js',
    'python-bot/bot.py',
  ])
    expect(files).toContain(`examples/${file}`);
});

test('the examples name the versions with which they are tried', () => {
  const tried = packagesOf(path.join(ROOT, 'tests/apps'));
  const folders = readdirSync(EXAMPLES, { recursive: true, encoding: 'utf8' })
    .filter((file) => path.basename(file) === 'package.json' && !file.includes('node_modules'))
    .map((file) => path.join(EXAMPLES, path.dirname(file)))
    .filter((folder) => Object.keys(packagesOf(folder)).length > 0);
  expect(folders).toHaveLength(4);
  const { version } = JSON.parse(readFileSync(path.join(ROOT, 'clients/react/package.json'), 'utf8')) as {
    version: string;
  };
  for (const folder of folders) {
    const { '@chatoxide/react': ours, ...others } = packagesOf(folder);
    if (ours !== undefined) expect(ours).toBe(`file:../chatoxide-react-${version}.tgz`);
    for (const [name, named] of Object.entries(others)) expect([name, named]).toEqual([name, tried[name]]);
  }
});
