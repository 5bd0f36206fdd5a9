// The client by itself on a server of a test's own: what is written early, what is given back, and how ids are made.
import { IDBFactory } from 'fake-indexeddb';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { BrowserOutbox, ChatClient, MemoryOutbox, type Outbox, type TokenSource } from '../src/core/index.js';
import { uuid } from '../src/core/uuid.js';
import { answers, message, network, reset, sockets, tokenOf } from './fakeServer.js';

vi.mock('socket.io-client', async () => ({ io: (await import('./fakeServer.js')).io }));

let clients: ChatClient[] = [];
beforeEach(reset);
afterEach(() => {
  clients.forEach((client) => client.close());
  clients = [];
  vi.unstubAllGlobals();
});

function open(token: TokenSource, outbox: Outbox = new MemoryOutbox()): ChatClient {
  const client = new ChatClient({ url: 'http://server', token, outbox });
  clients.push(client);
  client.retain();
  return client;
}

/** A function for a token that answers when it is told to. */
function laterToken() {
  let give: (token: string) => void = () => undefined;
  const token = new Promise<string>((resolve) => (give = resolve));
  return { source: () => token, give };
}

const contents = (client: ChatClient) =>
  client
    .room('general')
    .get()
    .messages.map(({ content, status, senderId }) => ({ content, status, senderId }));

/** Takes every message, and tells which in which order; answers `when` it is time. */
function takesMessages(when: Promise<unknown> = Promise.resolve()): string[] {
  const taken: string[] = [];
  answers.set('message:send', async (request, { user = '' }) => {
    const { content } = request as { content: string };
    taken.push(content);
    await when;
    return { success: true, message: message(`id of ${content}`, content, user) };
  });
  return taken;
}

/** Where a page that is gone has left one of Alice's messages. */
async function aDiskWithOneFromBefore(at = 1): Promise<IDBFactory> {
  const disk = new IDBFactory();
  await new BrowserOutbox('gone', disk, undefined).put({
    clientId: 'old',
    owner: 'http://server\nalice',
    page: 'gone',
    serial: 0,
    at,
    request: { roomId: 'general', clientId: 'old', content: 'from before' },
  });
  return disk;
}

test('messages that waited before a reload are shown while the server is away, and sent when it is back', async () => {
  const taken = takesMessages();
  network.isAway = true;
  const source = vi.fn(() => Promise.resolve(tokenOf('alice')));
  const client = open(source, new BrowserOutbox('now', await aDiskWithOneFromBefore(), undefined));
  const shown = { content: 'from before', senderId: 'alice' };
  await vi.waitFor(() => expect(contents(client)).toEqual([{ ...shown, status: 'sending' }]));
  expect(taken).toEqual([]);

  network.isAway = false;
  sockets[0]?.connect();

  await vi.waitFor(() => expect(contents(client)).toEqual([{ ...shown, status: 'sent' }]));
  expect(taken).toEqual(['from before']);
});

test('the client says that it knows what a client id means', async () => {
  open(tokenOf('alice'));
  await vi.waitFor(() => expect(sockets).toHaveLength(1));
  expect(sockets[0]?.protocol).toBe(1);
});

describe('after a reload between a message and its ack', () => {
  const sent = { content: 'from before', senderId: 'alice', status: 'sent' };

  /** The outbox has the message, written `at` then, and the history has it `as` this; either may come first. */
  async function reload(isHistoryFirst: boolean, { at = 1, as = 'id of from before' } = {}) {
    let ack: () => void = () => undefined;
    takesMessages(new Promise<void>((resolve) => (ack = resolve)));
    const outbox = new BrowserOutbox('now', await aDiskWithOneFromBefore(at), undefined);
    let read: () => void = () => undefined;
    const isRead = new Promise<void>((resolve) => (read = resolve));
    const take = outbox.take.bind(outbox);
    vi.spyOn(outbox, 'take').mockImplementation((owner) => isRead.then(() => take(owner)));
    const client = open(tokenOf('alice'), outbox);
    const room = client.room('general');
    const waits = vi.spyOn(room, 'waits');
    const history = { roomId: 'general', messages: [message(as, 'from before', 'alice')] };
    await vi.waitFor(() => expect(client.get().status).toBe('connected'));
    if (isHistoryFirst) sockets[0]?.hears('room:history', history);
    read();
    await vi.waitFor(() => expect(waits).toHaveBeenCalled());
    if (!isHistoryFirst) sockets[0]?.hears('room:history', history);
    const keys = () => room.get().messages.map(({ key }) => key);
    return { client, ack, keys };
  }

  test.each([true, false])('it is shown once, the history first: %s', async (isHistoryFirst) => {
    const { client, ack, keys } = await reload(isHistoryFirst);
    expect(contents(client)).toEqual([sent]);
    ack();
    await vi.waitFor(() => expect(keys()).toEqual(['old']));
  });

  test.each([true, false])(
    'an older one is not taken for it, the history first: %s',
    async (isHistoryFirst) => {
      const { client } = await reload(isHistoryFirst, { at: Date.parse('2026-01-31T09:05:00.001Z') });
      expect(contents(client)).toEqual([sent, { ...sent, status: 'sending' }]);
    },
  );

  test('a new message is never taken for an existing one, not even by a slow clock', async () => {
    const { client } = await reload(true);
    const again = { ...sent, content: 'again' };
    sockets[0]?.hears('message:new', message('the first', 'again', 'alice'));
    vi.useFakeTimers({ now: Date.parse('2026-01-31T09:04:00.000Z'), toFake: ['Date'] });
    void client.room('general').sendMessage('again');
    vi.useRealTimers();
    expect(contents(client)).toContainEqual({ ...again, status: 'sending' });
    expect(contents(client)).toContainEqual(again);
  });

  test('another that was taken for it is shown beside it once that is known', async () => {
    const { client, ack, keys } = await reload(false, { as: 'another' });
    expect(contents(client)).toEqual([sent]);
    ack();
    await vi.waitFor(() => expect(keys()).toEqual(['another', 'old']));
    expect(contents(client)).toEqual([sent, sent]);
  });
});

test('a message written before there is a token is shown at once, kept once its user is known, and sent in order', async () => {
  let answer: () => void = () => undefined;
  const taken = takesMessages(new Promise<void>((resolve) => (answer = resolve)));
  const disk = await aDiskWithOneFromBefore();
  const { source, give } = laterToken();
  const outbox = new BrowserOutbox('now', disk, undefined);
  const put = vi.spyOn(outbox, 'put');
  const client = open(source, outbox);
  const room = client.room('general');
  const first = room.sendMessage('first');
  const unwanted = room.sendMessage('unwanted');
  const second = room.sendMessage('second');
  const waiting = { status: 'sending', senderId: '' };
  expect(contents(client)).toEqual(
    ['first', 'unwanted', 'second'].map((content) => ({ content, ...waiting })),
  );
  room.discard(room.get().messages[1]?.id ?? '');
  await expect(unwanted).rejects.toMatchObject({ code: 'conflict' });

  give(tokenOf('alice'));

  await vi.waitFor(() => expect(client.get().user?.id).toBe('alice'));
  expect(put.mock.calls.map(([{ owner, request }]) => [owner, request.content])).toEqual([
    ['http://server\nalice', 'first'],
    ['http://server\nalice', 'second'],
  ]);
  await vi.waitFor(() =>
    expect(contents(client)).toEqual(
      ['from before', 'first', 'second'].map((content) => ({ content, ...waiting, senderId: 'alice' })),
    ),
  );
  answer();
  await Promise.all([first, second]);
  expect(taken).toEqual(['from before', 'first', 'second']);
});

test('a message written while nobody uses the connection is shown and kept, and sent when somebody does', async () => {
  const taken = takesMessages();
  const outbox = new MemoryOutbox();
  const client = new ChatClient({ url: 'http://server', token: tokenOf('alice'), outbox });
  clients.push(client);
  const sent = client.room('general').sendMessage('early');
  expect(contents(client)).toEqual([{ content: 'early', status: 'sending', senderId: 'alice' }]);
  expect(await outbox.take('http://server\nalice')).toHaveLength(1);

  client.retain();

  expect(await sent).toMatchObject({ content: 'early', status: 'sent' });
  expect(taken).toEqual(['early']);
});

test('a client that is closed leaves what waits to the next one of the same tab', async () => {
  const [disk, alive] = [new IDBFactory(), new Set<string>()];
  const locks = {
    request: async (name: string, hold: () => Promise<void>) => {
      alive.add(name);
      await hold();
      alive.delete(name);
    },
    query: () => Promise.resolve({ held: [...alive].map((name) => ({ name })) }),
  };
  vi.stubGlobal('indexedDB', disk);
  vi.stubGlobal('navigator', { locks });
  const openHere = () => {
    const client = new ChatClient({ url: 'http://server', token: tokenOf('alice') });
    clients.push(client);
    client.retain();
    return client;
  };
  const before = openHere();
  await vi.waitFor(() => expect(alive.size).toBe(1));
  void before.room('general').sendMessage('waits');
  await vi.waitFor(() => expect(sockets[0]?.connected).toBe(true));
  before.close();
  await vi.waitFor(() => expect(alive.size).toBe(0));

  const after = openHere();

  await vi.waitFor(() => expect(contents(after)).toMatchObject([{ content: 'waits', status: 'sending' }]));
});

test('a token of another user connects anew and shows nothing of the first; one of the same user does not', async () => {
  const client = open(tokenOf('alice'));
  await vi.waitFor(() => expect(client.get().status).toBe('connected'));
  client.enter('general');
  sockets[0]?.hears('room:history', { roomId: 'general', messages: [message('1', 'hers', 'alice')], seq: 1 });
  void client.room('general').sendMessage('waits');
  expect(contents(client)).toHaveLength(2);
  client.setToken(tokenOf('alice', 1));
  expect(sockets[0]?.connections).toBe(1);
  expect(contents(client)).toHaveLength(2);

  client.setToken(tokenOf('bob'));

  expect(contents(client)).toEqual([]);
  expect(sockets[0]?.connected).toBe(false);
  await vi.waitFor(() => expect(client.get()).toMatchObject({ status: 'connected', user: { id: 'bob' } }));
  expect(sockets.map(({ user }) => user)).toEqual(['bob']);
  client.setToken(tokenOf('alice', 2));
  await vi.waitFor(() =>
    expect(contents(client), 'it was kept for her').toMatchObject([{ content: 'waits' }]),
  );
});

test('while a page of older messages loads, that is told', async () => {
  const client = open(tokenOf('alice'));
  await vi.waitFor(() => expect(client.get().status).toBe('connected'));
  const page = Array.from({ length: 50 }, (_, index) => message(`m${index + 100}`, `${index}`, 'bob'));
  sockets[0]?.hears('room:history', { roomId: 'general', messages: page, seq: 50 });
  client.enter('general');
  sockets[0]?.hears('room:history', { roomId: 'general', messages: page, seq: 50 });
  let answer: (loaded: unknown) => void = () => undefined;
  answers.set('messages:load', () => new Promise((resolve) => (answer = resolve)));
  const room = client.room('general');
  expect(room.get()).toMatchObject({ isLoading: false, hasMore: true });

  const loading = room.loadMore();

  expect(room.get().isLoading).toBe(true);
  answer({ success: true, messages: [message('m001', 'older', 'bob')] });
  expect((await loading).map(({ content }) => content)).toEqual(['older']);
  expect(room.get()).toMatchObject({ isLoading: false, hasMore: false });
});

test('ids are made without what only https has', async () => {
  vi.stubGlobal('crypto', { getRandomValues: crypto.getRandomValues.bind(crypto) });
  const ids = Array.from({ length: 100 }, uuid);
  expect(new Set(ids).size).toBe(100);
  for (const id of ids)
    expect(id).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
  takesMessages();
  const client = open(tokenOf('alice'));
  expect(await client.room('general').sendMessage('hello')).toMatchObject({ content: 'hello' });
});
