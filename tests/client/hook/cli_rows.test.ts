// The rows that `npm run test:hook` leaves on the server: the command names them, and the SQL of the documentation removes
// them and no others.
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
import { CLI, environment, faulty, IMPATIENT, run, SAMPLE, SLOW } from './command';

const GUIDE = path.resolve(import.meta.dirname, '../../../docs/migrating-from-node.md');
const STAYS =
  /^What the checks made stays on the server: users (hook-check-[\da-f]{12})-…, .* named \1 \(.*\)$/m;

/** The SQL as the guide has it for this database. */
async function removal({ backend }: Database): Promise<string> {
  const [, sql] = /```sql\n(BEGIN;[^`]*hook-check-[^`]*)```/.exec(await readFile(GUIDE, 'utf8')) ?? [];
  const statements = sql.replace(/^(BEGIN|COMMIT);$/gm, '');
  return backend === 'sqlite' ? statements.replaceAll('chatoxide.', 'chatoxide_') : statements;
}

async function rowsOf(database: Database): Promise<Record<string, unknown>> {
  const own = database.backend === 'sqlite' ? 'chatoxide_' : 'chatoxide.';
  const originals = ['User', 'Room', '_RoomMembers', 'Message', 'Reaction'].map((name) => `"${name}"`);
  const tables = [...originals, ...['room_head', 'room_log', 'read_marker'].map((name) => own + name)];
  const rows = await Promise.all(
    tables.map((table) => database.query(`SELECT * FROM ${table} ORDER BY 1, 2`)),
  );
  return Object.fromEntries(tables.map((table, index) => [table, rows[index]]));
}

const usersOf = (database: Database, prefix: string) =>
  database.query(`SELECT "id" FROM "User" WHERE "id" LIKE '${prefix}-%'`);

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

    const { stdout } = await run(
      '--hook',
      SAMPLE,
      '--url',
      world.server.url,
      '--only',
      'reactions are there',
    );
    const prefix = STAYS.exec(stdout)?.[1] ?? expect.fail(stdout);
    const users = await usersOf(world.database, prefix);
    expect(users).toHaveLength(3);
    // As with --room on a server that makes no rooms: what they say is in a room of others, who react to it.
    const message = { id: 'theirs', senderId: String(users[0].id), content: 'hello', at: Date.now() };
    await seedMessages(world.database, room, [message]);
    await seedReactions(world.database, [{ messageId: message.id, userId: bob.id, emoji: '👍' }]);
    // By then the server has written all that it had to.
    await world.server.stop();
    await world.database.execute(await removal(world.database));

    expect(await rowsOf(world.database)).toEqual(before);
    await world.server.start();
  });
});

describe.concurrent('npm run test:hook names what stays on the server', () => {
  const world = aWorld('sqlite');
  let folder: string;
  beforeAll(async () => void (folder = await mkdtemp(path.join(tmpdir(), 'chatoxide-hook-'))));
  afterAll(() => rm(folder, { recursive: true }));
  const lastLine = (text: string) => text.trimEnd().split('\n').at(-1);

  async function expectNamed(stdout: string): Promise<void> {
    expect(lastLine(stdout)).toMatch(STAYS);
    const prefix = STAYS.exec(stdout)?.[1] ?? '';
    expect(await usersOf(world.database, prefix)).not.toEqual([]);
    expect(await world.database.query(`SELECT "id" FROM "Room" WHERE "name" = '${prefix}'`)).not.toEqual([]);
  }

  test('when the checks pass', { timeout: SLOW }, async () => {
    const passed = await run('--hook', SAMPLE, '--url', world.server.url, '--only', 'history is');

    expect(passed.code).toBe(0);
    await expectNamed(passed.stdout);
  });

  test('when a check fails', { timeout: SLOW }, async () => {
    const file = await faulty(folder, "'reaction:removed'", "'reaction:gone'");
    const some = ['--only', 'reaction is shown', ...IMPATIENT];

    const failed = await run('--hook', file, '--url', world.server.url, ...some);

    expect(failed.code).toBe(1);
    await expectNamed(failed.stdout);
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
    await expectNamed(stdout);
  });

  test('but not when no check was run', { timeout: SLOW }, async () => {
    const none = await run('--hook', SAMPLE, '--url', world.server.url, '--only', 'no title has this');

    expect(none.said).not.toContain('stays on the server');
  });
});
