// nginx with the configuration that docs/migrating-from-node.md has under "Cut-over", on ports and in a folder of its own.
import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, mkdtempSync, readFileSync } from 'node:fs';
import { rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { endWithUs } from '../transport/running';
import { freePort, listens, programPath } from '../transport/web_proxies';

const DOCUMENT = path.resolve(import.meta.dirname, '../../../docs/migrating-from-node.md');
const ATTEMPTS = 5;

/** Edits a configuration; the text that it looks for must be there. */
function replace(text: string, from: string, to: string): string {
  if (!text.includes(from)) throw new Error(`the configuration in the document has no "${from}"`);
  return text.replace(from, to);
}

/** The two files of the document's section: nginx.conf, and the one that names the upstream server. */
function documented(): { main: string; upstream: string } {
  const [, section = ''] = readFileSync(DOCUMENT, 'utf8').split('\n## Cut-over\n');
  const [main = '', upstream = ''] = [...section.matchAll(/```nginx\n([^]*?)```/g)].map(([, block]) => block);
  return { main, upstream };
}

export class SwitchingNginx {
  private child: ChildProcess | undefined;
  private port = 0;
  private readonly folder: string;

  /** `shutdown` takes the place of `worker_shutdown_timeout 10s;`. */
  private constructor(private readonly shutdown: string) {
    this.folder = mkdtempSync(path.join(tmpdir(), 'chatoxide-nginx-'));
    // The workers of a root's nginx are another user's.
    chmodSync(this.folder, 0o755);
  }

  static async start(server: string, shutdown = 'worker_shutdown_timeout 10s;'): Promise<SwitchingNginx> {
    const nginx = new SwitchingNginx(shutdown);
    await nginx.point(server);
    for (let attempt = 0; attempt < ATTEMPTS; attempt += 1) {
      nginx.port = await freePort();
      await writeFile(nginx.file, nginx.configuration());
      const child = endWithUs(spawn(programPath('nginx'), nginx.options, { stdio: 'inherit' }));
      if (await listens(child, nginx.port)) {
        nginx.child = child;
        return nginx;
      }
      // Somebody else took the port meanwhile, or the configuration is wrong: then nginx says so.
      child.kill('SIGKILL');
    }
    throw new Error('nginx did not start');
  }

  get url(): string {
    return `http://127.0.0.1:${this.port}`;
  }

  /** Writes which server nginx is to pass requests to, from its next reload on. */
  async point(server: string): Promise<void> {
    const upstream = replace(documented().upstream, '127.0.0.1:3001', new URL(server).host);
    await writeFile(path.join(this.folder, 'chat-upstream.conf'), upstream);
  }

  /** As `nginx -s reload` does. */
  async reload(): Promise<void> {
    await promisify(execFile)(programPath('nginx'), [...this.options, '-s', 'reload']);
  }

  async stop(): Promise<void> {
    if (this.child && this.child.exitCode === null) {
      const ended = once(this.child, 'exit');
      // Ends the workers, too, those of earlier configurations among them.
      this.child.kill('SIGTERM');
      await ended;
    }
    await rm(this.folder, { recursive: true });
  }

  private get file(): string {
    return path.join(this.folder, 'nginx.conf');
  }

  private get options(): string[] {
    return ['-p', this.folder, '-e', 'stderr', '-c', this.file];
  }

  private configuration(): string {
    const { folder, port } = this;
    const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'];
    const paths = temporary.map((name) => `${name}_temp_path ${folder}/${name};`).join(' ');
    let { main } = documented();
    main = replace(main, '/etc/nginx/chat-upstream.conf', `${folder}/chat-upstream.conf`);
    main = replace(main, 'listen 80;', `listen 127.0.0.1:${port};`);
    main = replace(main, 'worker_shutdown_timeout 10s;', this.shutdown);
    main = replace(main, 'http {', `http { access_log off; ${paths}`);
    // Refused connections, between the end of one server and the switch to the other, are errors.
    return `daemon off;\npid ${folder}/nginx.pid;\nerror_log stderr alert;\n${main}`;
  }
}
