// The manifests name one repository, and no document advertises a package that is not published.
import { readFileSync, readdirSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';

const ROOT = path.resolve(import.meta.dirname, '../../..');
const REPOSITORY = 'https://github.com/chatoxide/chatoxide';
const read = (file: string) => readFileSync(path.join(ROOT, file), 'utf8');
/** Folders that are made: packages, builds, and what tests leave. */
const MADE = /^(node_modules|target|dist|artifacts|data|generated|\.(git|venv|next|.*_cache))$/;

/** The files of the project, below the folder, whose paths match. */
const list = (pattern: RegExp, folder = ''): string[] =>
  readdirSync(path.join(ROOT, folder), { withFileTypes: true }).flatMap((entry) => {
    const file = path.posix.join(folder, entry.name);
    if (entry.isDirectory()) return MADE.test(entry.name) ? [] : list(pattern, file);
    return entry.isFile() && pattern.test(file) ? [file] : [];
  });

/** The private packages of tests, benchmarks and examples, which nobody installs. */
const PRIVATE = /^(tests|benches\/node|examples)\//;
const manifests = list(/(^|\/)(Cargo\.toml|package\.json|pyproject\.toml)$/).filter(
  (file) => !PRIVATE.test(file),
);

test('each manifest names the repository', () => {
  expect(manifests).toEqual(
    expect.arrayContaining(['Cargo.toml', 'clients/react/package.json', 'clients/python/pyproject.toml']),
  );
  const named = manifests.map((file) => [
    file,
    /"?(?:repository|url|Homepage)"?\s*[:=]\s*"(?:git\+)?(https:[^"]*?)(?:\.git)?"/.exec(read(file))?.[1],
  ]);
  expect(named).toEqual(manifests.map((file) => [file, REPOSITORY]));
});

test('every address of GitHub in the project is one of its repository', () => {
  const files = [...manifests, ...list(/\.md$|^\.github\//)];
  const others = files.flatMap((file) =>
    [...read(file).matchAll(/https:\/\/github\.com\/chatoxide[^\s"')>]*/g)]
      .map(([url]) => url)
      .filter(
        (url) =>
          url !== REPOSITORY && !/^[/#]/.test(url.slice(REPOSITORY.length)) && url !== `${REPOSITORY}.git`,
      )
      .map((url) => `${file}: ${url}`),
  );
  expect(others).toEqual([]);
});

/** Commands that fetch one of our names from a registry. A path, such as ./clients/python, is no such name. */
const FETCHES = new RegExp(
  [
    /\b(?:npm (?:install|i|add)|pnpm add|yarn add|npx|bunx)\b[^\n`]*\s@chatoxide\//,
    /\b(?:pip3?|uv|pipx)\b[^\n`]* (?:install|add)\s+(?:-\S+\s+)*["']?chatoxide\b/,
    /\bcargo (?:install|add)\s+(?:-\S+\s+)*chatoxide\b/,
    /\bdocker (?:pull|run)\b[^\n`]*\bchatoxide\//,
    /\b(?:unpkg\.com|jsdelivr\.net\/npm|esm\.sh)\/@chatoxide\//,
  ]
    .map(({ source }) => source)
    .join('|'),
);

test('no document shows a package that is not published', () => {
  const documents = list(/\.md$|^(examples|clients\/web\/src|src|\.github\/ISSUE_TEMPLATE)\//);
  const advertised = documents.flatMap((file) =>
    read(file)
      .split('\n')
      .flatMap((line, index) => (FETCHES.test(line) ? [`${file}:${index + 1}: ${line.trim()}`] : [])),
  );
  expect(advertised).toEqual([]);
  for (const command of [
    'npm install @chatoxide/react',
    'pip install chatoxide',
    'uv pip install chatoxide',
    'cargo install chatoxide',
    'cargo install --locked chatoxide',
    'docker pull ghcr.io/chatoxide/chatoxide',
    'npm i --save @chatoxide/react',
  ])
    expect(command).toMatch(FETCHES);
  for (const command of [
    'pip install ./clients/python',
    'npm install path/to/chatoxide-react-0.1.0.tgz',
    'docker exec CONTAINER chatoxide token',
  ])
    expect(command).not.toMatch(FETCHES);
});
