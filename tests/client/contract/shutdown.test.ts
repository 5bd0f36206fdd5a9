// Shutting down: nothing that was acked is lost, and clients come back by themselves once a server is there again.
import { describe, expect, test } from 'vitest';
import { type Client, TRANSPORTS, type Transport } from '../support/client';
import { BACKENDS, sql } from '../support/databases';
import { seedMessages } from '../support/seed';
import { aWorld, settled, type World } from '../support/world';

const SENDERS = 4;
const IN_FLIGHT = 8;
const ENOUGH = 200;

// Clients that send without a pause; `acked` grows until the server is gone.
function load(room: string, clients: Client[]) {
  const acked: string[] = [];
  let stopped = false;
  const send = (client: Client, count: number): void => {
    if (stopped || !client.socket.connected) return;
    const content = `${client.id} ${count}`;
    client.socket.emit('message:send', { roomId: room, content }, (answer: { success: boolean }) => {
      if (answer.success) acked.push(content);
      send(client, count + IN_FLIGHT);
    });
  };
  for (const client of clients) {
    for (let lane = 0; lane < IN_FLIGHT; lane += 1) send(client, lane);
  }
  return { acked, stop: () => void (stopped = true) };
}

async function until(client: Client, right: () => boolean): Promise<void> {
  while (!right()) await client.settle();
}

async function newcomers(world: World, count: number): Promise<{ room: string; clients: Client[] }> {
  const users = Array.from({ length: count }, () => world.user('sender'));
  const room = await world.room({ members: users });
  const clients = await Promise.all(users.map((user) => world.connect(user, { reconnection: true })));
  await world.join(room, ...clients);
  return { room, clients };
}

describe.each(BACKENDS)('shutting down on %s', (backend) => {
  const world = aWorld(backend);

  test.each(Object.keys(TRANSPORTS) as Transport[])(
    'under load over %s: what was acked is kept, and clients come back by themselves',
    { timeout: 60_000 },
    async (transport) => {
      world.transport = transport;
      const { room, clients } = await newcomers(world, SENDERS);
      const sending = load(room, clients);
      await until(clients[0], () => sending.acked.length >= ENOUGH);
      const reasons = Promise.all(clients.map((client) => client.disconnected()));
      const before = Date.now();

      const code = await world.server.stop('SIGTERM');

      expect(code).toBe(0);
      expect(Date.now() - before).toBeLessThan(10_000);
      sending.stop();
      for (const reason of await reasons) {
        // Over polling the request that waits may be answered, or end with the connection.
        const expected =
          transport === 'websocket' ? ['transport close'] : ['transport close', 'transport error'];
        expect(expected).toContain(reason);
      }
      const rows = await world.database.query(
        `SELECT "content" FROM "Message" WHERE "roomId" = ${sql(room)}`,
      );
      const kept = new Set(rows.map((row) => row.content));
      expect(sending.acked.filter((content) => !kept.has(content))).toEqual([]);
      expect(rows).toHaveLength(kept.size);
      for (const client of clients) expect(client.socket.active).toBe(true);

      const back = Promise.all(clients.map((client) => client.reconnected()));
      await world.server.start();

      await back;
      await world.join(room, ...clients);
      const answer = await clients[0].ask('message:send', { roomId: room, content: 'back again' });
      await settled(...clients);
      for (const client of clients) expect(client.all('message:new')).toEqual([answer.message]);
    },
  );

  test('an idle server ends at once, by either signal', { timeout: 60_000 }, async () => {
    for (const signal of ['SIGTERM', 'SIGINT'] as const) {
      await world.connect(world.user('alice'));
      const before = Date.now();

      expect(await world.server.stop(signal)).toBe(0);

      expect(Date.now() - before).toBeLessThan(5_000);
      await world.server.start();
    }
  });

  test('a client that does not read holds nothing up', { timeout: 60_000 }, async () => {
    // Written beforehand: how long the end waits for the database depends on the machine.
    const sender = world.user('sender');
    const room = await world.room({ members: [sender] });
    const messages = Array.from({ length: 50 }, (_, serial) => ({
      id: world.unique('large'),
      senderId: sender.id,
      content: 'x'.repeat(60_000),
      at: Date.now() - 60_000 + serial,
    }));
    await seedMessages(world.database, room, messages);
    const times = [];
    for (const isStalled of [false, true]) {
      const [reader, other] = await Promise.all(
        ['reader', 'other'].map((name) => world.connect(world.user(name), { reconnection: true })),
      );
      if (isStalled) pause(reader);
      // More than the system's buffers hold.
      const page = { roomId: room, before: new Date().toISOString(), limit: 50 };
      for (let count = 0; count < 6; count += 1) reader.socket.emit('messages:load', page, () => undefined);
      if (!isStalled) await reader.ask('messages:load', page);
      await other.ask('messages:load', page);
      const before = Date.now();

      expect(await world.server.stop('SIGTERM')).toBe(0);

      times.push(Date.now() - before);
      await world.server.start();
    }
    // It would take all of SHUTDOWN_TIMEOUT, ten seconds.
    expect(times[1] - times[0]).toBeLessThan(5_000);
  });
});

// Stops reading from the network, over websocket.
function pause(client: Client): void {
  const { transport } = client.socket.io.engine as unknown as { transport: { ws: { pause(): void } } };
  transport.ws.pause();
}
