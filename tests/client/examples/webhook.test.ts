// The example of an endpoint for EVENT_WEBHOOK, run as its users run it, beside the server under test.
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { io, type Socket } from 'socket.io-client';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { seedRoom, seedUsers } from '../support/seed';
import { Server } from '../support/server';
import { tokenOf } from '../support/tokens';
import { EXAMPLES, Program } from './app';

const SECRET = 'a secret of more than 24 bytes';
const ALICE = { id: 'alice', name: 'Alice' };
const BOB = { id: 'bob', name: 'Bob' };

let endpoint: Program;
let url: string;
let server: Server;
const sockets: Socket[] = [];

beforeAll(async () => {
  const variables = { CHAT_WEBHOOK_SECRET: SECRET, PORT: '0' };
  endpoint = new Program(['node', 'server.js'], path.join(EXAMPLES, 'node-webhook'), variables);
  const [, port] = await endpoint.says(/listening on (\d+)/);
  url = `http://127.0.0.1:${port}/`;
  server = await Server.start('sqlite', { EVENT_WEBHOOK: url, EVENT_WEBHOOK_SECRET: SECRET });
  await seedUsers(server.database, [ALICE, BOB]);
  await seedRoom(server.database, {
    id: 'general',
    name: 'General',
    type: 'public',
    members: ['alice', 'bob'],
  });
});

afterAll(async () => {
  sockets.forEach((socket) => socket.disconnect());
  await Promise.all([endpoint.interrupt(), server.remove()]);
});

async function enter(user: typeof ALICE): Promise<Socket> {
  const socket = io(server.url, { auth: { token: tokenOf(user) }, forceNew: true });
  sockets.push(socket);
  expect(await socket.emitWithAck('room:join', 'general')).toEqual({ success: true });
  return socket;
}

test('an event of a front end is posted and acked, and the people in the room hear of it', async () => {
  const [alice, bob] = await Promise.all([enter(ALICE), enter(BOB)]);
  const heard = new Promise((resolve) => bob.once('poll:opened', resolve));

  const ack: unknown = await alice.emitWithAck('poll:open', { roomId: 'general', question: 'Tea?' });

  expect(ack).toEqual({ success: true });
  expect(await heard).toEqual({ roomId: 'general', question: 'Tea?', by: ALICE });
  expect(await alice.emitWithAck('poll:close', {})).toEqual({ success: false });
  expect(await alice.emitWithAck('poll:open')).toEqual({ success: false });
});

test('a request without the right signature is refused', async () => {
  const now = Math.floor(Date.now() / 1000).toString();
  const headers = { 'webhook-id': '1', 'webhook-timestamp': now, 'webhook-signature': 'v1,x' };

  const answer = await fetch(url, { method: 'POST', headers, body: '{}' });

  expect(answer.status).toBe(401);
});

test('the example has at most 20 lines', () => {
  const lines = readFileSync(path.join(EXAMPLES, 'node-webhook', 'server.js'), 'utf8')
    .trimEnd()
    .split('\n');

  expect(lines.length).toBeLessThanOrEqual(20);
});
