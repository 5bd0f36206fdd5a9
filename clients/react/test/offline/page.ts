// A page with an offline client, on the server in memory.
import { afterEach, beforeEach, vi } from 'vitest';
import { OfflineClient } from '../../src/core/index.js';
import { startChatServer, type ChatServer, type ServerSeed } from '../../src/testing/index.js';
import { Browser, type Tab } from './browser.js';

/** How long anything may take that must happen, in milliseconds: a busy machine is slow. */
export const PATIENCE = 30_000;
/** Waits until this does not throw. */
export const soon = <T>(check: () => T | Promise<T>) => vi.waitFor(check, PATIENCE);

export interface Page {
  tab: Tab;
  client: OfflineClient;
  /** The texts that are shown, oldest first. */
  texts: () => string[];
}

let current: ChatServer | undefined;
let open: Page[] = [];
export let browser = new Browser();

/** For the top of a test's file: each test begins with an empty browser. */
export function setUpBrowser(): void {
  vi.setConfig({ testTimeout: 2 * PATIENCE });
  beforeEach(() => {
    browser = new Browser();
    vi.stubGlobal('indexedDB', browser.disk);
  });
  afterEach(() => {
    for (const { client } of open) client.close();
    open = [];
    current?.close();
    vi.unstubAllGlobals();
  });
}

export function begin(seed: ServerSeed = {}): ChatServer {
  current = startChatServer(seed);
  return current;
}

/** Opens a tab of a user in a room. */
export function openPage(userId: string, roomId = 'general', tab = browser.open()): Page {
  if (!current) throw new Error('there is no server');
  const client = new OfflineClient({ url: 'http://server', token: current.token(userId), browser: tab });
  client.enter(roomId);
  const texts = () =>
    client
      .room(roomId)
      .get()
      .messages.map(({ content }) => content);
  const page = { tab, client, texts };
  open.push(page);
  return page;
}

/** Ends a page as a crash does: it says nothing to anybody. */
export function kill({ tab, client }: Page): void {
  tab.kill();
  client.socket.disconnect();
  client.socket.connect = () => client.socket;
}

export const connected = ({ client }: Page) =>
  soon(() => {
    if (client.get().status !== 'connected') throw new Error(client.get().status);
  });

/** Waits until all that was stored so far is on the disk. */
export async function settled({ client }: Page): Promise<void> {
  await client.outbox.take('nobody');
}
