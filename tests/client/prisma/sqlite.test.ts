// A SQLite file that Prisma made is served in place, and Prisma reads all that was written: in both formats in which it
// stores times.
import { execFile } from 'node:child_process';
import { copyFile, readFile } from 'node:fs/promises';
import path from 'node:path';
import { promisify } from 'node:util';
import { PrismaLibSql } from '@prisma/adapter-libsql';
import { build } from 'esbuild';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { Client } from '../support/client';
import { createDatabase } from '../support/databases';
import { buildFolder } from '../support/reference';
import { pushSqlite } from '../support/schema_engine';
import { Server } from '../support/server';

const SCHEMA = path.resolve(import.meta.dirname, 'sqlite.prisma');
const PRISMA = path.resolve(import.meta.dirname, '../node_modules/.bin/prisma');
const AT = new Date('2026-03-04T05:06:07.089Z');

interface Message {
  content: string;
  createdAt: Date;
  updatedAt: Date | null;
  metadata: unknown;
  sender: { name: string };
  reactions: { emoji: string; user: { id: string } }[];
}
interface Table<T> {
  create(arguments_: { data: object }): Promise<unknown>;
  findMany(arguments_?: object): Promise<T[]>;
}
interface Prisma {
  user: Table<{ id: string; createdAt: Date; updatedAt: Date }>;
  room: Table<{ id: string; name: string; type: string; createdAt: Date; members: { id: string }[] }>;
  message: Table<Message>;
  reaction: Table<unknown>;
  $disconnect(): Promise<void>;
}

let PrismaClient: new (options: object) => Prisma;
let remove: () => Promise<void>;

beforeAll(async () => {
  const made = await buildFolder('prisma-sqlite');
  remove = made.remove;
  await copyFile(SCHEMA, path.join(made.folder, 'schema.prisma'));
  await promisify(execFile)(PRISMA, ['generate', '--schema', 'schema.prisma'], {
    cwd: made.folder,
    // Generating needs no engine; without this it would look for one to download.
    env: { ...process.env, PRISMA_SCHEMA_ENGINE_BINARY: '/bin/true', CHECKPOINT_DISABLE: '1' },
  });
  const outfile = path.join(made.folder, 'client.mjs');
  await build({
    entryPoints: [path.join(made.folder, 'generated/client.ts')],
    outfile,
    bundle: true,
    packages: 'external',
    platform: 'node',
    format: 'esm',
    logLevel: 'silent',
  });
  ({ PrismaClient } = (await import(outfile)) as { PrismaClient: typeof PrismaClient });
});
afterAll(() => remove());

test.each(['iso8601', 'unixepoch-ms'] as const)(
  'Prisma reads what was written, times as %s',
  async (format) => {
    const database = await createDatabase('sqlite');
    const url = database.env.DATABASE_URL.replace('sqlite://', 'file:');
    const adapter = new PrismaLibSql({ url }, { timestampFormat: format });
    expect(await pushSqlite(adapter, await readFile(SCHEMA, 'utf8'))).toBeGreaterThan(0);
    const prisma = new PrismaClient({ adapter });
    const user = (id: string) => ({ id, name: id, email: `${id}@example.org`, createdAt: AT });
    await prisma.user.create({ data: user('alice') });
    const members = { connect: [{ id: 'alice' }] };
    await prisma.room.create({ data: { id: 'old', name: 'Old', type: 'private', createdAt: AT, members } });
    const first = { id: 'm1', roomId: 'old', senderId: 'alice', content: 'first', createdAt: AT };
    await prisma.message.create({ data: { ...first, metadata: { a: [1, 'é'] } } });
    await prisma.reaction.create({ data: { messageId: 'm1', userId: 'alice', emoji: '👍' } });
    await prisma.$disconnect();

    const server = new Server({ ...database, env: { DATABASE_URL: url } });
    await server.start();
    const alice = await Client.connect(server.url, { id: 'alice', name: 'Alice' });
    await alice.ask('room:join', 'old');
    const history = await alice.next('room:history');
    expect(history.messages).toMatchObject([
      { content: 'first', createdAt: AT.toISOString(), metadata: { a: [1, 'é'] }, updatedAt: null },
    ]);
    const sent = await alice.ask('message:send', { roomId: 'old', content: 'second', metadata: { b: null } });
    const edit = await alice.ask('message:edit', { messageId: 'm1', content: 'first, edited' });
    await alice.ask('reaction:add', { messageId: 'm1', roomId: 'old', emoji: '🎉' });
    const bob = await Client.connect(server.url, { id: 'bob', name: 'Bob' });
    expect(await bob.ask('room:create', { name: 'New', type: 'private', members: ['alice'] })).toMatchObject({
      success: true,
    });
    expect(await bob.ask('dm:start', 'alice')).toMatchObject({ success: true });
    [alice, bob].forEach((client) => client.close());
    await server.stop();

    const again = new PrismaClient({ adapter });
    const users = await again.user.findMany({ orderBy: { id: 'asc' } });
    expect(users.map(({ id }) => id)).toEqual(['alice', 'bob']);
    expect(users[0].createdAt).toEqual(AT);
    expect(users[1].updatedAt).toEqual(users[1].createdAt);
    const rooms = await again.room.findMany({ orderBy: { createdAt: 'asc' }, include: { members: true } });
    expect(rooms.map(({ name, type }) => [name, type])).toEqual([
      ['Old', 'private'],
      ['New', 'private'],
      ['Direct Message', 'direct'],
    ]);
    expect(rooms.map((room) => room.members.map(({ id }) => id).sort())).toEqual([
      ['alice'],
      ['alice', 'bob'],
      ['alice', 'bob'],
    ]);
    const messages = await again.message.findMany({
      orderBy: { createdAt: 'asc' },
      include: { sender: true, reactions: { include: { user: true }, orderBy: { emoji: 'asc' } } },
    });
    const edited = (edit as { message: { updatedAt: string } }).message.updatedAt;
    const { createdAt } = (sent as { message: { createdAt: string } }).message;
    expect(messages).toMatchObject([
      { content: 'first, edited', createdAt: AT, updatedAt: new Date(edited), metadata: { a: [1, 'é'] } },
      { content: 'second', createdAt: new Date(createdAt), updatedAt: null, metadata: { b: null } },
    ]);
    expect(messages[0].reactions.map(({ emoji, user }) => [emoji, user.id])).toEqual([
      ['🎉', 'alice'],
      ['👍', 'alice'],
    ]);
    await again.$disconnect();
    await database.drop();
  },
);
