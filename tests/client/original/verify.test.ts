// `chatoxide verify` beside the original server: it finds the deliberate differences and no others, and it finds what a team has
// changed in its Node server.
import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { type AddressInfo, connect } from 'node:net';
import path from 'node:path';
import { createServer } from 'node:tls';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createPostgres, type PostgresDatabase, required } from '../support/databases';
import { seedRoom, seedUsers } from '../support/seed';
import { Server } from '../support/server';
import { SECRET, tokenOf } from '../support/tokens';
import { Original } from './node_server';

interface Found {
  number?: number;
  step: string;
  who: string;
  event: string;
  text: string;
}

interface Report {
  verdict: string;
  steps: number;
  differences: Found[];
  deliberate: Found[];
  added: { event: string; key: string }[];
  notPlayed: { number?: number; text: string }[];
  left: { users: string[]; rooms: string[]; direct: string | null };
}

let database: PostgresDatabase;
let server: Server;
const ends: (() => Promise<unknown>)[] = [];

beforeAll(async () => {
  database = await createPostgres();
  server = new Server(database);
  ends.push(() => server.remove());
  await server.migrate();
  await seedUsers(database, [
    { id: 'alice', name: 'Alice' },
    { id: 'bob', name: 'Bob' },
  ]);
  await seedRoom(database, { id: 'general', name: 'General', type: 'public', members: ['alice', 'bob'] });
  await server.start();
});
afterAll(async () => {
  for (const end of ends.splice(0).reverse()) await end();
});

/** A Node server on the same database. */
async function node(changes: [string, string][] = []): Promise<string> {
  const original = await Original.build(changes);
  ends.push(original.remove);
  const running = await original.start(database);
  ends.push(() => running.stop());
  return running.url;
}

async function run(url: string, more: string[] = [], env: Record<string, string> = {}) {
  const { code, stdout, stderr } = await new Promise<{ code: number; stdout: string; stderr: string }>(
    (resolve) =>
      execFile(
        required('CHATOXIDE_BIN'),
        ['verify', '--node', url, '--ours', server.url, '--json', ...more],
        { env: { JWT_SECRET: SECRET, ...env } },
        (error, stdout, stderr) => resolve({ code: Number(error?.code ?? 0), stdout, stderr }),
      ),
  );
  return { code, stderr, report: JSON.parse(stdout || '{}') as Report };
}

/** A proxy that takes TLS connections for a server. */
async function encrypted(url: string): Promise<string> {
  const authority = required('TEST_POSTGRES_CA');
  const file = (name: string) => readFileSync(path.join(path.dirname(authority), name));
  const proxy = createServer({ key: file('server.key'), cert: file('server.pem') }, (client) => {
    const inner = connect(Number(new URL(url).port), '127.0.0.1');
    for (const socket of [client, inner]) socket.on('error', () => (client.destroy(), inner.destroy()));
    client.pipe(inner).pipe(client);
  });
  await new Promise<void>((resolve) => proxy.listen(0, '127.0.0.1', resolve));
  ends.push(() => Promise.resolve(proxy.close()));
  return `https://127.0.0.1:${(proxy.address() as AddressInfo).port}`;
}

/** The number of rows of each of the chat's tables. */
const counts = () =>
  database.query(`SELECT (SELECT count(*) FROM "User") AS users, (SELECT count(*) FROM "Room") AS rooms,
    (SELECT count(*) FROM "_RoomMembers") AS members, (SELECT count(*) FROM "Message") AS messages,
    (SELECT count(*) FROM "Reaction") AS reactions, (SELECT count(*) FROM chatoxide.room_head) AS heads`);

test('the original differs on purpose only, and nothing is left in the database', async () => {
  const before = await counts();

  const { code, report, stderr } = await run(await node(), ['--database', database.env.DATABASE_URL]);

  expect(report.differences).toEqual([]);
  expect({ code, stderr, verdict: report.verdict }).toEqual({ code: 0, stderr: '', verdict: 'same' });
  const shown = new Set(report.deliberate.map(({ number }) => number));
  expect([...shown].sort((a, b) => Number(a) - Number(b))).toEqual([2, 5, 7, 8, 10, 11]);
  expect(report.notPlayed.map(({ number }) => number)).toEqual([1, 4, 6, 9]);
  expect(report.added).toContainEqual({ event: 'message:new', key: 'reactions' });
  expect(report.steps).toBeGreaterThan(30);
  expect(report.left).toMatchObject({ users: [], rooms: [] });
  expect(await counts()).toEqual(before);
}, 60_000);

test('users and a room that are there are used, and keep their rows', async () => {
  const before = await counts();
  const tokens = ['alice', 'bob'].flatMap((id) => ['--token', tokenOf({ id, name: id })]);

  const { code, report, stderr } = await run(await node(), [...tokens, '--room', 'general']);

  expect({ code, stderr, differences: report.differences }).toEqual({ code: 0, stderr: '', differences: [] });
  expect(report.left).toMatchObject({ users: [], rooms: [], direct: 'dm:alice:bob' });
  const [{ users, messages }] = before;
  expect((await counts())[0]).toMatchObject({ users, messages });
}, 60_000);

test("changes of a team's own server are found, with the step in which they show", async () => {
  const url = await node([
    ["emit('message:new', message)", "emit('message:new', { ...message, senderAvatar: null })"],
    ["emit('reaction:removed'", "emit('reaction:gone'"],
    ["error: 'Message not found'", "error: 'No such message'"],
    ['callback({ messages })', 'callback({ messages, hasMore: false })'],
  ]);

  const { code, report, stderr } = await run(url, [
    '--database',
    database.env.DATABASE_URL,
    '--patience',
    '3',
  ]);

  expect({ code, verdict: report.verdict }).toEqual({ code: 1, verdict: 'different' });
  expect(stderr).toContain('differences from Node');
  const found = (step: string) =>
    report.differences.filter((one) => one.step === step).map(({ event, text }) => `${event}: ${text}`);
  expect(new Set(found('the first user sends a message'))).toEqual(
    new Set(['message:new: senderAvatar is missing, which is null with Node']),
  );
  expect(found('the reaction is removed')).toEqual(
    expect.arrayContaining([
      'reaction:gone: chatoxide does not send it',
      expect.stringContaining('reaction:removed: only chatoxide sends it'),
    ]),
  );
  expect(found("another user's message is edited")).toEqual([
    'ack message:edit: error is "Message not found", with Node "No such message"',
  ]);
  expect(found('one message is loaded')).toEqual([
    'ack messages:load: hasMore is missing, which is false with Node',
  ]);
}, 60_000);

test('a server behind TLS is asked if its certificate is trusted, and only then', async () => {
  const url = await encrypted(await node());

  const distrusted = await run(url);
  const trusted = await run(url, ['--database', database.env.DATABASE_URL], {
    SSL_CERT_FILE: required('TEST_POSTGRES_CA'),
  });

  expect(distrusted.code).toBe(2);
  expect(distrusted.stderr).toMatch(/cannot be reached: .*certificate/);
  expect({ code: trusted.code, differences: trusted.report.differences }).toEqual({
    code: 0,
    differences: [],
  });
}, 60_000);
