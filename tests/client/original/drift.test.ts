// Prisma and chatoxide on one database: each finds the other's tables to be its own, and neither wants to change them.
import { afterEach, describe, expect, test } from 'vitest';
import { Client } from '../support/client';
import { createPostgres, type PostgresDatabase } from '../support/databases';
import { referenceBlock } from '../support/reference';
import * as engine from '../support/schema_engine';
import { seedRoom, seedUsers } from '../support/seed';
import { Server } from '../support/server';

const SCHEMA = `datasource db {\n  provider = "postgresql"\n}\n${referenceBlock('// prisma/schema.prisma')}`;
const push = (database: PostgresDatabase) => engine.push(database, SCHEMA);
const drift = (database: PostgresDatabase) => engine.drift(database, SCHEMA);

const cleanUp: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const step of cleanUp.splice(0).reverse()) await step();
});

async function aDatabase(): Promise<PostgresDatabase> {
  const database = await createPostgres();
  cleanUp.push(database.drop);
  return database;
}

// Starts a server on it, and does a little of everything that writes.
async function serve(database: PostgresDatabase): Promise<void> {
  const server = new Server(database);
  await server.start();
  cleanUp.push(() => server.stop());
  await seedUsers(database, [{ id: 'alice', name: 'Alice' }]);
  await seedRoom(database, { id: 'general', name: 'General', type: 'private', members: ['alice'] });
  const alice = await Client.connect(server.url, { id: 'alice', name: 'Alice' });
  const bob = await Client.connect(server.url, { id: 'bob', name: 'Bob' });
  cleanUp.push(() => Promise.resolve([alice, bob].forEach((client) => client.close())));
  const { message } = await alice.ask('message:send', { roomId: 'general', content: 'hello' });
  await alice.ask('reaction:add', { messageId: message.id, roomId: 'general', emoji: '👍' });
  await alice.ask('message:edit', { messageId: message.id, content: 'hello again' });
  expect((await bob.ask('dm:start', 'alice')).room.id).toBe('dm:alice:bob');
  expect((await alice.ask('message:delete', { messageId: message.id })).success).toBe(true);
}

describe('Prisma', () => {
  test('has nothing to change in the tables that chatoxide makes', async () => {
    const database = await aDatabase();
    await new Server(database).migrate();

    expect(await drift(database)).toBe('');
    expect(await push(database)).toBe(0);
  });

  test('has nothing to change after chatoxide has served the tables that Prisma made', async () => {
    const database = await aDatabase();
    // That something is seen at all, if there is something to see.
    expect(await drift(database)).toContain('CREATE TABLE "_RoomMembers"');
    expect(await push(database)).toBeGreaterThan(0);

    await serve(database);

    expect(await drift(database)).toBe('');
    expect(await push(database)).toBe(0);
  });

  test('has nothing to change in a watched database, and its changes are no obstacle', async () => {
    const database = await aDatabase();
    await push(database);
    await new Server(database).migrate('--watch');

    expect(await drift(database)).toBe('');
    expect(await push(database)).toBe(0);
    await database.execute('ALTER TABLE "Message" ALTER "content" TYPE VARCHAR(100)');
    expect(await push(database)).toBeGreaterThan(0);
    expect(await drift(database)).toBe('');
  });

  test('has to change what it had to before, when its tables are of Prisma 5', async () => {
    const database = await aDatabase();
    await push(database);
    await database.execute(
      `ALTER TABLE "_RoomMembers" DROP CONSTRAINT "_RoomMembers_AB_pkey";
       CREATE UNIQUE INDEX "_RoomMembers_AB_unique" ON "_RoomMembers"("A", "B")`,
    );
    const before = await drift(database);
    expect(before).toContain('_RoomMembers_AB_pkey');

    await serve(database);

    expect(await drift(database)).toBe(before);
    expect(await push(database)).toBeGreaterThan(0);
  });
});
