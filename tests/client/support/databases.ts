// A fresh database for each server, on SQLite or on PostgreSQL with Redis, and the SQL that tests speak to it.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { Redis } from 'ioredis';
import pg from 'pg';
import { SqliteShell } from './sqlite';

export const BACKENDS = ['sqlite', 'postgresql'] as const;
export type Backend = (typeof BACKENDS)[number];

export type Row = Record<string, unknown>;

export interface Database {
  backend: Backend;
  /** The variables that point a server at this database. */
  env: Record<string, string>;
  /** Runs one or more statements. */
  execute(sql: string): Promise<void>;
  /** The rows of one query. Dates come as text without a zone, in UTC. */
  query(sql: string): Promise<Row[]>;
  drop: () => Promise<void>;
}

export interface PostgresDatabase extends Database {
  redis: Redis;
}

// The type "timestamp": as text, not as a Date in this machine's time zone.
pg.types.setTypeParser(1114, (text) => text);

/** A value as SQL text. Both databases write it alike. */
export function sql(value: string | number | null): string {
  if (value === null) return 'NULL';
  return typeof value === 'number' ? String(value) : `'${value.replaceAll("'", "''")}'`;
}

/** The moment that a column of type timestamp holds, in milliseconds. */
export function moment(column: unknown): number {
  return Date.parse(`${String(column).replace(' ', 'T')}Z`);
}

/** A moment as both databases take it. */
export function timestamp(millis: number): string {
  return new Date(millis).toISOString().replace('T', ' ').replace('Z', '');
}

export function createDatabase(backend: Backend): Promise<Database> {
  return backend === 'sqlite' ? createSqlite() : createPostgres();
}

async function createSqlite(): Promise<Database> {
  const folder = await mkdtemp(path.join(tmpdir(), 'chatoxide-sqlite-'));
  const file = path.join(folder, 'chat.db');
  const shell = new SqliteShell(file);
  return {
    backend: 'sqlite',
    env: { DATABASE_URL: `sqlite://${file}` },
    execute: async (statements) => void (await shell.run(`BEGIN IMMEDIATE;\n${statements};\nCOMMIT`)),
    query: async (query) => JSON.parse((await shell.run(query)).trim() || '[]') as Row[],
    drop: async () => {
      await shell.close();
      await rm(folder, { recursive: true });
    },
  };
}

let serial = 0;

export async function createPostgres(): Promise<PostgresDatabase> {
  const admin = required('TEST_POSTGRES_URL');
  const name = `client_${process.pid}_${++serial}`;
  await withPostgres(admin, (client) => client.query(`CREATE DATABASE ${name}`));
  const url = new URL(admin);
  url.pathname = `/${name}`;
  const pool = new pg.Pool({ connectionString: url.href, max: 2 });
  // A terminated idle connection is no test's failure.
  pool.on('error', () => {});
  const redis = await createRedis();
  return {
    backend: 'postgresql',
    env: { DATABASE_URL: url.href, REDIS_URL: redisUrl(redis) },
    execute: async (statements) => void (await pool.query(statements)),
    query: async (query) => (await pool.query<Row>(query)).rows,
    redis,
    drop: async () => {
      await pool.end();
      await redis.flushdb();
      redis.disconnect();
      await withPostgres(admin, (client) => client.query(`DROP DATABASE ${name} WITH (FORCE)`));
    },
  };
}

/** Runs `work` on a connection of its own. */
export async function withPostgres<T>(url: string, work: (client: pg.Client) => Promise<T>): Promise<T> {
  const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: 5000 });
  await client.connect();
  try {
    return await work(client);
  } finally {
    await client.end();
  }
}

// Redis keeps numbered databases; number 0 is where the next free number is counted.
async function createRedis(): Promise<Redis> {
  const counter = new Redis(required('TEST_REDIS_URL'), { maxRetriesPerRequest: 2 });
  const index = await counter.incr('databases');
  counter.disconnect();
  return new Redis(required('TEST_REDIS_URL'), { db: index, maxRetriesPerRequest: 2 });
}

function redisUrl(redis: Redis): string {
  return `${required('TEST_REDIS_URL')}/${redis.options.db}`;
}

export function required(name: string): string {
  const value = process.env[name];
  if (!value) throw new Error(`${name} is not set: run the tests under tests/support/with-services`);
  return value;
}
