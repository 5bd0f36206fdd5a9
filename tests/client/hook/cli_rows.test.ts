// The rows that `npm run test:hook` makes on the server: it removes them if it is given the database, and names them if not.
// The SQL of the documentation removes them and no others.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { BACKENDS, type Database } from '../support/databases';
import { seedMessages, seedReactions } from '../support/seed';
import { SECRET } from '../support/tokens';
import { aWorld } from '../support/world';
import { CLI, environment, faulty, IMPATIENT, run, runWith, SAMPLE, SLOW } from './command';
import { removal } from './removal.js';

const GUIDE = path.resolve(import.meta.dirname, '../../../docs/migrating-from-node.md');
const STAYS =
  /^What the checks made stays on the server: users (hook-check-[\da-f]{12})-…, .* named \1 \(.*\)$/m;

const pattern = { users: 'hook-check-%', rooms: 'hook-check-%' };
const removalOfAll = ({ backend }: Database) =>
  removal({ own: backend === 'sqlite' ? 'chatoxide_' : 'chatoxide.', ...pattern });

async function rowsOf(database: Database): Promise<Record<string, unknown>> {
  const own = database.backend === 'sqlite' ? 'chatoxide_' : 'chatoxide.';
  const originals = ['User', 'Room', '_RoomMembers', 'Message', 'Reaction'].map((name) => `"${name}"`);
  const tables = [
    ...originals,
    ...['room_head', 'room_log', 'read_marker', 'room_detail'].map((name) => own + name),
    ...['mention', 'mention_marker', 'delivery_marker', 'user_setting'].map((name) => own + name),
  ];
  const rows = await Promise.all(
    tables.map((table) => database.query(`SELECT * FROM ${table} ORDER BY 1, 2`)),
  );
  return Object.fromEntries(tables.map((table, index) => [table, rows[index]]));
}

/** Rows about rooms that are not there: digests, and on PostgreSQL those of the search index. */
async function ofNoRoom(database: Database): Promise<Record<string, unknown>[]> {
  const own = database.backend === 'sqlite' ? 'chatoxide_' : 'chatoxide.';
  const tables = database.backend === 'sqlite' ? ['room_digest'] : ['room_digest', 'search_room'];
  const there = `room_id NOT IN (SELECT "id" FROM "Room")`;
  const rows = await Promise.all(
    tables.map((table) => database.query(`SELECT room_id FROM ${own}${table} WHERE ${there}`)),
  );
  return rows.flat();
}

const usersOf = (database: Database, prefix: string) =>
  database.query(`SELECT "id" FROM "User" WHERE "id" LIKE '${prefix}-%'`);

const lastLine = (text: string) => text.trimEnd().split('\n').at(-1);

/** Expects that the last line names what is in the database, and returns how the names begin. */
async function expectNamed(database: Database, stdout: string): Promise<string> {
  expect(lastLine(stdout)).toMatch(STAYS);
  const prefix = STAYS.exec(stdout)?.[1] ?? '';
  expect(await usersOf(database, prefix)).not.toEqual([]);
  expect(await database.query(`SELECT "id" FROM "Room" WHERE "name" = '${prefix}'`)).not.toEqual([]);
  return prefix;
}

describe.each(BACKENDS)('npm run test:hook on %s', (backend) => {
  const world = aWorld(backend);

  test('the SQL of the guide removes what a run made, and no other row', { timeout: SLOW }, async () => {
    const { room, alice, bob } = await world.meet('alice', 'bob');
    await alice.ask('message:send', { roomId: room, content: 'hook-check-' });
    await bob.ask('room:read', room);
    world.closeClients();
    await world.server.stop();
    const before = await rowsOf(world.database);
    await world.server.start();

    const some = ['--only', 'reactions are there'];
    const { code, stdout } = await run('--hook', SAMPLE, '--url', world.server.url, ...some);
    expect(code).toBe(0);
    const prefix = await expectNamed(world.database, stdout);
    const users = await usersOf(world.database, prefix);
    expect(users).toHaveLength(3);
    // As with --room on a server that makes no rooms: what they say is in a room of others, who react to it.
    const message = { id: 'theirs', senderId: String(users[0].id), content: 'hello', at: Date.now() };
    await seedMessages(world.database, room, [message]);
    await seedReactions(world.database, [{ messageId: message.id, userId: bob.id, emoji: '👍' }]);
    // By then the server has written all that it had to.
    await world.server.stop();
    await world.database.execute(removalOfAll(world.database));

    expect(await rowsOf(world.database)).toEqual(before);
    expect(await ofNoRoom(world.database)).toEqual([]);
    await world.server.start();
  });
});

test('the guide has the SQL that the command runs', async () => {
  const guide = await readFile(GUIDE, 'utf8');
  const sql = removal({ own: 'chatoxide.', ...pattern });

  expect(guide).toContain(`\`\`\`sql\nBEGIN;\n${sql}\nCOMMIT;\n\`\`\``);
});

describe.each(BACKENDS)('npm run test:hook --database on %s', (backend) => {
  const world = aWorld(backend);

  test('removes what its run made, and no other row', { timeout: SLOW }, async () => {
    const { room, alice, bob } = await world.meet('alice', 'bob');
    await alice.ask('message:send', { roomId: room, content: 'hook-check-' });
    await bob.ask('room:read', room);
    // The answer comes when the mark is written.
    await bob.ask('rooms:list');
    const before = await rowsOf(world.database);
    const some = ['--only', 'read mark', '--only', 'reactions are there'];
    const database = ['--database', world.database.env.DATABASE_URL];

    const ended = await run('--hook', SAMPLE, '--url', world.server.url, ...some, ...database);

    expect(ended.said).toMatch(/^2 passed, 0 failed, 0 not run$/m);
    expect(lastLine(ended.stdout)).toMatch(
      /^What the checks made was removed: users hook-check-[\da-f]{12}-…/,
    );
    expect(ended.code).toBe(0);
    expect(await rowsOf(world.database)).toEqual(before);
  });

  test('takes DATABASE_URL from the environment', { timeout: SLOW }, async () => {
    const before = await rowsOf(world.database);
    const variables = { JWT_SECRET: SECRET, DATABASE_URL: world.database.env.DATABASE_URL };
    const some = ['--only', 'reactions are there'];

    const ended = await runWith(variables, '--hook', SAMPLE, '--url', world.server.url, ...some);

    expect(lastLine(ended.stdout)).toMatch(
      /^What the checks made was removed: users hook-check-[\da-f]{12}-…/,
    );
    expect(ended.code).toBe(0);
    expect(await rowsOf(world.database)).toEqual(before);
  });

  test('refuses a database that it cannot use, before any check', async () => {
    const none = { sqlite: 'sqlite:///no/such/file.db', postgresql: 'postgresql://127.0.0.1:9/none' }[
      backend
    ];
    const checks = ['--hook', SAMPLE, '--url', world.server.url];

    const refused = await run(...checks, '--database', none);
    expect(refused.stderr).toMatch(/^--database cannot be used: \S/);
    expect(refused.stdout).toBe('');
    expect(refused.code).toBe(2);

    const variable = await runWith({ JWT_SECRET: SECRET, DATABASE_URL: none }, ...checks);
    expect(variable.stderr).toMatch(/^DATABASE_URL cannot be used: \S/);
    expect(variable.code).toBe(2);
  });
});

describe.each(BACKENDS)('npm run test:hook with the database of another server on %s', (backend) => {
  const [world, other] = [aWorld(backend), aWorld(backend)];

  test('says so, and names what stays', { timeout: SLOW }, async () => {
    const variables = { JWT_SECRET: SECRET, DATABASE_URL: other.database.env.DATABASE_URL };
    const some = ['--only', 'reactions are there'];

    const { code, stdout } = await runWith(variables, '--hook', SAMPLE, '--url', world.server.url, ...some);

    expect(code).toBe(0);
    expect(stdout).toMatch(/^The database that was given is not the server's: it has no hook-check-/m);
    await expectNamed(world.database, stdout);
  });
});

describe.concurrent('npm run test:hook names what stays on the server', () => {
  const world = aWorld('sqlite');
  let folder: string;
  beforeAll(async () => void (folder = await mkdtemp(path.join(tmpdir(), 'chatoxide-hook-'))));
  afterAll(() => rm(folder, { recursive: true }));
  test('when a check fails', { timeout: SLOW }, async () => {
    const file = await faulty(folder, ["'reaction:removed'", "'reaction:gone'"]);
    const some = ['--only', 'reaction is shown', ...IMPATIENT];

    const failed = await run('--hook', file, '--url', world.server.url, ...some);

    expect(failed.code).toBe(1);
    await expectNamed(world.database, failed.stdout);
  });

  test.each([
    ['SIGINT', 130],
    ['SIGTERM', 143],
  ] as const)('when %s interrupts them', { timeout: SLOW }, async (signal, code) => {
    const env = environment({ JWT_SECRET: SECRET });
    const child = spawn(process.execPath, [CLI, '--hook', SAMPLE, '--url', world.server.url], { env });
    let stdout = '';
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      stdout += text;
      // One check has passed, and the next is under way.
      if (text.includes('✓')) child.kill(signal);
    });
    const [exit] = (await once(child, 'close')) as [number | null];

    expect(exit, stdout).toBe(code);
    expect(stdout).not.toMatch(/ passed, /);
    await expectNamed(world.database, stdout);
  });

  test('but not when no check was run', { timeout: SLOW }, async () => {
    const none = await run('--hook', SAMPLE, '--url', world.server.url, '--only', 'no title has this');

    expect(none.said).not.toContain('stays on the server');
  });
});
