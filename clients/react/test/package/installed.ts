// The package as people get it: built, packed, and unpacked in a folder outside of this repository, beside copies of the
// packages that it needs. Nothing is fetched, and nothing is found that was not put there.
import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { cp, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';

const PACKAGE = path.resolve(import.meta.dirname, '../..');
const CLIENTS = path.dirname(PACKAGE);
/** So long a program may run, in milliseconds. One that does not end by itself fails. */
const PATIENCE = 30_000;

/** By the name under which it is installed: what it is called in `clients/package.json`. */
export type Packages = Record<string, string>;

export interface Output {
  stdout: string;
  stderr: string;
}

function run(program: string, options: string[], cwd: string): Promise<Output> {
  return promisify(execFile)(program, options, { cwd, timeout: PATIENCE }).catch(
    (error: Error & Partial<Output> & { killed?: boolean }) => {
      const why = error.killed ? 'did not end by itself' : 'failed';
      throw new Error(`${program} ${why}\n${error.stdout ?? ''}${error.stderr ?? ''}`);
    },
  );
}

const tool = (name: string, options: string[], cwd: string) =>
  run(path.join(CLIENTS, 'node_modules/.bin', name), options, cwd);

const temporary = () => mkdtemp(path.join(tmpdir(), 'chatoxide-package-'));

/** Builds and packs it, apart from what others have built in `dist`. */
export async function pack(): Promise<{ tarball: string; remove: () => Promise<void> }> {
  const folder = await temporary();
  const dist = path.join(folder, 'dist');
  await Promise.all(
    ['package.json', 'README.md'].map((name) => cp(path.join(PACKAGE, name), path.join(folder, name))),
  );
  await tool('vite', ['build', '--outDir', dist, '--logLevel', 'error'], PACKAGE);
  await tool('tsc', ['-p', 'tsconfig.build.json', '--outDir', dist], PACKAGE);
  const { stdout } = await run('npm', ['pack', '--silent'], folder);
  return {
    tarball: path.join(folder, stdout.trim()),
    remove: () => rm(folder, { recursive: true }),
  };
}

/** A folder of somebody who has installed the package. */
export class User {
  private constructor(readonly folder: string) {}

  static async install(tarball: string, packages: Packages): Promise<User> {
    const user = new User(await temporary());
    const own = user.packageFolder('@chatoxide/react');
    await mkdir(own, { recursive: true });
    await run('tar', ['-xzf', tarball, '--strip-components', '1'], own);
    await user.write('package.json', '{ "type": "module" }');
    const { dependencies } = await manifest(own);
    for (const name of Object.keys(dependencies)) await user.copy(name, name, CLIENTS);
    for (const [name, called] of Object.entries(packages)) await user.copy(name, called, CLIENTS);
    return user;
  }

  private packageFolder(name: string): string {
    return path.join(this.folder, 'node_modules', name);
  }

  /** With what it needs itself, as found from where it was. */
  private async copy(name: string, called: string, from: string): Promise<void> {
    const source = find(called, from);
    const target = this.packageFolder(name);
    const { version, dependencies } = await manifest(source);
    if (existsSync(target)) {
      const { version: other } = await manifest(target);
      if (version !== other) throw new Error(`${name} is wanted in ${version} and in ${other}`);
      return;
    }
    const isOwn = (file: string) => !path.relative(source, file).split(path.sep).includes('node_modules');
    await cp(source, target, { recursive: true, filter: isOwn });
    for (const dependency of Object.keys(dependencies)) await this.copy(dependency, dependency, source);
  }

  write(file: string, text: string): Promise<void> {
    return writeFile(path.join(this.folder, file), text);
  }

  /** A file of the package. */
  read(file: string): Promise<string> {
    return readFile(path.join(this.packageFolder('@chatoxide/react'), file), 'utf8');
  }

  /** Runs a module; what it says. */
  node(source: string, ...options: string[]): Promise<Output> {
    return run(process.execPath, ['--input-type=module', '-e', source, ...options], this.folder);
  }

  tsc(...options: string[]): Promise<Output> {
    return tool('tsc', options, this.folder);
  }

  remove(): Promise<void> {
    return rm(this.folder, { recursive: true });
  }
}

function find(name: string, from: string): string {
  const folder = path.join(from, 'node_modules', name);
  if (existsSync(folder)) return folder;
  if (from === CLIENTS) throw new Error(`${name} is not installed`);
  return find(name, path.dirname(from));
}

async function manifest(folder: string): Promise<{ version: string; dependencies: Record<string, string> }> {
  const text = await readFile(path.join(folder, 'package.json'), 'utf8');
  return { dependencies: {}, ...(JSON.parse(text) as { version: string }) };
}
