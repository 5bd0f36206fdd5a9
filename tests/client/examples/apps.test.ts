// The examples of examples/, built as their users build them, against the server under test: web pages in a real browser, and
// the bot for Node. The programs for Python are tried in clients/python/tests/test_bot.py.
import { readFile } from 'node:fs/promises';
import { createServer, type Server as HttpServer } from 'node:http';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import path from 'node:path';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { launch, PATIENCE } from '../browser/pages';
import { seedMessages, seedRoom, seedUsers } from '../support/seed';
import { Server } from '../support/server';
import { Client } from '../support/client';
import { SECRET, tokenOf } from '../support/tokens';
import { EXAMPLES, install, pack, Program, type User } from './app';

const LONG = 180_000;
const ALICE = { id: 'alice', name: 'Alice' };
const TYPES: Record<string, string> = { '.html': 'text/html', '.js': 'text/javascript', '.css': 'text/css' };

let server: Server;
let browser: Browser;
let packed: Awaited<ReturnType<typeof pack>>;

beforeAll(async () => {
  [server, browser, packed] = await Promise.all([Server.start('sqlite'), launch(), pack()]);
  await seedUsers(server.database, [ALICE]);
  await seedRoom(server.database, { id: 'general', name: 'General', type: 'public', members: ['alice'] });
  const welcome = { id: 'm-1', senderId: 'alice', content: 'said before', at: Date.now() - 60_000 };
  await seedMessages(server.database, 'general', [welcome]);
}, LONG);

afterAll(async () => {
  await Promise.all([browser.close(), server.remove(), packed.remove()]);
}, LONG);

/** Serves the files of a folder, as any web server does. */
async function serve(folder: string): Promise<{ url: string; front: HttpServer }> {
  const front = createServer((request, response) => {
    const { pathname } = new URL(request.url ?? '/', 'http://localhost');
    const file = pathname === '/' ? '/index.html' : pathname;
    readFile(path.join(folder, file)).then(
      (text) => response.setHeader('content-type', TYPES[path.extname(file)] ?? 'image/png').end(text),
      () => response.writeHead(404).end(),
    );
  }).listen(0, '127.0.0.1');
  await once(front, 'listening');
  return { url: `http://127.0.0.1:${(front.address() as AddressInfo).port}`, front };
}

/** A page, and what goes wrong on it. */
async function open(url: string): Promise<{ page: Page; faults: string[] }> {
  const page = await browser.newPage();
  page.setDefaultTimeout(PATIENCE);
  const faults: string[] = [];
  page.on('pageerror', ({ message }) => faults.push(message));
  page.on('console', (message) => {
    // The examples have no icon.
    const isIcon = message.location().url.endsWith('/favicon.ico');
    if (/error|warning/.test(message.type()) && !isIcon) faults.push(message.text());
  });
  await page.goto(url);
  return { page, faults };
}

/** The component shows what was said, at a size that can be read, and says something. */
async function talks(
  url: string,
  words: string,
  look: (page: Page) => Promise<void> = () => Promise.resolve(),
): Promise<void> {
  const { page, faults } = await open(url);
  const message = page.locator('article').filter({ hasText: 'said before' });
  await message.waitFor();
  const list = await page.getByRole('log', { name: 'Messages' }).boundingBox();
  expect(list?.height).toBeGreaterThan(200);
  const box = await message.boundingBox();
  expect(box?.height).toBeGreaterThan(20);
  expect(box?.y).toBeLessThan(page.viewportSize()?.height ?? 0);

  await look(page);

  const composer = page.getByRole('textbox', { name: 'Write a message' });
  await composer.fill(words);
  await composer.press('Enter');
  await page.locator('article.chat-message--sent').filter({ hasText: words }).waitFor();
  expect(faults).toEqual([]);
  await page.close();
}

test('plain HTML, opened from the disk', { timeout: LONG }, async () => {
  const text = await readFile(path.join(EXAMPLES, 'html/index.html'), 'utf8');
  const folder = await install(packed.tarball, 'node-bot');
  await folder.write('index.html', text.replaceAll('http://localhost:3000', server.url));
  const { page, faults } = await open(`file://${folder.folder}/index.html#${tokenOf(ALICE)}`);

  await page.getByText('Alice: said before').waitFor();
  await page.getByLabel('Message').fill('from plain HTML');
  await page.getByRole('button', { name: 'Send' }).click();
  await page.getByText('Alice: from plain HTML').waitFor();
  expect(await page.getByLabel('Message').inputValue()).toBe('');
  expect(faults).toEqual([]);
  await page.close();
  await folder.remove();
});

test('Vite: compiled, built and served', { timeout: LONG }, async () => {
  const app = await install(packed.tarball, 'vite');
  await app.tool('tsc', ['--noEmit']);
  await app.tool('vite', ['build', '--logLevel', 'warn'], { VITE_CHAT_URL: server.url });
  const { url, front } = await serve(path.join(app.folder, 'dist'));
  await talks(`${url}/#${tokenOf(ALICE)}`, 'from Vite');

  // The other component of the README in its place.
  const main = await readFile(path.join(EXAMPLES, 'vite/src/main.tsx'), 'utf8');
  await app.write('src/main.tsx', main.replace(/\bPage\b/g, 'Rooms').replace("'./Page'", "'./Rooms'"));
  await app.tool('tsc', ['--noEmit']);
  await app.tool('vite', ['build', '--logLevel', 'warn'], { VITE_CHAT_URL: server.url });
  await talks(`${url}/#${tokenOf(ALICE)}`, 'from the list of rooms', async (page) => {
    const room = page.getByRole('button', { name: 'General' });
    const box = await room.boundingBox();
    expect(box?.height).toBeGreaterThan(20);
    const badge = await room.evaluate((row) => getComputedStyle(row).display);
    expect(badge, 'the stylesheet is there').toBe('flex');
  });
  front.close();
  await app.remove();
});

test('Next.js: a server page of the App Router is built and started', { timeout: LONG }, async () => {
  const app = await install(packed.tarball, 'nextjs');
  const env = {
    NEXT_TELEMETRY_DISABLED: '1',
    NODE_ENV: 'production',
    CHAT_URL: server.url,
    JWT_SECRET: SECRET,
  };
  await app.tool('next', ['build'], env);
  const next = path.join(app.folder, 'node_modules/next/dist/bin/next');
  const program = new Program(
    [process.execPath, next, 'start', '--port', '0', '--hostname', '127.0.0.1'],
    app.folder,
    env,
  );
  try {
    const [, url = ''] = await program.says(/(http:\/\/127\.0\.0\.1:\d+)/);
    const html = await (await fetch(url)).text();
    expect(html, program.said).toContain('<section class="chat-room"');
    expect(html).not.toContain(SECRET);
    await talks(url, 'from Next.js');
  } finally {
    await program.interrupt();
  }
  await app.remove();
});

describe('the bot for Node', () => {
  let app: User;
  beforeAll(async () => {
    app = await install(packed.tarball, 'node-bot');
  });
  afterAll(() => app.remove());

  const start = (token: string) =>
    new Program([process.execPath, 'bot.js'], app.folder, {
      CHAT_URL: server.url,
      CHAT_TOKEN: token,
      CHAT_ROOM: 'bots',
    });

  test('answers what comes, not what was there, and ends by Ctrl+C', { timeout: LONG }, async () => {
    await seedRoom(server.database, { id: 'bots', name: 'Bots', type: 'public', members: ['alice'] });
    const alice = await Client.connect(server.url, ALICE);
    await alice.ask('room:join', 'bots');
    await alice.ask('message:send', { roomId: 'bots', content: '!echo before' });
    alice.forget();
    const bot = start(tokenOf({ id: 'echo', name: 'Echo' }));
    try {
      await bot.says(/^connected$/m);
      expect((await alice.next('room:user-joined')).user.id).toBe('echo');
      const { message } = await alice.ask('message:send', { roomId: 'bots', content: '!echo Anybody?' });
      expect((await alice.next('message:new')).id).toBe(message.id);
      const answer = await alice.next('message:new');
      expect(answer).toMatchObject({ senderId: 'echo', content: 'Anybody?', replyTo: message.id });
    } finally {
      expect(await bot.interrupt()).toBe(0);
    }
    expect(alice.faults).toEqual([]);
    alice.close();
  });

  test('says what is wrong with its token', { timeout: LONG }, async () => {
    const refused = start('no token');
    await refused.says(/^refused: Authentication failed$/m);
    await refused.interrupt();
    const unset = start('');
    await unset.says(/Set CHAT_TOKEN: the command/);
    await unset.interrupt();
  });
});
