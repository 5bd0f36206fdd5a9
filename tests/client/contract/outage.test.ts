// The database goes away and comes back: clients are told within five seconds, stay connected, and go on afterwards.
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import type { Client } from '../support/client';
import { sql } from '../support/databases';
import { PrivatePostgres } from '../support/postgres';
import type { ClientEvent } from '../support/protocol';
import { request } from '../support/raw';
import { Server } from '../support/server';
import { expectSilence, forgotten, settled, World } from '../support/world';

// The promise is five seconds; the rest is for a machine that is busy.
const ANSWERED_WITHIN = 5_500;
const BACK_WITHIN = 15_000;

let postgres: PrivatePostgres;
const world = new World('postgresql');

beforeAll(async () => {
  postgres = await PrivatePostgres.create();
  await world.startOn(new Server(postgres.database()));
});
afterEach(() => world.closeClients());
afterAll(() => world.stop());

const readyz = async () => (await request(`${world.server.url}/readyz`)).status;

async function expectRefusedInTime(client: Client, event: ClientEvent, argument: unknown): Promise<void> {
  const before = Date.now();
  const answer = await client.ask(event, argument);
  expect(answer, event).toMatchObject({ success: false, code: 'unavailable' });
  expect(answer.error).not.toBe('');
  expect(Date.now() - before, event).toBeLessThan(ANSWERED_WITHIN);
}

// Asks until it is done: connections that died with the database may cost a refusal or two.
async function sentAgain(client: Client, room: string, content: string): Promise<void> {
  const deadline = Date.now() + BACK_WITHIN;
  for (;;) {
    const answer = await client.ask('message:send', { roomId: room, content });
    if (answer.success) return;
    expect(Date.now(), answer.error).toBeLessThan(deadline);
  }
}

test(
  'a database that is gone is said to be gone, and work goes on when it is back',
  { timeout: 60_000 },
  async () => {
    const { room, alice, bob } = await world.meet('alice', 'bob');
    const { message } = await alice.ask('message:send', { roomId: room, content: 'before' });
    await forgotten(alice, bob);
    expect(await readyz()).toBe(200);

    await postgres.stop();

    await expectRefusedInTime(alice, 'message:send', { roomId: room, content: 'while it is away' });
    await Promise.all([
      expectRefusedInTime(alice, 'message:send', { roomId: room, content: 'while it is away' }),
      expectRefusedInTime(bob, 'message:edit', { messageId: message.id, content: 'while it is away' }),
      expectRefusedInTime(bob, 'room:join', world.unique('unseen')),
      expectRefusedInTime(bob, 'messages:load', { roomId: room, before: '2026-01-31T09:05:07.042Z' }),
      expectRefusedInTime(bob, 'dm:start', world.unique('unseen')),
    ]);
    expect(await readyz()).toBe(503);
    expect((await request(`${world.server.url}/healthz`)).status).toBe(200);
    expect([alice.socket.connected, bob.socket.connected]).toEqual([true, true]);
    await expectSilence(alice, bob);

    await postgres.start();

    await sentAgain(alice, room, 'after');
    expect(await bob.next('message:new')).toMatchObject({ content: 'after' });
    const rows = await world.database.query(`SELECT "content" FROM "Message" WHERE "roomId" = ${sql(room)}`);
    expect(rows.map((row) => row.content).sort()).toEqual(['after', 'before']);
    expect(await readyz()).toBe(200);
  },
);

test(
  'a database that hangs is said to be away in time, and work goes on when it answers',
  { timeout: 60_000 },
  async () => {
    const { room, alice, bob } = await world.meet('alice', 'bob');

    await postgres.freeze();

    await Promise.all([
      expectRefusedInTime(alice, 'message:send', { roomId: room, content: 'while it hangs' }),
      expectRefusedInTime(bob, 'messages:load', { roomId: room, before: '2026-01-31T09:05:07.042Z' }),
      expectRefusedInTime(bob, 'room:join', world.unique('unseen')),
    ]);
    expect([alice.socket.connected, bob.socket.connected]).toEqual([true, true]);

    await postgres.thaw();

    await sentAgain(alice, room, 'after');
    await settled(bob);
    expect(bob.all('message:new').map((message) => message.content)).toContain('after');
  },
);
