// Prisma's own schema engine, as it comes in a package: what `prisma db push` and `prisma migrate diff` do, without their
// engine program, which would have to be fetched from elsewhere.
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import type { PrismaLibSql } from '@prisma/adapter-libsql';
import { PrismaPg } from '@prisma/adapter-pg';
import {
  bindMigrationAwareSqlAdapterFactory,
  type SqlMigrationAwareDriverAdapterFactory,
} from '@prisma/driver-adapter-utils';
import * as bindings from '@prisma/schema-engine-wasm/schema_engine_bg';
import pg from 'pg';
import type { PostgresDatabase } from './databases';

const FILTERS = { externalTables: [], externalEnums: [] };
// PostgreSQL's internal one-byte type, and the type of fixed length that the adapter knows.
const CHAR = 18;
const BPCHAR = 1042;

let loaded = false;

function load(): typeof bindings.SchemaEngine {
  if (!loaded) {
    const module = createRequire(import.meta.url).resolve('@prisma/schema-engine-wasm');
    const bytes = readFileSync(module.replace(/\.js$/, '_bg.wasm'));
    const { exports } = new WebAssembly.Instance(new WebAssembly.Module(bytes), {
      './schema_engine_bg.js': bindings as unknown as WebAssembly.ModuleImports,
    });
    bindings.__wbg_set_wasm(exports);
    (exports.__wbindgen_start as () => void)();
    loaded = true;
  }
  return bindings.SchemaEngine;
}

// The adapter does not know a type that the catalogue's tables use; to the engine both are text.
class CataloguePool extends pg.Pool {
  constructor(url: string) {
    super({ connectionString: url, max: 2 });
    const query = this.query.bind(this) as (...args: unknown[]) => Promise<pg.QueryResult>;
    const known = async (...args: unknown[]) => {
      const result = await query(...args);
      for (const field of result.fields) if (field.dataTypeID === CHAR) field.dataTypeID = BPCHAR;
      return result;
    };
    this.query = known as typeof this.query;
  }
}

type Work<T> = (engine: bindings.SchemaEngine, schema: bindings.SchemasContainer) => Promise<T>;

async function withEngine<T>(
  factory: SqlMigrationAwareDriverAdapterFactory,
  text: string,
  work: Work<T>,
): Promise<T> {
  // Since Prisma 7 a schema has no URL.
  const content = text.replace(/^\s*url\s*=.*\n/m, '');
  const path = 'schema.prisma';
  const adapter = bindMigrationAwareSqlAdapterFactory(factory);
  const engine = await load().new({ datamodels: [[path, content]] }, () => {}, adapter);
  try {
    return await work(engine, { files: [{ path, content }] });
  } finally {
    engine.free();
  }
}

async function onPostgres<T>(database: PostgresDatabase, text: string, work: Work<T>): Promise<T> {
  const pool = new CataloguePool(database.env.DATABASE_URL);
  try {
    return await withEngine(new PrismaPg(pool), text, work);
  } finally {
    await pool.end();
  }
}

async function pushSchema(engine: bindings.SchemaEngine, schema: bindings.SchemasContainer): Promise<number> {
  const { executedSteps, unexecutable, warnings } = await engine.schemaPush({
    force: false,
    schema,
    filters: FILTERS,
  });
  if (unexecutable.length + warnings.length > 0) throw new Error([...unexecutable, ...warnings].join('\n'));
  return executedSteps;
}

/** `prisma db push` on the SQLite database of an adapter. */
export function pushSqlite(factory: PrismaLibSql, schema: string): Promise<number> {
  return withEngine(factory, schema, pushSchema);
}

/** `prisma db push`: makes the tables what the schema says, and tells in how many steps. */
export function push(database: PostgresDatabase, schema: string): Promise<number> {
  return onPostgres(database, schema, pushSchema);
}

/** `prisma migrate diff`: the SQL that Prisma would run to make the tables what the schema says; empty when they are. */
export function drift(database: PostgresDatabase, schema: string): Promise<string> {
  return onPostgres(database, schema, async (engine, { files }) => {
    const { exitCode, stdout } = await engine.diff({
      from: { tag: 'schemaDatasource', files, configDir: '.' },
      to: { tag: 'schemaDatamodel', files },
      script: true,
      exitCode: true,
      filters: FILTERS,
    });
    return exitCode === 0 ? '' : (stdout ?? '');
  });
}
