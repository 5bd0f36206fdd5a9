// The server under test: the built binary as a process of its own, on a port that the system chose.
import { execFile, spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { createDatabase, type Backend, type Database, required } from './databases';
import { SECRET } from './tokens';

const START_TIMEOUT = 20_000;
const STOP_TIMEOUT = 15_000;
const LOG_LINES = 60;

const running = new Set<ChildProcess>();
process.on('exit', () => running.forEach((child) => child.kill('SIGKILL')));

export class Server {
  private child: ChildProcess | undefined;
  private log: string[] = [];
  private port = 0;
  /** Told of everything that the server logs, as it comes. */
  onLog: (text: string) => void = () => {};
  /** Where it runs: a server without settings keeps its data there. */
  private readonly folder = mkdtempSync(path.join(tmpdir(), 'chatoxide-server-'));

  constructor(
    readonly database: Database,
    private readonly settings: Record<string, string> = {},
  ) {}

  /** A server on a fresh database. */
  static async start(backend: Backend, settings: Record<string, string> = {}): Promise<Server> {
    const server = new Server(await createDatabase(backend), settings);
    await server.migrate();
    await server.start();
    return server;
  }

  get url(): string {
    return `http://127.0.0.1:${this.port}`;
  }

  /** The last lines that the server logged. */
  get lastLog(): string {
    return this.log.join('\n');
  }

  private get env(): Record<string, string> {
    // Nothing of this process's environment but what a program needs to run.
    const inherited = ['PATH', 'HOME', 'TMPDIR'].map((name) => [name, process.env[name] ?? '']);
    return {
      ...(Object.fromEntries(inherited) as Record<string, string>),
      HOST: '127.0.0.1',
      PORT: String(this.port),
      JWT_SECRET: SECRET,
      RUST_LOG: 'info',
      ...this.database.env,
      ...this.settings,
    };
  }

  /** Creates the tables, as `chatoxide migrate` does, with more arguments. */
  async migrate(...more: string[]): Promise<void> {
    const options = { env: this.env, cwd: this.folder };
    await promisify(execFile)(required('CHATOXIDE_BIN'), ['migrate', ...more], options);
  }

  /** Resolves when the server logs a line that contains this text. */
  logged(text: string): Promise<void> {
    return new Promise((resolve) => {
      const look = () => {
        if (this.lastLog.includes(text)) resolve();
      };
      this.onLog = look;
      look();
    });
  }

  /** Starts the process and waits until it listens; a second start takes the same port. */
  async start(): Promise<void> {
    const child = spawn(required('CHATOXIDE_BIN'), [], {
      env: this.env,
      cwd: this.folder,
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    this.child = child;
    running.add(child);
    child.once('exit', () => running.delete(child));
    child.stderr?.setEncoding('utf8').on('data', (text: string) => this.remember(text));
    this.port = await this.listening(child);
  }

  private listening(child: ChildProcess): Promise<number> {
    return new Promise((resolve, reject) => {
      const fail = (why: string) => {
        clearTimeout(timer);
        reject(new Error(`the server ${why}\n${this.lastLog}`));
      };
      const timer = setTimeout(() => fail('did not say where it listens'), START_TIMEOUT);
      let printed = '';
      child.once('error', (error) => fail(error.message));
      child.once('exit', (code, signal) => fail(`ended with ${code ?? signal} before it listened`));
      child.stdout?.setEncoding('utf8').on('data', (text: string) => {
        printed += text;
        const port = /http:\/\/127\.0\.0\.1:(\d+)/.exec(printed)?.[1];
        if (!port) return;
        clearTimeout(timer);
        resolve(Number(port));
      });
    });
  }

  private remember(text: string): void {
    this.log.push(...text.trimEnd().split('\n'));
    this.log = this.log.slice(-LOG_LINES);
    this.onLog(text);
  }

  /** Asks the process to end by a signal; resolves with its exit code once it has. */
  async stop(signal: NodeJS.Signals = 'SIGTERM'): Promise<number | null> {
    const child = this.child;
    if (!child) return 0;
    this.child = undefined;
    if (child.exitCode !== null) return child.exitCode;
    const ended = once(child, 'exit') as Promise<[number | null]>;
    child.kill(signal);
    const timer = setTimeout(() => child.kill('SIGKILL'), STOP_TIMEOUT);
    const [code] = await ended;
    clearTimeout(timer);
    return code;
  }

  /** Ends the server and removes its database and folder; a server that does not end well is a failure. */
  async remove(): Promise<void> {
    const code = await this.stop();
    await this.database.drop();
    await rm(this.folder, { recursive: true });
    if (code !== 0) throw new Error(`the server ended with ${code}\n${this.lastLog}`);
  }
}
