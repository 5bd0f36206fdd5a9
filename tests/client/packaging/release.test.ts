// The scripts of release/, run dry: a small file stands in for the binary, and nothing is published.
import { execFile } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { afterEach, beforeEach, expect, test } from 'vitest';

const ROOT = path.resolve(import.meta.dirname, '../../..');
const read = (file: string) => readFileSync(path.join(ROOT, file), 'utf8');
const VERSION = /^version = "(.*)"$/m.exec(read('Cargo.toml'))?.[1] ?? '';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'chatoxide-release-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

/** The time of the files in an archive, in seconds. */
const TIME = 1_800_000_000;
const env = { ...process.env, SOURCE_DATE_EPOCH: `${TIME}` };
const run = (program: string, options: string[], cwd = ROOT) =>
  promisify(execFile)(program, options, { cwd, env });
const release = (script: string, ...options: string[]) => run(path.join(ROOT, 'release', script), options);
const put = (file: string, text: string) => {
  mkdirSync(path.dirname(path.join(folder, file)), { recursive: true });
  writeFileSync(path.join(folder, file), text);
};
/** The script in a copy of the project that has only these files. */
async function inCopy(script: string, files: Record<string, string>, ...options: string[]) {
  for (const [file, text] of Object.entries({ ...files, [`release/${script}`]: read(`release/${script}`) }))
    put(file, text);
  return run('bash', [path.join(folder, 'release', script), ...options], folder);
}

test('a tag is the version of every manifest', async () => {
  await release('check-version', `v${VERSION}`);
  await expect(release('check-version', 'v9.9.9')).rejects.toThrow(
    /Cargo\.toml[^]*clients\/react\/package\.json[^]*clients\/web\/package\.json[^]*clients\/python\/pyproject\.toml/,
  );
  const manifests = [
    'Cargo.toml',
    'clients/react/package.json',
    'clients/web/package.json',
    'clients/python/pyproject.toml',
  ];
  const files = Object.fromEntries(manifests.map((file) => [file, read(file)]));
  files['clients/web/package.json'] = (files['clients/web/package.json'] ?? '').replace(
    `"${VERSION}"`,
    '"0.0.9"',
  );
  await expect(inCopy('check-version', files, `v${VERSION}`)).rejects.toThrow(
    /web\/package\.json has version '0\.0\.9'/,
  );
});

test('the notes are the section of the version, and a version without one is refused', async () => {
  const files = {
    'CHANGELOG.md':
      '# Changelog\n\n## [Unreleased]\n\n- new\n\n## [0.2.0] - 2030-01-01\n\n### Added\n\n- this\n\n## [0.1.0]\n\n## [0.0.1]\n\n- old\n',
  };
  const { stdout } = await inCopy('notes', files, 'v0.2.0');
  expect(stdout.trim()).toBe('### Added\n\n- this');
  for (const tag of ['v0.1.0', 'v0.2', 'v3.0.0'])
    await expect(inCopy('notes', files, tag)).rejects.toThrow(/CHANGELOG\.md has no section/);
});

test('the archive has the binary, the licence and the settings, and is the same when made again', async () => {
  put('binary', '#!/bin/sh\necho started\n');
  const archive = () => release('archive', path.join(folder, 'binary'), 'v1.2.3', path.join(folder, 'dist'));
  const output = (await archive()).stdout.trim();
  const { stdout: machine } = await run('uname', ['-m']);
  expect(path.basename(output)).toBe(`chatoxide-v1.2.3-${machine.trim()}-linux.tar.gz`);
  const first = readFileSync(output);
  await archive();
  expect(readFileSync(output).equals(first)).toBe(true);
  const { stdout: listed } = await run('tar', ['-tvzf', output, '--full-time', '--utc']);
  const times = listed
    .match(/\d{4}-\d\d-\d\d \d\d:\d\d:\d\d/g)
    ?.map((time) => Date.parse(`${time.replace(' ', 'T')}Z`));
  expect(new Set(times)).toEqual(new Set([TIME * 1000]));

  await run('tar', ['-xzf', output, '-C', folder]);
  const unpacked = path.join(folder, path.basename(output, '.tar.gz'));
  expect(readdirSync(unpacked).sort()).toEqual([
    '.env.sample',
    'CHANGELOG.md',
    'LICENSE',
    'README.md',
    'chatoxide',
  ]);
  expect((await run(path.join(unpacked, 'chatoxide'), [])).stdout).toBe('started\n');
});

test('the checksums are those of every file, by its name alone', async () => {
  put('b.tar.gz', 'b');
  put('npm/a.tgz', 'a');
  put('python/c 1.whl', 'c');
  await release('checksums', folder);
  await release('checksums', folder);
  const lines = readFileSync(path.join(folder, 'SHA256SUMS'), 'utf8').trimEnd().split('\n');
  expect(lines.map((line) => line.slice(66))).toEqual(['a.tgz', 'b.tar.gz', 'c 1.whl']);
  // As somebody has them who has downloaded all into one folder.
  put('flat/a.tgz', 'a');
  put('flat/b.tar.gz', 'b');
  put('flat/c 1.whl', 'c');
  await run('sha256sum', ['--check', '--strict', path.join(folder, 'SHA256SUMS')], path.join(folder, 'flat'));
  put('flat/a.tgz', 'another');
  await expect(run('sha256sum', ['--check', '../SHA256SUMS'], path.join(folder, 'flat'))).rejects.toThrow();
});

test('a release without files, or with two of one name, is refused', async () => {
  await expect(release('checksums', folder)).rejects.toThrow(/there is no file/);
  put('npm/a', '1');
  put('python/a', '2');
  await expect(release('checksums', folder)).rejects.toThrow(/more than one file is named a/);
});
