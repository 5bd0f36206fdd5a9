// DATABASE_URL as hosting companies and Prisma write it: TLS with and without a check, and Prisma's own parameters.
import { afterEach, expect, test } from 'vitest';
import { Client } from '../support/client';
import { createPostgres, type Database, required } from '../support/databases';
import { seedRoom } from '../support/seed';
import { Server } from '../support/server';

const cleanUp: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const step of cleanUp.splice(0).reverse()) await step();
});

// A server on a fresh database, whose URL is changed before it is given to the server.
async function serverWith(change: (url: URL) => void): Promise<Server> {
  const database = await createPostgres();
  cleanUp.push(() => database.drop());
  const url = new URL(database.env.DATABASE_URL);
  change(url);
  return new Server({ ...database, env: { DATABASE_URL: url.href } });
}

async function expectService(server: Server): Promise<void> {
  await server.migrate();
  await expectServiceAsItIs(server);
}

async function expectServiceAsItIs(server: Server): Promise<void> {
  await server.start();
  cleanUp.push(() => server.stop());
  await seedRoom(server.database, { id: 'general', name: 'General', type: 'public', members: [] });
  const alice = await Client.connect(server.url, { id: 'alice', name: 'Alice' });
  cleanUp.push(() => Promise.resolve(alice.close()));
  const answer = await alice.ask('message:send', { roomId: 'general', content: 'Hello' });
  expect(answer).toMatchObject({ success: true, message: { content: 'Hello' } });
}

// Whether each connection that a server of ours holds is encrypted.
async function encrypted(database: Database): Promise<unknown[]> {
  const rows = await database.query(
    `SELECT DISTINCT ssl FROM pg_stat_ssl JOIN pg_stat_activity USING (pid)
     WHERE datname = current_database() AND application_name = 'chatoxide'`,
  );
  return rows.map((row) => row.ssl);
}

test.each(['require', 'verify-ca', 'verify-full'])('TLS with sslmode=%s', async (mode) => {
  const server = await serverWith((url) => {
    url.searchParams.set('sslmode', mode);
    if (mode !== 'require') url.searchParams.set('sslrootcert', required('TEST_POSTGRES_CA'));
  });

  await expectService(server);

  expect(await encrypted(server.database)).toEqual([true]);
});

test('no TLS with sslmode=disable', async () => {
  const server = await serverWith((url) => url.searchParams.set('sslmode', 'disable'));

  await expectService(server);

  expect(await encrypted(server.database)).toEqual([false]);
});

test('a certificate that nobody vouches for is refused when it is to be checked', async () => {
  const server = await serverWith((url) => url.searchParams.set('sslmode', 'verify-full'));

  await expect(server.migrate()).rejects.toThrow(/certificate/i);
});

test("Prisma's parameters are understood", async () => {
  const server = await serverWith((url) => {
    url.search = '?schema=public&connection_limit=5&pool_timeout=2&connect_timeout=5&sslmode=prefer';
  });

  await expectService(server);
});

test('behind PgBouncer tables are used that another URL made', async () => {
  const server = await serverWith((url) => url.searchParams.set('pgbouncer', 'true'));
  const url = new URL(server.database.env.DATABASE_URL);
  url.search = '';
  await new Server({ ...server.database, env: { DATABASE_URL: url.href } }).migrate();

  await expectServiceAsItIs(server);
});

test('tables may stand in another schema, as Prisma lets them', async () => {
  const server = await serverWith((url) => url.searchParams.set('schema', 'chat'));

  await server.migrate();

  const tables = await server.database.query(
    `SELECT table_schema, table_name FROM information_schema.tables
     WHERE table_name IN ('User', 'Room', 'Message', 'Reaction', '_RoomMembers')`,
  );
  expect(new Set(tables.map((row) => row.table_schema))).toEqual(new Set(['chat']));
  expect(tables).toHaveLength(5);
});

test('a parameter that is not understood is refused by name', async () => {
  const server = await serverWith((url) => url.searchParams.set('frobnicate', '1'));

  await expect(server.migrate()).rejects.toThrow(/frobnicate/);
});
