// A database that the original filled is served by chatoxide in place, and the original can be started on it again.
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { Client } from '../support/client';
import { createPostgres, type PostgresDatabase, required } from '../support/databases';
import { seedRoom, seedUsers } from '../support/seed';
import { Server } from '../support/server';
import { Original } from './node_server';
import { play, ROOM, USERS } from './script';

const FORMS = {
  'Prisma 6 and later': '',
  'Prisma 5 and before': `ALTER TABLE "_RoomMembers" DROP CONSTRAINT "_RoomMembers_AB_pkey";
    CREATE UNIQUE INDEX "_RoomMembers_AB_unique" ON "_RoomMembers" ("A", "B")`,
};

async function dump(database: PostgresDatabase): Promise<string> {
  const program = `${required('TEST_PG_BIN')}/pg_dump`;
  const { stdout } = await promisify(execFile)(program, [
    '--schema-only',
    '-n',
    'public',
    database.env.DATABASE_URL,
  ]);
  // Newer releases write a random word at both ends.
  return stdout.replaceAll(/^\\(un)?restrict .*$/gm, '');
}

describe.each(Object.entries(FORMS))('a database of %s', (_, form) => {
  let original: Original;
  let database: PostgresDatabase;
  let server: Server;

  beforeAll(async () => {
    original = await Original.build();
    database = await createPostgres();
    server = new Server(database);
    await server.migrate();
    // As Prisma leaves it: without anything of ours.
    await database.execute(`DROP SCHEMA chatoxide CASCADE; ${form || 'SELECT 1'}`);
    await seedUsers(
      database,
      Object.entries(USERS).map(([id, name]) => ({ id, name })),
    );
    await seedRoom(database, { id: ROOM, name: 'General', type: 'private', members: Object.keys(USERS) });
  });
  afterAll(async () => {
    await server.remove();
    await original.remove();
  });

  test('is filled by Node, served by chatoxide unchanged, and read by Node again', async () => {
    const node = await original.start(database);
    await play(node.url, 'websocket');
    await node.stop();
    const before = await dump(database);

    await server.start();
    const alice = Client.open(server.url, { id: 'alice', name: 'Alice' }, { transport: 'websocket' });
    await alice.connected();
    await alice.ask('room:join', ROOM);
    const [old] = (await alice.next('room:history')).messages;
    expect(old).toMatchObject({
      content: 'an answer',
      senderName: 'Bob',
      metadata: { width: 3, tags: ['a'] },
    });
    const sent = await alice.ask('message:send', {
      roomId: ROOM,
      content: 'by chatoxide',
      metadata: { n: [1, null] },
    });
    const { message } = sent as { message: { id: string; createdAt: string } };
    await alice.ask('reaction:add', { messageId: message.id, roomId: ROOM, emoji: '👍' });
    await alice.ask('message:edit', { messageId: message.id, content: 'edited by chatoxide' });
    alice.close();
    await server.stop();
    expect(await dump(database)).toBe(before);

    // Started again, it finds what it wrote.
    await server.start();
    const again = Client.open(server.url, { id: 'bob', name: 'Bob' }, { transport: 'polling' });
    await again.connected();
    await again.ask('room:join', ROOM);
    const { messages } = await again.next('room:history');
    expect(messages.map(({ content }) => content)).toEqual(['edited by chatoxide', 'an answer']);
    expect(messages[0].reactions).toEqual([{ emoji: '👍', userId: 'alice' }]);
    again.close();
    await server.stop();
    expect(await dump(database)).toBe(before);

    // Node reads our rows as its own.
    const rows = await original.script(
      database,
      `const messages = await prisma.message.findMany({ orderBy: { createdAt: 'desc' },
         include: { sender: true, reactions: true } });
       const rooms = await prisma.room.findMany({ include: { members: true } });
       console.log(JSON.stringify({ messages, rooms }));
       await prisma.$disconnect();`,
    );
    expect(rows).toMatchObject({
      messages: [
        {
          id: message.id,
          content: 'edited by chatoxide',
          type: 'text',
          metadata: { n: [1, null] },
          replyTo: null,
          createdAt: message.createdAt,
          sender: { id: 'alice', name: 'Alice' },
          reactions: [{ userId: 'alice', emoji: '👍' }],
        },
        { content: 'an answer', sender: { name: 'Bob' } },
      ],
      rooms: [{ id: ROOM, type: 'private', members: [{ id: 'alice' }, { id: 'bob' }] }],
    });

    const nodeAgain = await original.start(database);
    const transcript = await play(nodeAgain.url, 'websocket');
    await nodeAgain.stop();
    const history = transcript.alice.find((line) => line.what === 'room:history');
    expect(history?.arguments).toMatchObject([
      { messages: [{ content: 'edited by chatoxide' }, { content: 'an answer' }] },
    ]);
  });
});
