// The client's bundles in pages of another origin, in a real browser: by a script tag, and as a module.
import { once } from 'node:events';
import { createServer, type Server as HttpServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { seedMessages, seedRoom, seedUsers } from '../support/seed';
import { Server } from '../support/server';
import { tokenOf } from '../support/tokens';
import { launch } from './pages';

const ALICE = { id: 'alice', name: 'Alice' };
const LONG = 60_000;

let front: HttpServer;
let server: Server;
let browser: Browser;
let page = '';

/** A page's state after it joined a room: the transport in use and the history that it received. */
interface Joined {
  transport: string;
  history: { roomId: string; messages: { content: string }[] };
}

beforeAll(async () => {
  front = createServer((_, response) => response.setHeader('content-type', 'text/html').end(page));
  front.listen(0, '127.0.0.1');
  await once(front, 'listening');
  server = await Server.start('sqlite', { CORS_ORIGIN: frontUrl() });
  await seedUsers(server.database, [ALICE]);
  await seedRoom(server.database, { id: 'general', name: 'General', type: 'public', members: ['alice'] });
  const old = { senderId: 'alice', at: Date.now() - 60_000 };
  await seedMessages(server.database, 'general', [
    { ...old, id: 'm-1', content: 'said before' },
    { ...old, id: 'm-2', content: 'and then', at: old.at + 1 },
  ]);
  browser = await launch();
}, LONG);

afterAll(async () => {
  await browser.close();
  await server.remove();
  front.close();
});

const frontUrl = () => `http://127.0.0.1:${(front.address() as AddressInfo).port}`;

/** The page's script: connects with the bundle's `io`, joins the room and waits for the upgrade to websocket. */
const join = () => `
  const socket = io('${server.url}', { auth: { token: '${tokenOf(ALICE)}' } });
  globalThis.joined = new Promise((resolve, reject) => {
    socket.on('connect', () => socket.emit('room:join', 'general'));
    socket.on('connect_error', reject);
    socket.on('room:history', (history) => {
      const { engine } = socket.io;
      const done = () => resolve({ transport: engine.transport.name, history });
      // The connection starts with polling, which is subject to CORS, and then upgrades to a websocket.
      if (engine.transport.name === 'websocket') done();
      else engine.once('upgrade', done);
    });
  });`;

const byScript = (url: string) => `<script src="${url}"></script><script>${join()}</script>`;
const byModule = (url: string) => `<script type="module">import { io } from '${url}'; ${join()}</script>`;

test.each([
  ['socket.io.js', byScript],
  ['socket.io.min.js', byScript],
  ['socket.io.esm.min.js', byModule],
])('a page of another origin is in a room by %s', { timeout: LONG }, async (bundle, html) => {
  page = `<!doctype html><title>front end</title>${html(`${server.url}/socket.io/${bundle}`)}`;
  const tab = await browser.newPage();
  const faults: string[] = [];
  tab.on('pageerror', ({ message }) => faults.push(message));
  tab.on('console', (message) => message.type() === 'error' && faults.push(message.text()));

  await tab.goto(frontUrl());
  const joined = await tab.evaluate(() => (globalThis as unknown as { joined?: Promise<Joined> }).joined);

  expect(faults).toEqual([]);
  expect(joined?.transport).toBe('websocket');
  expect(joined?.history.roomId).toBe('general');
  expect(joined?.history.messages.map(({ content }) => content)).toEqual(['and then', 'said before']);
  await tab.close();
});

test(
  'a page of an origin that was not allowed gets neither the module nor an answer',
  { timeout: LONG },
  async () => {
    page = '<!doctype html><title>front end</title>';
    const tab = await browser.newPage();
    // The same page under another host name has another origin.
    await tab.goto(frontUrl().replace('127.0.0.1', 'localhost'));

    const ask = (path: string) =>
      tab.evaluate(
        (url) =>
          fetch(url).then(
            ({ status }) => status,
            (error: Error) => error.message,
          ),
        server.url + path,
      );

    expect(await ask('/socket.io/socket.io.esm.min.js')).toBe('Failed to fetch');
    expect(await ask('/socket.io/?EIO=4&transport=polling')).toBe('Failed to fetch');
    await tab.close();
  },
);
