// compose.yaml passes every setting of .env to the server, except for those with one right value inside the container.
import { execFile, execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { type AddressInfo, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';
import { parse } from 'yaml';

const ROOT = path.resolve(import.meta.dirname, '../../..');
const read = (file: string) => readFileSync(path.join(ROOT, file), 'utf8');

type Variables = Record<string, string | null>;
interface Service {
  env_file: unknown;
  environment: Variables;
  healthcheck: { test: string[]; timeout: string };
  ports: string[];
}
const { services } = parse(read('compose.yaml')) as { services: Record<'chatoxide' | 'postgres', Service> };
const { chatoxide, postgres } = services;

const SETTINGS = [...read('.env.sample').matchAll(/^# ([A-Z_]+)=/gm)].map(([, name = '']) => name);
/** `ENV` lines of the image. */
const IMAGE = Object.fromEntries(
  [...read('Dockerfile').matchAll(/^ENV (\w+)=(\S+)$/gm)].map(([, name = '', value = '']) => [name, value]),
);

/** The values inside the container, given those of .env and of the shell. A name without a value takes theirs. */
function inContainer(file: Record<string, string>, shell: Record<string, string>): Record<string, string> {
  const set = Object.entries(chatoxide.environment).map(
    ([name, value]) => [name, value ?? shell[name] ?? file[name]] as const,
  );
  return Object.fromEntries(
    [...Object.entries(IMAGE), ...Object.entries(file), ...set].filter(
      (entry): entry is [string, string] => entry[1] !== undefined,
    ),
  );
}

const { POSTGRES_USER, POSTGRES_PASSWORD, POSTGRES_DB } = postgres.environment;
const OF_THE_CONTAINER = {
  HOST: '0.0.0.0',
  PORT: '3000',
  DATA_DIR: '/data',
  DATABASE_URL: `postgresql://${POSTGRES_USER}:${POSTGRES_PASSWORD}@postgres:5432/${POSTGRES_DB}`,
  REDIS_URL: 'redis://redis:6379',
};

test('every setting of .env reaches the server, except for those of the container', () => {
  expect(SETTINGS.length).toBeGreaterThan(30);
  expect(chatoxide.env_file).toEqual([{ path: '.env', required: false }]);
  const file = Object.fromEntries(SETTINGS.map((name) => [name, `${name} of the file`]));
  expect(inContainer(file, {})).toEqual({ ...file, ...OF_THE_CONTAINER });
});

test('nothing else is set a second time, and the secret may come from the shell', () => {
  expect(chatoxide.environment).toEqual({ ...OF_THE_CONTAINER, JWT_SECRET: null });
  expect(inContainer({ JWT_SECRET: 'file' }, { JWT_SECRET: 'shell' }).JWT_SECRET).toBe('shell');
  expect(inContainer({}, {})).not.toHaveProperty('JWT_SECRET');
});

test('the port of .env is published, and leads to the one of the container', () => {
  expect(chatoxide.ports).toEqual([`\${PORT:-3000}:${OF_THE_CONTAINER.PORT}`]);
  expect(read('Dockerfile')).toContain(`\nEXPOSE ${OF_THE_CONTAINER.PORT}\n`);
  expect(IMAGE.DATA_DIR).toBe(OF_THE_CONTAINER.DATA_DIR);
});

test('the health check of the image and of the service is a command that the server has', () => {
  const [, options = '', command = '[]'] = /^HEALTHCHECK (.*) CMD (\[.*\])$/m.exec(read('Dockerfile')) ?? [];
  const inImage = JSON.parse(command) as string[];
  expect(chatoxide.healthcheck.test).toEqual([
    'CMD',
    path.posix.basename(inImage[0] ?? ''),
    ...inImage.slice(1),
  ]);
  expect(options).toContain(`--timeout=${chatoxide.healthcheck.timeout}`);
  const help = execFileSync(process.env.CHATOXIDE_BIN ?? '', [...inImage.slice(1), '--help'], {
    encoding: 'utf8',
  });
  expect(help).toContain('Usage: chatoxide health');
});

test('inside the container the health check asks the loopback address, on the port of the server', async () => {
  const [, , ...command] = chatoxide.healthcheck.test;
  const deaf = createServer((connection) => connection.destroy());
  await once(deaf.listen(0, '127.0.0.1'), 'listening');
  const { port } = deaf.address() as AddressInfo;
  try {
    const env = {
      ...inContainer({ JWT_SECRET: 'a secret of more than thirty-two bytes' }, {}),
      PORT: `${port}`,
    };
    await expect(
      promisify(execFile)(process.env.CHATOXIDE_BIN ?? '', command, { cwd: tmpdir(), env }),
    ).rejects.toMatchObject({
      code: 1,
      stderr: `error: http://127.0.0.1:${port}/readyz: the connection was closed without an answer\n`,
    });
  } finally {
    deaf.close();
  }
});

test('the token command of the docs is signed with the secret that the container has', () => {
  const [command = ''] =
    /(?<=docker compose exec chatoxide chatoxide ).*/.exec(read('docs/deploying.md')) ?? [];
  const folder = mkdtempSync(path.join(tmpdir(), 'chatoxide-compose-'));
  try {
    const env = inContainer({ JWT_SECRET: 'a secret of more than thirty-two bytes' }, {});
    const token = execFileSync(process.env.CHATOXIDE_BIN ?? '', command.split(' '), {
      cwd: folder,
      env,
      encoding: 'utf8',
    });
    const [, claims = ''] = token.split('.');
    expect(JSON.parse(Buffer.from(claims, 'base64url').toString())).toMatchObject({
      sub: 'alice',
      name: 'Alice',
    });
  } finally {
    rmSync(folder, { recursive: true });
  }
});
