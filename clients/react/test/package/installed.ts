// The package as people get it: packed in a clean clone, and unpacked in a folder outside of this repository, beside the
// packages that it needs. Nothing is fetched, and nothing is found that was not put there. `installByNpm` is how npm does it.
import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { cp, mkdir, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';

const PACKAGE = path.resolve(import.meta.dirname, '../..');
export const CLIENTS = path.dirname(PACKAGE);
/** Packages of apps that use ours, as tests/apps/package-lock.json has them. */
const APPS = path.resolve(CLIENTS, '../tests/apps');
/** So long a program may run, in milliseconds. One that does not end by itself fails. */
const PATIENCE = 120_000;

const PACKAGE_NAME = '@chatoxide/react';

/** By the name under which it is installed: what it is called in `clients/package.json`. */
export type Packages = Record<string, string>;

export interface Output {
  stdout: string;
  stderr: string;
}

function run(program: string, options: string[], cwd: string, env = process.env): Promise<Output> {
  return promisify(execFile)(program, options, { cwd, env, timeout: PATIENCE }).catch(
    (error: Error & Partial<Output> & { killed?: boolean }) => {
      const why = error.killed ? 'did not end by itself' : 'failed';
      throw new Error(`${program} ${why}\n${error.stdout ?? ''}${error.stderr ?? ''}`);
    },
  );
}

const tool = (name: string, options: string[], cwd: string) =>
  run(path.join(CLIENTS, 'node_modules/.bin', name), options, cwd);

const temporary = () => mkdtemp(path.join(tmpdir(), 'chatoxide-package-'));

/** The clients as a clone has them, with their packages installed and nothing built. */
async function clone(): Promise<string> {
  const folder = path.join(await temporary(), 'clients');
  const isBuilt = (name: string) => /^(node_modules|dist|python|\..*cache)$|\.tgz$/.test(name);
  const isCloned = (file: string) => !path.relative(CLIENTS, file).split(path.sep).some(isBuilt);
  await cp(CLIENTS, folder, { recursive: true, filter: isCloned });
  await symlink(path.join(CLIENTS, 'node_modules'), path.join(folder, 'node_modules'));
  return folder;
}

/** The environment without the settings of the npm that runs these tests. */
function ofShell(): NodeJS.ProcessEnv {
  return Object.fromEntries(Object.entries(process.env).filter(([name]) => !/^npm_/i.test(name)));
}

/** `npm pack` in a clean clone. */
export async function pack(): Promise<{ tarball: string; remove: () => Promise<void> }> {
  const clients = await clone();
  const { stdout } = await run('npm', ['pack', '--silent'], path.join(clients, 'react'), ofShell());
  return {
    tarball: path.join(clients, 'react', stdout.trim()),
    remove: () => rm(path.dirname(clients), { recursive: true }),
  };
}

/** A folder of somebody who has installed the package. */
export class User {
  private constructor(readonly folder: string) {}

  /** Beside copies of packages of `clients`. */
  static async install(tarball: string, packages: Packages): Promise<User> {
    const user = await User.unpack(tarball);
    const { dependencies } = await manifest(user.packageFolder(PACKAGE_NAME));
    for (const name of Object.keys(dependencies)) await user.copy(name, name, CLIENTS);
    for (const [name, called] of Object.entries(packages)) await user.copy(name, called, CLIENTS);
    return user;
  }

  /** Beside the packages of these names in tests/apps, as pnpm installs them: linked. */
  static async installLinked(tarball: string, names: string[], app?: string): Promise<User> {
    const user = await User.unpack(tarball, app);
    const { dependencies } = await manifest(user.packageFolder(PACKAGE_NAME));
    for (const name of [...Object.keys(dependencies), ...names]) {
      const target = user.packageFolder(name);
      await mkdir(path.dirname(target), { recursive: true });
      await symlink(find(name, APPS), target);
    }
    return user;
  }

  /** By npm, from this registry, in an empty folder. */
  static async installByNpm(tarball: string, registry: string, ...names: string[]): Promise<User> {
    const user = new User(await temporary());
    await user.write('package.json', '{ "type": "module" }');
    const options = [
      '--ignore-scripts',
      '--no-audit',
      '--no-fund',
      '--registry',
      registry,
      '--cache',
      'cache',
    ];
    await run('npm', ['install', ...options, tarball, ...names], user.folder, ofShell());
    return user;
  }

  /** In an empty folder, or in a copy of an app's. */
  private static async unpack(tarball: string, app?: string): Promise<User> {
    const user = new User(await temporary());
    if (app)
      await cp(app, user.folder, { recursive: true, filter: (file) => !file.endsWith('node_modules') });
    else await user.write('package.json', '{ "type": "module" }');
    const own = user.packageFolder(PACKAGE_NAME);
    await mkdir(own, { recursive: true });
    await run('tar', ['-xzf', tarball, '--strip-components', '1'], own);
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
    return readFile(path.join(this.packageFolder(PACKAGE_NAME), file), 'utf8');
  }

  /** The packages that npm finds in the folder, as `name@version`. Fails when one is missing, or is not as wanted. */
  async packages(): Promise<string[]> {
    const { stdout } = await run('npm', ['ls', '--all', '--parseable', '--long'], this.folder, ofShell());
    return stdout.split('\n').flatMap((line) => /:(.+@.+)$/.exec(line)?.[1] ?? []);
  }

  /** Runs a module; what it says. */
  node(source: string, ...options: string[]): Promise<Output> {
    return run(process.execPath, [...options, '--input-type=module', '-e', source], this.folder);
  }

  tsc(...options: string[]): Promise<Output> {
    return tool('tsc', options, this.folder);
  }

  /** Runs a tool of tests/apps, such as `next`. */
  tool(name: string, options: string[], env: Record<string, string> = {}): Promise<Output> {
    return run(path.join(APPS, 'node_modules/.bin', name), options, this.folder, { ...process.env, ...env });
  }

  remove(): Promise<void> {
    return rm(this.folder, { recursive: true });
  }
}

export function find(name: string, from: string): string {
  const folder = path.join(from, 'node_modules', name);
  if (existsSync(folder)) return folder;
  if (from === CLIENTS || from === APPS) throw new Error(`${name} is not installed`);
  return find(name, path.dirname(from));
}

export async function manifest(
  folder: string,
): Promise<{ version: string; dependencies: Record<string, string> }> {
  const text = await readFile(path.join(folder, 'package.json'), 'utf8');
  return { dependencies: {}, ...(JSON.parse(text) as { version: string }) };
}
