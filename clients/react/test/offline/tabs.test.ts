// Tabs of one user: one of them sends what all have written, each message once and in order, and the others show it.
import { expect, test, vi } from 'vitest';
import { begin, browser, connected, kill, openPage, setUpBrowser, settled, soon, type Page } from './page.js';

setUpBrowser();

const roomOf = ({ client }: Page) => client.room('general');
const all = (page: Page, ...texts: string[]) => soon(() => expect(page.texts()).toEqual(texts));
const statuses = (page: Page) =>
  roomOf(page)
    .get()
    .messages.map(({ status }) => status);
const isSent = (page: Page) => soon(() => expect(page.client.unsent).toBe(0));

/** The events that a page asks the server, from now on. */
function askedBy({ client: { socket } }: Page): string[] {
  const asked: string[] = [];
  const timeout = socket.timeout.bind(socket);
  vi.spyOn(socket, 'timeout').mockImplementation((patience) => {
    const asking = timeout(patience);
    const emitWithAck = asking.emitWithAck.bind(asking);
    asking.emitWithAck = (event, ...rest) => {
      asked.push(event);
      return emitWithAck(event, ...rest);
    };
    return asking;
  });
  return asked;
}

async function twoTabs() {
  const server = begin();
  const [one, two] = [openPage('alice'), openPage('alice')];
  await Promise.all([connected(one), connected(two)]);
  await soon(() => expect(roomOf(two).get().isReady).toBe(true));
  return { server, one, two };
}

async function stored(server: ReturnType<typeof begin>): Promise<string[]> {
  const bob = await server.connect('bob');
  const { messages } = await bob.ask('messages:load', { roomId: 'general' });
  return messages.map(({ content }) => content).reverse();
}

test('what both have written without a network is shown in both, and sent once in that order', async () => {
  const { server, one, two } = await twoTabs();
  server.goOffline();
  void roomOf(one).sendMessage('one');
  await all(two, 'one');
  void roomOf(two).sendMessage('two');
  await all(one, 'one', 'two');
  void roomOf(one).sendMessage('three');
  await all(two, 'one', 'two', 'three');
  expect(statuses(two)).toEqual(['sending', 'sending', 'sending']);

  server.goOnline();
  await Promise.all([isSent(one), isSent(two)]);
  for (const page of [one, two]) await all(page, 'one', 'two', 'three');
  expect(await stored(server)).toEqual(['one', 'two', 'three']);
});

test('one tab sends for both', async () => {
  const { server, one, two } = await twoTabs();
  server.goOffline();
  void roomOf(one).sendMessage('one');
  void roomOf(two).sendMessage('two');
  await all(one, 'one', 'two');
  const asked = [askedBy(one), askedBy(two)];
  // It takes a while: there is time for the other to send, too.
  server.refuseNext('message:send', 'busy');
  server.goOnline();
  await Promise.all([isSent(one), isSent(two)]);
  const sent = asked.map((events) => events.filter((event) => event === 'message:send').length);
  expect(sent.sort()).toEqual([0, 3]);
});

test('a message that is written in the tab that does not send arrives, and its promise says so', async () => {
  const { server, one, two } = await twoTabs();
  const [first, second] = [roomOf(one).sendMessage('one'), roomOf(two).sendMessage('two')];
  expect((await Promise.all([first, second])).map(({ status }) => status)).toEqual(['sent', 'sent']);
  expect((await stored(server)).sort()).toEqual(['one', 'two']);
});

test('a refusal, a retry and a discarding in one tab are seen in the other', async () => {
  const { server, one, two } = await twoTabs();
  server.refuseNext('message:send', 'bad_input', 'no');
  void roomOf(two).sendMessage('refused');
  for (const page of [one, two]) await soon(() => expect(statuses(page)).toEqual(['failed']));
  const [{ id = '' } = {}] = roomOf(one).get().messages;
  server.refuseNext('message:send', 'bad_input', 'no again');
  roomOf(one).retry(id);
  for (const page of [one, two])
    await soon(() => expect(roomOf(page).get().messages[0]?.failure?.error).toBe('no again'));
  roomOf(two).discard(id);
  for (const page of [one, two]) await all(page);
});

test('the tab that sends is killed, and the other goes on', async () => {
  const { server, one, two } = await twoTabs();
  server.goOffline();
  void roomOf(one).sendMessage('one');
  await all(two, 'one');
  void roomOf(two).sendMessage('two');
  await settled(one);
  kill(one);
  server.goOnline();
  await isSent(two);
  expect(await stored(server)).toEqual(['one', 'two']);
});

test('an edit in one tab of a message that the other has written changes it', async () => {
  const { server, one, two } = await twoTabs();
  server.goOffline();
  void roomOf(one).sendMessage('teh');
  await all(two, 'teh');
  await roomOf(two).editMessage(roomOf(two).get().messages[0]?.id ?? '', 'the');
  await all(one, 'the');
  server.goOnline();
  await Promise.all([isSent(one), isSent(two)]);
  expect(await stored(server)).toEqual(['the']);
});

test('without locks both send, and the server has each once', async () => {
  const server = begin();
  const [one, two] = [
    openPage('alice', 'general', browser.open(false)),
    openPage('alice', 'general', browser.open(false)),
  ];
  await Promise.all([connected(one), connected(two)]);
  server.goOffline();
  void roomOf(one).sendMessage('one');
  void roomOf(two).sendMessage('two');
  await all(one, 'one', 'two');
  server.goOnline();
  await Promise.all([isSent(one), isSent(two)]);
  expect((await stored(server)).sort()).toEqual(['one', 'two']);
});
