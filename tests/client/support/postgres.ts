// A PostgreSQL of one test's own, which may be stopped, frozen and started again. It listens on a socket in its own folder: a
// port that is free now may be another's when PostgreSQL comes to it.
import { execFile } from 'node:child_process';
import { chown, mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir, userInfo } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { type Database, required, type Row, withPostgres } from './databases';

const run = promisify(execFile);

export class PrivatePostgres {
  private constructor(private readonly folder: string) {}

  static async create(): Promise<PrivatePostgres> {
    const folder = await mkdtemp(path.join(tmpdir(), 'chatoxide-postgres-'));
    await giveToPostgres(folder);
    const postgres = new PrivatePostgres(folder);
    const options = ['--auth=trust', '--encoding=UTF8', '--locale=C.UTF-8', '--no-sync'];
    await program('initdb', '-D', postgres.data, '-U', 'postgres', ...options);
    await postgres.start();
    return postgres;
  }

  private get data(): string {
    return path.join(this.folder, 'data');
  }

  private get url(): string {
    return `postgresql:///postgres?user=postgres&sslmode=disable&host=${this.folder}`;
  }

  async start(): Promise<void> {
    const options = `-c listen_addresses= -c unix_socket_directories=${this.folder} -F`;
    const log = path.join(this.folder, 'log');
    await program('pg_ctl', 'start', '--silent', '--wait', '-D', this.data, '-l', log, '-o', options);
  }

  async stop(): Promise<void> {
    await program('pg_ctl', 'stop', '--silent', '--wait', '-m', 'immediate', '-D', this.data);
  }

  /** Leaves every process of it where it is: connections stay, and nothing answers. */
  freeze(): Promise<void> {
    return this.signal('STOP');
  }

  thaw(): Promise<void> {
    return this.signal('CONT');
  }

  private async signal(name: string): Promise<void> {
    const [postmaster] = (await readFile(path.join(this.data, 'postmaster.pid'), 'utf8')).split('\n');
    // The parent first when it stops, so that it makes no more of them.
    await run('kill', ['-s', name, postmaster]);
    const { stdout } = await run('ps', ['-o', 'pid=', '--ppid', postmaster]);
    const children = stdout.split('\n').map((line) => line.trim());
    await run('kill', ['-s', name, ...children.filter((pid) => pid !== '')]);
  }

  async remove(): Promise<void> {
    await this.thaw().catch(() => {});
    await this.stop().catch(() => {});
    await rm(this.folder, { recursive: true });
  }

  /** As a server's database. */
  database(): Database {
    const query = (sql: string) =>
      withPostgres(this.url, async (client) => (await client.query<Row>(sql)).rows);
    return {
      backend: 'postgresql',
      env: { DATABASE_URL: this.url },
      query,
      execute: async (sql) => void (await query(sql)),
      drop: () => this.remove(),
    };
  }
}

const isRoot = () => userInfo().uid === 0;

// PostgreSQL refuses to run as root.
async function program(name: string, ...options: string[]): Promise<void> {
  const file = path.join(required('TEST_PG_BIN'), name);
  const [command, ...rest] = isRoot()
    ? ['runuser', '-u', 'postgres', '--', file, ...options]
    : [file, ...options];
  await run(command, rest, { cwd: '/' });
}

async function giveToPostgres(folder: string): Promise<void> {
  if (!isRoot()) return;
  const [uid, gid] = await Promise.all([run('id', ['-u', 'postgres']), run('id', ['-g', 'postgres'])]);
  await chown(folder, Number(uid.stdout), Number(gid.stdout));
}
