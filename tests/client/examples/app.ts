// The examples as somebody starts them: a copy elsewhere, with the packed package and the packages that their manifests name.
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { pack, User } from '../../../clients/react/test/package/installed.js';

export { pack, type User };

export const EXAMPLES = path.resolve(import.meta.dirname, '../../../examples');
const OURS = '@chatoxide/react';
/** How long a program may take to say what is waited for, in milliseconds. */
const PATIENCE = 60_000;

interface Manifest {
  dependencies?: Record<string, string>;
  devDependencies?: Record<string, string>;
}

/** The packages that a folder's manifest names, with their versions. */
export function packagesOf(folder: string): Record<string, string> {
  const text = readFileSync(path.join(folder, 'package.json'), 'utf8');
  const { dependencies, devDependencies } = JSON.parse(text) as Manifest;
  return { ...dependencies, ...devDependencies };
}

export function install(tarball: string, example: string): Promise<User> {
  const folder = path.join(EXAMPLES, example);
  const names = Object.keys(packagesOf(folder)).filter((name) => name !== OURS);
  return User.installLinked(tarball, names, folder);
}

const running = new Set<ChildProcess>();
process.on('exit', () => running.forEach((child) => child.kill('SIGKILL')));

/** A program that runs until it is stopped, or until the tests end. */
export class Program {
  private readonly child: ChildProcess;
  /** All that it has said. */
  said = '';
  private looks: (() => void)[] = [];

  constructor(command: string[], cwd: string, env: Record<string, string>) {
    const [file = '', ...options] = command;
    this.child = spawn(file, options, {
      cwd,
      env: { ...process.env, ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    for (const stream of [this.child.stdout, this.child.stderr])
      stream?.setEncoding('utf8').on('data', (text: string) => {
        this.said += text;
        this.looks.forEach((look) => look());
      });
    running.add(this.child);
    this.child.once('exit', () => {
      running.delete(this.child);
      this.looks.forEach((look) => look());
    });
  }

  /** Waits until it has said this; fails when the program ends, or takes too long. */
  says(pattern: RegExp): Promise<RegExpExecArray> {
    return new Promise((resolve, reject) => {
      const fail = (why: string) => {
        clearTimeout(timer);
        reject(new Error(`the program ${why} without saying ${pattern}\n${this.said}`));
      };
      const timer = setTimeout(() => fail('went on'), PATIENCE);
      const look = () => {
        const found = pattern.exec(this.said);
        if (!found) return this.child.exitCode === null ? undefined : fail('ended');
        clearTimeout(timer);
        resolve(found);
      };
      this.looks.push(look);
      look();
    });
  }

  /** The exit code, once it has ended by itself. */
  async ended(): Promise<number | null> {
    if (this.child.exitCode !== null) return this.child.exitCode;
    return ((await once(this.child, 'exit')) as [number | null])[0];
  }

  /** As Ctrl+C does; the exit code. */
  interrupt(): Promise<number | null> {
    const ended = this.ended();
    this.child.kill('SIGINT');
    return ended;
  }
}
