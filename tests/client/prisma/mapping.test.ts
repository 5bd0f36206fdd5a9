// Prisma on a mapped database: the tables of each schema are those that Prisma makes, and it finds nothing to change in
// them, mapped or not.
import { execFile } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, test } from 'vitest';
import { createPostgres, required } from '../support/databases';
import { drift } from '../support/schema_engine';

const SCHEMAS = path.resolve(import.meta.dirname, '../../prisma/schemas');

describe('Prisma has nothing to change', () => {
  test.concurrent.each(readdirSync(SCHEMAS))('in the mapped tables of %s', async (name) => {
    const file = path.join(SCHEMAS, name, 'schema.prisma');
    const schema = readFileSync(file, 'utf8');
    const database = await createPostgres();
    try {
      await database.execute(readFileSync(path.join(SCHEMAS, name, 'tables.sql'), 'utf8'));
      expect(await drift(database, schema)).toBe('');

      const program = required('CHATOXIDE_BIN');
      const { stdout } = await promisify(execFile)(program, ['map', '--schema', file, '--indexes']);
      // Statements that are sent together are one transaction.
      await database.execute(stdout.replaceAll('CONCURRENTLY ', ''));

      expect(await drift(database, schema)).toBe('');
      // A change of the schema is seen.
      const changed = schema.replace(/^model \w+ \{/m, '$&\n  more Int?');
      expect(await drift(database, changed)).toContain('ADD COLUMN     "more" INTEGER');
    } finally {
      await database.drop();
    }
  });
});
