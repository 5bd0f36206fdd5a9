// The servers that are compared: each run starts one on a database of its own, filled alike, and stops it afterwards.
import { execFile, spawn } from 'node:child_process';
import { createHmac } from 'node:crypto';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { promisify } from 'node:util';

const run = promisify(execFile);
const HERE = import.meta.dirname;
const SECRET = 'the secret that signs the tokens of the benchmarks';
const START = 20_000;

function required(name) {
  const value = process.env[name];
  if (!value) throw new Error(`${name} is not set: run this by make bench`);
  return value;
}

const programs = required('BENCH_PROGRAMS');
export const chatoxide = path.join(programs, 'chatoxide');
const postgres = new URL(required('TEST_POSTGRES_URL'));
const databasePid = required('TEST_POSTGRES_PID');
const psql = path.join(required('TEST_PG_BIN'), 'psql');

const base64url = (value) => Buffer.from(value).toString('base64url');

export function token(sub, name) {
  const expires = Math.floor(Date.now() / 1000) + 86_400;
  const head = base64url(JSON.stringify({ alg: 'HS256', typ: 'JWT' }));
  const body = `${head}.${base64url(JSON.stringify({ sub, name, exp: expires }))}`;
  return `${body}.${createHmac('sha256', SECRET).update(body).digest('base64url')}`;
}

/** The users of each room: `u<room>-<member>`, a member of `room<room>`. */
function usersOf({ rooms, members }) {
  const users = [];
  for (let room = 0; room < rooms; room++) {
    for (let member = 0; member < members; member++) users.push({ room, id: `u${room}-${member}` });
  }
  return users;
}

function rows(layout) {
  const at = `'2026-01-01 00:00:00'`;
  const users = usersOf(layout);
  const rooms = Array.from({ length: layout.rooms }, (_, room) => `('room${room}', 'Room ${room}', 'public', ${at})`);
  const values = (of) => users.map(of).join(',\n');
  return [
    'BEGIN',
    `INSERT INTO "Room" ("id", "name", "type", "createdAt") VALUES ${rooms.join(',\n')}`,
    `INSERT INTO "User" ("id", "name", "email", "createdAt")
       VALUES ${values(({ id }) => `('${id}', 'User ${id}', '${id}@example.org', ${at})`)}`,
    `INSERT INTO "_RoomMembers" ("A", "B") VALUES ${values(({ room, id }) => `('room${room}', '${id}')`)}`,
    'COMMIT;',
  ].join(';\n');
}

async function feed(program, args, input) {
  const child = spawn(program, args, { stdio: ['pipe', 'ignore', 'inherit'] });
  child.stdin.end(input);
  const [code] = await once(child, 'exit');
  if (code !== 0) throw new Error(`${program} ended with ${code}`);
}

let serial = 0;

async function createPostgres() {
  const name = `bench_${process.pid}_${++serial}`;
  const admin = (sql) => run(psql, ['-q', '-v', 'ON_ERROR_STOP=1', '-c', sql, postgres.href]);
  await admin(`CREATE DATABASE ${name}`);
  // Neither server uses TLS to the database here. Ours would by default where it is offered, Node's driver would not.
  const url = Object.assign(new URL(postgres), { pathname: `/${name}`, search: 'sslmode=disable' }).href;
  return {
    env: { DATABASE_URL: url, REDIS_URL: `${required('TEST_REDIS_URL')}/${serial}` },
    execute: (sql) => feed(psql, ['-q', '-v', 'ON_ERROR_STOP=1', url], sql),
    flush: () => admin('CHECKPOINT'),
    remove: () => admin(`DROP DATABASE ${name} WITH (FORCE)`),
  };
}

function createSqlite(folder) {
  const file = path.join(folder, 'chat.db');
  return {
    env: { DATABASE_URL: `sqlite://${file}` },
    execute: (sql) => feed('sqlite3', ['-bail', file], sql),
    flush: async () => {},
    remove: async () => {},
  };
}

/** How each server is started, and the pattern that finds the port in its first lines. */
const KINDS = {
  chatoxide: { database: createPostgres, command: [chatoxide], port: /http:\/\/127\.0\.0\.1:(\d+)/ },
  'chatoxide on SQLite': { database: createSqlite, command: [chatoxide], port: /http:\/\/127\.0\.0\.1:(\d+)/ },
  Node: {
    database: createPostgres,
    command: [process.execPath, path.join(HERE, '../node/dist/server.mjs')],
    port: /listening (\d+)/,
  },
  bare: { command: [path.join(programs, 'bare')], port: /listening (\d+)/ },
};

async function listening(child, pattern) {
  const timer = setTimeout(() => child.kill('SIGKILL'), START);
  for await (const line of createInterface(child.stdout)) {
    const port = pattern.exec(line)?.[1];
    if (!port) continue;
    clearTimeout(timer);
    child.stdout.resume();
    return port;
  }
  throw new Error('a server ended before it listened');
}

/**
 * Starts a server on a database of its own, filled with the users and rooms of the layout and then by `fill`; calls `work`
 * with what it takes to reach it, and removes all again.
 */
export async function withServer(kind, layout, { fill, settings }, work) {
  const { database: create, command, port } = KINDS[kind];
  const folder = await mkdtemp(path.join(tmpdir(), 'chatoxide-bench-'));
  const database = create && (await create(folder));
  const ends = [() => rm(folder, { recursive: true }), () => database?.remove()];
  try {
    const env = {
      PATH: process.env.PATH,
      NODE_ENV: 'production',
      HOST: '127.0.0.1',
      PORT: '0',
      RUST_LOG: 'warn',
      // One worker thread, as in Node: the database and the load generator need the other core.
      TOKIO_WORKER_THREADS: '1',
      JWT_SECRET: SECRET,
      ...database?.env,
      ...settings,
    };
    if (database) {
      await run(chatoxide, ['migrate'], { env, cwd: folder });
      await database.execute(rows(layout));
      await fill?.(database);
      // Flush the writes to disk now, so that they do not slow down the server during the measurement.
      await database.flush();
      await run('sync');
    }
    const [program, ...args] = command;
    const server = spawn(program, args, { env, cwd: folder, stdio: ['ignore', 'pipe', 'inherit'] });
    ends.push(async () => {
      if (server.exitCode !== null) return;
      const gone = once(server, 'exit');
      server.kill();
      await gone;
    });
    const address = `127.0.0.1:${await listening(server, port)}`;
    return await work({ address, pid: server.pid, folder, hasPostgres: Boolean(database?.env.REDIS_URL) });
  } finally {
    for (const end of ends.reverse()) await end();
  }
}

/** Runs `load` against a server once and returns its report. */
export function measure(kind, { layout, load, settings }) {
  return withServer(kind, layout, { settings }, async ({ address, pid, folder, hasPostgres }) => {
    const tokens = path.join(folder, 'tokens');
    await writeFile(tokens, usersOf(layout).map(({ id }) => `${id} ${token(id, `User ${id}`)}\n`).join(''));
    const target = ['--address', address, '--server-pid', String(pid), '--tokens', tokens];
    if (hasPostgres) target.push('--database-pid', databasePid);
    const { stdout } = await run(path.join(programs, 'load'), [...load.slice(0, 1), ...target, ...load.slice(1)]);
    return JSON.parse(stdout);
  });
}
