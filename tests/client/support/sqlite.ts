// A `sqlite3` that stays open beside the server, as another program would: to start one for each statement takes longer than
// most statements do.
import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import { once } from 'node:events';

/** The line that the shell prints after the rows. Rows are JSON, whose lines begin otherwise. */
const DONE = 'done';

export class SqliteShell {
  private child: ChildProcessWithoutNullStreams | undefined;
  private last: Promise<unknown> = Promise.resolve();

  constructor(private readonly file: string) {}

  /** Runs statements after those that came before; resolves with the rows as JSON text. It ends at the first error. */
  run(statements: string): Promise<string> {
    const turn = this.last.then(() => this.ask(statements));
    this.last = turn.catch(() => {});
    return turn;
  }

  async close(): Promise<void> {
    await this.last;
    const child = this.child;
    if (!child) return;
    const ended = once(child, 'close');
    child.stdin.end();
    await ended;
  }

  private ask(statements: string): Promise<string> {
    const child = (this.child ??= this.open());
    return new Promise((resolve, reject) => {
      let rows = '';
      let faults = '';
      const hear = (text: string) => {
        rows += text;
        if (rows === `${DONE}\n` || rows.endsWith(`\n${DONE}\n`)) {
          settle();
          resolve(rows.slice(0, -DONE.length - 1));
        }
      };
      const complain = (text: string) => void (faults += text);
      const fail = () => {
        settle();
        this.child = undefined;
        reject(new Error(`sqlite3 refused it: ${faults.trim()}\n${statements}`));
      };
      const settle = () => {
        child.stdout.off('data', hear);
        child.stderr.off('data', complain);
        child.off('close', fail);
      };
      child.stdout.on('data', hear);
      child.stderr.on('data', complain);
      child.on('close', fail);
      child.stdin.write(`${statements};\n.print ${DONE}\n`);
    });
  }

  private open(): ChildProcessWithoutNullStreams {
    const child = spawn('sqlite3', ['-bail', '-batch', '-json', '-cmd', '.timeout 5000', this.file]);
    child.stdout.setEncoding('utf8');
    child.stderr.setEncoding('utf8');
    // Where it is not installed, or has just ended, `close` follows.
    child.on('error', () => {});
    child.stdin.on('error', () => {});
    return child;
  }
}
