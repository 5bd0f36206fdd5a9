// The files of .github are what GitHub reads: valid YAML, with the keys that forms and workflows need; and the steps
// that they run are there.
import { existsSync, readFileSync, readdirSync, statSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { parseDocument } from 'yaml';
import { SCREENS } from '../browser/pages';

const ROOT = path.resolve(import.meta.dirname, '../../..');
const read = (file: string) => readFileSync(path.join(ROOT, file), 'utf8');

function parsed<T>(file: string): T {
  const document = parseDocument(read(file), { uniqueKeys: true, strict: true });
  expect([...document.errors, ...document.warnings]).toEqual([]);
  return document.toJS() as T;
}

interface Step {
  uses?: string;
  run?: string;
  if?: string;
  with?: Record<string, string>;
}
interface Job {
  'runs-on': string;
  needs?: string | string[];
  permissions?: Record<string, string>;
  strategy?: { matrix: { include: Record<string, string>[] } };
  steps: Step[];
}
interface Workflow {
  on: Record<string, unknown>;
  permissions: Record<string, string>;
  jobs: Record<string, Job>;
}

const workflows = readdirSync(path.join(ROOT, '.github/workflows')).map(
  (name) => `.github/workflows/${name}`,
);
const TARGETS = new Set(
  [...read('Makefile').matchAll(/^([a-z][a-z -]*):/gm)].flatMap(([, names = '']) => names.split(' ')),
);
const needsOf = ({ needs = [] }: Job) => [needs].flat();

describe.each(workflows)('%s', (file) => {
  test('has jobs whose steps use an action of a version, or run a target or script that is there', () => {
    const { permissions, jobs } = parsed<Workflow>(file);
    expect(permissions).toEqual({ contents: 'read' });
    for (const [name, job] of Object.entries(jobs)) {
      expect(job['runs-on'], name).toBeTruthy();
      expect(Object.keys(jobs), name).toEqual(expect.arrayContaining(needsOf(job)));
      for (const { uses, run } of job.steps) {
        expect([uses, run].filter(Boolean), name).toHaveLength(1);
        if (uses) expect(uses).toMatch(/^[\w-]+\/[\w-]+@(v\d+|release\/v\d+)$/);
        for (const [, target = ''] of run?.matchAll(/^make ([a-z-]+)/gm) ?? [])
          expect(TARGETS).toContain(target);
        for (const [script] of run?.matchAll(/^release\/[\w-]+/gm) ?? []) {
          expect(existsSync(path.join(ROOT, script)), script).toBe(true);
          expect(statSync(path.join(ROOT, script)).mode & 0o111, script).toBe(0o111);
        }
      }
    }
  });
});

test('CI runs `make test` for each change, with what was built before', () => {
  const { on, jobs } = parsed<Workflow>('.github/workflows/ci.yml');
  expect(Object.keys(on)).toEqual(['push', 'pull_request']);
  const steps = jobs.test?.steps ?? [];
  expect(steps.map(({ run }) => run)).toContain('make test');
  expect(steps.map(({ uses }) => uses)).toContain('actions/cache@v4');
});

test('CI keeps the pictures of the page, also of a run that fails', () => {
  const { jobs } = parsed<Workflow>('.github/workflows/ci.yml');
  const upload = jobs.test?.steps.at(-1);
  expect(upload).toMatchObject({ uses: 'actions/upload-artifact@v4', if: 'always()' });
  expect(upload?.with?.path).toBe(path.relative(ROOT, SCREENS));
});

test('a release publishes nothing before all of it is built', () => {
  const { on, jobs } = parsed<Workflow>('.github/workflows/release.yml');
  expect(on).toEqual({ push: { tags: ['v*'] } });
  const { publish, ...others } = jobs;
  const publishing = /npm publish|gh-action-pypi-publish|gh release create|imagetools create/;
  const texts = (job: Job) => job.steps.map(({ uses = '', run = '' }) => uses + run).join('\n');
  for (const [name, job] of Object.entries(others)) expect(texts(job), name).not.toMatch(publishing);
  expect(new Set(needsOf(publish))).toEqual(new Set(Object.keys(others).filter((name) => name !== 'check')));
  for (const name of needsOf(publish)) expect(needsOf(jobs[name]), name).toEqual(['check']);
});

test('a release is built for both machines, and every script of release/ is a step of it', () => {
  const { jobs } = parsed<Workflow>('.github/workflows/release.yml');
  const matrix = (name: string, key: string) => jobs[name]?.strategy?.matrix.include.map((row) => row[key]);
  expect(matrix('binaries', 'machine')).toEqual(['x86_64', 'aarch64']);
  expect(matrix('image', 'platform')).toEqual(['amd64', 'arm64']);
  const runs = Object.values(jobs).flatMap(({ steps }) => steps.map(({ run = '' }) => run));
  for (const script of readdirSync(path.join(ROOT, 'release')))
    expect(runs.filter((run) => run.startsWith(`release/${script} `)).length, script).toBeGreaterThan(0);
});

interface Form {
  name: string;
  description: string;
  body: { type: string; id?: string; attributes: { label?: string; value?: string } }[];
}

test.each(['bug', 'feature'])('the form %s has fields with an id and a label, and a required one', (name) => {
  const form = parsed<Form>(`.github/ISSUE_TEMPLATE/${name}.yml`);
  expect([form.name, form.description].every(Boolean)).toBe(true);
  const fields = form.body.filter(({ type }) => type !== 'markdown');
  for (const { type, id, attributes } of fields) {
    expect(['input', 'textarea', 'dropdown']).toContain(type);
    expect([id, attributes.label].every(Boolean)).toBe(true);
  }
  expect(new Set(fields.map(({ id }) => id)).size).toBe(fields.length);
  expect(form.body).toContainEqual(expect.objectContaining({ validations: { required: true } }));
});

test('the page of a new issue points to files and headings of the repository', () => {
  const { contact_links: links } = parsed<{ contact_links: { url: string }[] }>(
    '.github/ISSUE_TEMPLATE/config.yml',
  );
  const urls = links.map(({ url }) => url.replace('https://github.com/chatoxide/chatoxide', ''));
  expect(urls).toEqual(['/blob/main/SECURITY.md', '#documentation']);
  expect(read('SECURITY.md')).toContain('/security/advisories/new)');
  expect(read('README.md')).toContain('\n## Documentation\n');
});
