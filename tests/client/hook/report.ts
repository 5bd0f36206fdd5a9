// Tells people how the checks of a hook went: a line for each, and what was seen where one failed. At the end it removes
// what they made, or names it.
import { spawnSync } from 'node:child_process';
import path from 'node:path';
import { stripVTControlCharacters } from 'node:util';
import type { Reporter, TestCase, TestModule } from 'vitest/node';

export default class Report implements Reporter {
  private readonly count = { passed: 0, failed: 0, skipped: 0 };
  private hasBegun = false;

  /** `run` is how the names of all that the checks make on the server begin; `database` has the rows of it, if given. */
  constructor(private readonly options: { run: string; database?: string }) {}

  onTestCaseReady(test: TestCase): void {
    if (this.hasBegun || test.options.mode === 'skip') return;
    this.hasBegun = true;
    // However it ends, an interruption included.
    process.once('exit', () => this.leave());
  }

  private leave(): void {
    const { run, database } = this.options;
    if (database === undefined) return print(stays(run));
    // A process that ends can wait for another, and for nothing else.
    const program = path.resolve(import.meta.dirname, 'remove.js');
    const { status, stderr } = spawnSync(process.execPath, [program, run], {
      env: { ...process.env, DATABASE: database },
      encoding: 'utf8',
    });
    if (status === 0)
      return print(`What the checks made was removed: users ${run}-…, and rooms named ${run}`);
    if (status === 3)
      return print(`The database that was given is not the server's: it has no ${run}-…\n${stays(run)}`);
    print(`What the checks made could not be removed (${stderr.trim()})\n${stays(run)}`);
    process.exitCode = 1;
  }

  onTestCaseResult(test: TestCase): void {
    const result = test.result();
    if (result.state === 'pending') return;
    // Left out by --only.
    if (result.state === 'skipped' && result.note === undefined) return;
    this.count[result.state] += 1;
    if (result.state === 'passed') print(`✓ ${test.name}`);
    if (result.state === 'skipped') print(`– ${test.name}\n    not run: ${result.note}`);
    if (result.state === 'failed') print(`✗ ${test.name}\n${indented(result.errors.map(said).join('\n'))}`);
  }

  onTestRunEnd(modules: readonly TestModule[], errors: readonly unknown[]): void {
    const broken = modules.flatMap((module) => module.errors());
    for (const error of [...broken, ...(errors as typeof broken)]) print(`✗ ${said(error)}`);
    const { passed, failed, skipped } = this.count;
    if (passed + failed + skipped > 0) print(`\n${passed} passed, ${failed} failed, ${skipped} not run`);
  }

  onUserConsoleLog({ content, type }: { content: string; type: string }): void {
    if (type === 'stdout') process.stdout.write(shown(content));
  }
}

function stays(run: string): string {
  return (
    `What the checks made stays on the server: users ${run}-…, their messages, and rooms named ${run} ` +
    '(docs/migrating-from-node.md has the SQL that removes them)'
  );
}

function print(text: string): void {
  console.log(shown(text));
}

/** The text with colours on a terminal only. Several libraries colour what they say without a look at where it goes. */
function shown(text: string): string {
  const isColoured = process.stdout.isTTY && process.stdout.hasColors();
  return isColoured ? text : stripVTControlCharacters(text);
}

function said({ message, diff }: { message: string; diff?: string }): string {
  // After the first paragraph comes the page, as the library that waits for it prints it.
  const [reason] = message.split('\n\nIgnored nodes:');
  return diff ? `${reason}\n${diff}` : reason;
}

function indented(text: string): string {
  return text.replaceAll(/^(?=.)/gm, '    ');
}
