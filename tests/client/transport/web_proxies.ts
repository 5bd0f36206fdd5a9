// The real nginx and HAProxy in front of a server, each with a configuration that people have.
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync } from 'node:fs';
import { rm, writeFile } from 'node:fs/promises';
import { connect, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { endWithUs } from './running';
import { elapsed } from './visitor';

/** A configuration for a server at `target`, on `port`, with files of its own in `folder`. */
interface Place {
  target: string;
  port: number;
  folder: string;
}

interface Kind {
  program: 'nginx' | 'haproxy';
  configuration: (place: Place) => string;
}

const ATTEMPTS = 5;
const START_TIMEOUT = 5_000;

function nginx(location: (place: Place) => string, http: (place: Place) => string = () => ''): Kind {
  const folders = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'];
  return {
    program: 'nginx',
    configuration: (place) => `
daemon off;
master_process off;
pid ${place.folder}/nginx.pid;
error_log stderr warn;
events { worker_connections 256; }
http {
  access_log off;
  ${folders.map((name) => `${name}_temp_path ${place.folder}/${name};`).join('\n  ')}
  map $http_upgrade $connection_upgrade { default upgrade; '' close; }
  ${http(place)}
  server {
    listen 127.0.0.1:${place.port};
    location / {
      proxy_pass http://${place.target};
      ${location(place)}
    }
  }
}
`,
  };
}

function haproxy(backend: string, more = ''): Kind {
  return {
    program: 'haproxy',
    configuration: ({ target, port }) => `
defaults
  mode http
  timeout connect 5s
  timeout client 60s
  timeout server 60s
  timeout tunnel 1h
${more}
frontend front
  bind 127.0.0.1:${port}
  default_backend back
backend back
  ${backend}
  server one ${target}
`,
  };
}

const UPGRADE = `proxy_http_version 1.1;
      proxy_set_header Upgrade $http_upgrade;
      proxy_set_header Connection $connection_upgrade;
      proxy_set_header Host $host;`;

const CACHE = `proxy_cache shared;
      add_header X-Cache $upstream_cache_status always;`;

export const KINDS = {
  'nginx with the headers of an upgrade': nginx(() => UPGRADE),
  'nginx as it is by default': nginx(() => ''),
  'nginx with a cache': nginx(
    () => `${UPGRADE}\n      ${CACHE}`,
    ({ folder }) => `proxy_cache_path ${folder}/cache keys_zone=shared:1m;`,
  ),
  // This one and HAProxy's below keep everything that the server does not forbid to be kept.
  'nginx with a cache for every answer': nginx(
    () => `${UPGRADE}\n      ${CACHE}\n      proxy_cache_valid any 1m;`,
    ({ folder }) => `proxy_cache_path ${folder}/cache keys_zone=shared:1m;`,
  ),
  HAProxy: haproxy(''),
  'HAProxy with a cache': haproxy(
    `http-request cache-use shared
  http-response set-header Cache-Control "public, max-age=60" unless { res.hdr(Cache-Control) -m found }
  http-response cache-store shared`,
    `cache shared
  total-max-size 4
  max-age 60
  process-vary on
`,
  ),
} satisfies Record<string, Kind>;
export type KindName = keyof typeof KINDS;

export const KIND_NAMES = Object.keys(KINDS) as KindName[];

export class WebProxy {
  private constructor(
    private readonly child: ChildProcess,
    private readonly folder: string,
    readonly url: string,
  ) {}

  static async start(name: KindName, server: string): Promise<WebProxy> {
    const { program, configuration }: Kind = KINDS[name];
    const said: string[] = [];
    for (let attempt = 0; attempt < ATTEMPTS; attempt += 1) {
      const folder = mkdtempSync(path.join(tmpdir(), `chatoxide-${program}-`));
      const port = await freePort();
      const file = path.join(folder, `${program}.conf`);
      await writeFile(file, configuration({ target: new URL(server).host, port, folder }));
      const options = program === 'nginx' ? ['-p', folder, '-e', 'stderr', '-c', file] : ['-db', '-f', file];
      const child = endWithUs(spawn(programPath(program), options, { stdio: ['ignore', 'pipe', 'pipe'] }));
      for (const stream of [child.stdout, child.stderr]) {
        stream.setEncoding('utf8').on('data', (text: string) => said.push(text));
      }
      if (await listens(child, port)) return new WebProxy(child, folder, `http://127.0.0.1:${port}`);
      // Somebody else took the port meanwhile, or the configuration is wrong: then the end says so.
      child.kill('SIGKILL');
      await rm(folder, { recursive: true });
    }
    throw new Error(`${name} did not start\n${said.join('')}`);
  }

  async stop(): Promise<void> {
    const ended = once(this.child, 'exit');
    this.child.kill('SIGKILL');
    await ended;
    await rm(this.folder, { recursive: true });
  }
}

/** Debian puts these where only root looks. */
export function programPath(program: string): string {
  const places = [...(process.env.PATH ?? '').split(':'), '/usr/sbin', '/usr/local/sbin'];
  const found = places.map((place) => path.join(place, program)).find((file) => existsSync(file));
  if (!found) throw new Error(`${program} is missing: install it, or run make test-client`);
  return found;
}

/** A port that nobody listens on, below those that the system hands out by itself. */
export async function freePort(): Promise<number> {
  for (;;) {
    const port = 10_000 + Math.floor(Math.random() * 20_000);
    const listener = createServer();
    const isFree = await new Promise<boolean>((resolve) => {
      listener.once('error', () => resolve(false));
      listener.listen(port, '127.0.0.1', () => resolve(true));
    });
    if (!isFree) continue;
    listener.close();
    await once(listener, 'close');
    return port;
  }
}

export async function listens(child: ChildProcess, port: number): Promise<boolean> {
  const end = Date.now() + START_TIMEOUT;
  while (child.exitCode === null && Date.now() < end) {
    const isOpen = await new Promise<boolean>((resolve) => {
      const socket = connect(port, '127.0.0.1');
      socket.once('connect', () => (socket.destroy(), resolve(true)));
      socket.once('error', () => resolve(false));
    });
    if (isOpen) return true;
    await elapsed(20);
  }
  return false;
}
