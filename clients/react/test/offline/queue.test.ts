// Edits, deletions and reactions without a network: shown at once, sent in order with messages, each once, and taken back if
// the server refuses them.
import { describe, expect, test, vi } from 'vitest';
import { BrowserOutbox, type Message } from '../../src/core/index.js';
import { begin, browser, connected, kill, openPage, setUpBrowser, settled, soon, type Page } from './page.js';

setUpBrowser();

const TALK = [
  { from: 'alice', content: 'first' },
  { from: 'bob', content: 'second' },
  { from: 'alice', content: 'third' },
];
const withTalk = () => begin({ rooms: [{ id: 'general', members: ['alice', 'bob'], messages: TALK }] });

const roomOf = ({ client }: Page) => client.room('general');
const shown = (page: Page) => roomOf(page).get().messages;
const idOf = (page: Page, content: string) =>
  shown(page).find((message) => message.content === content)?.id ?? '';
const all = (page: Page, ...texts: string[]) => soon(() => expect(page.texts()).toEqual(texts));
const isSent = (page: Page) => soon(() => expect(page.client.unsent).toBe(0));

async function offline(server: ReturnType<typeof begin>, page: Page) {
  await connected(page);
  await soon(() => expect(roomOf(page).get().isReady).toBe(true));
  server.goOffline('alice');
}

describe('without a network', () => {
  test('an edit, a deletion and reactions are shown at once and sent in order with messages', async () => {
    const server = withTalk();
    const alice = openPage('alice');
    await offline(server, alice);
    const bob = await server.connect('bob');
    await bob.ask('room:join', 'general');
    const heard: string[] = [];
    for (const event of ['message:new', 'message:updated', 'message:deleted', 'reaction:added'] as const)
      bob.on(event, () => heard.push(event));

    const [first, second, third] = shown(alice).map(({ id }) => id);
    void roomOf(alice).editMessage(first ?? '', 'first, mended');
    void roomOf(alice).sendMessage('fourth');
    void roomOf(alice).addReaction(second ?? '', '👍');
    void roomOf(alice).deleteMessage(third ?? '');
    expect(alice.texts()).toEqual(['first, mended', 'second', 'fourth']);
    expect(shown(alice)[0]).toMatchObject({ waits: true, status: 'sent' });
    expect(shown(alice)[1]?.reactions).toEqual([{ emoji: '👍', userId: 'alice' }]);

    server.goOnline();
    await isSent(alice);
    await soon(() =>
      expect(heard).toEqual(['message:updated', 'message:new', 'reaction:added', 'message:deleted']),
    );
    await all(alice, 'first, mended', 'second', 'fourth');
    expect(shown(alice).some(({ waits }) => waits)).toBe(false);
  });

  test('an edit of a message that is not sent changes it, and a deletion takes it out', async () => {
    const server = withTalk();
    const alice = openPage('alice');
    await offline(server, alice);
    void roomOf(alice).sendMessage('teh fourth');
    const gone = roomOf(alice).sendMessage('never mind');
    await roomOf(alice).editMessage(idOf(alice, 'teh fourth'), 'the fourth');
    await roomOf(alice).deleteMessage(idOf(alice, 'never mind'));
    expect(alice.texts()).toEqual(['first', 'second', 'third', 'the fourth']);
    await expect(gone).rejects.toMatchObject({ code: 'conflict' });

    server.goOnline();
    await isSent(alice);
    const bob = await server.connect('bob');
    const { messages } = await bob.ask('messages:load', { roomId: 'general' });
    expect(messages.map(({ content }) => content)).toContain('the fourth');
    expect(messages.find(({ content }) => content === 'the fourth')?.updatedAt, 'was not edited').toBeNull();
    expect(messages).toHaveLength(4);
  });

  test('a reaction to a message that is not sent waits for its id', async () => {
    const server = withTalk();
    const alice = openPage('alice');
    await offline(server, alice);
    void roomOf(alice).sendMessage('fourth');
    void roomOf(alice).addReaction(idOf(alice, 'fourth'), '🎉');
    expect(shown(alice).at(-1)?.reactions).toEqual([{ emoji: '🎉', userId: 'alice' }]);
    server.goOnline();
    await isSent(alice);
    await soon(() =>
      expect(shown(alice).at(-1)).toMatchObject({
        content: 'fourth',
        status: 'sent',
        reactions: [{ emoji: '🎉', userId: 'alice' }],
      }),
    );
  });

  test('a reaction that is taken back is never sent, and of several edits only the last', async () => {
    const server = withTalk();
    const alice = openPage('alice');
    await offline(server, alice);
    await settled(alice);
    const second = idOf(alice, 'second');
    void roomOf(alice).addReaction(second, '👍');
    await roomOf(alice).removeReaction(second, '👍');
    void roomOf(alice).editMessage(idOf(alice, 'first'), 'one');
    const edited = roomOf(alice).editMessage(idOf(alice, 'one'), 'two');
    expect(alice.client.unsent).toBe(1);
    server.goOnline();
    expect(await edited).toMatchObject({ content: 'two' });
    await all(alice, 'two', 'second', 'third');
  });

  test('all of it outlasts a reload, and is made once', async () => {
    const server = withTalk();
    const alice = openPage('alice');
    await offline(server, alice);
    const [first, , third] = shown(alice).map(({ id }) => id);
    void roomOf(alice).sendMessage('fourth');
    void roomOf(alice).editMessage(first ?? '', 'first, mended');
    void roomOf(alice).deleteMessage(third ?? '');
    await settled(alice);
    kill(alice);

    const again = openPage('alice');
    await soon(() => expect(again.client.unsent).toBe(3));
    server.goOnline();
    await isSent(again);
    await all(again, 'first, mended', 'second', 'fourth');
    const bob = await server.connect('bob');
    const { messages } = await bob.ask('messages:load', { roomId: 'general' });
    expect(messages).toHaveLength(3);
  });
});

describe('a change that is refused', () => {
  test('is taken back, and says why', async () => {
    const server = withTalk();
    const alice = openPage('alice');
    await offline(server, alice);
    const edited = roomOf(alice).editMessage(idOf(alice, 'first'), 'too long');
    expect(alice.texts()[0]).toBe('too long');
    server.refuseNext('message:edit', 'bad_input', 'content is too long');
    server.goOnline();
    await expect(edited).rejects.toMatchObject({ code: 'bad_input' });
    await all(alice, 'first', 'second', 'third');
    await isSent(alice);
  });

  test('is told after a reload, with the text that was refused', async () => {
    const server = withTalk();
    const alice = openPage('alice');
    await offline(server, alice);
    const messageId = idOf(alice, 'first');
    void roomOf(alice).editMessage(messageId, 'too long');
    await settled(alice);
    kill(alice);
    const again = openPage('alice');
    const refused = vi.fn();
    again.client.onRefusedChange('general', refused);
    await soon(() => expect(again.client.unsent).toBe(1));
    server.refuseNext('message:edit', 'bad_input', 'content is too long');
    server.goOnline();
    await soon(() =>
      expect(refused).toHaveBeenCalledWith(
        expect.objectContaining({ messageId, event: 'message:edit', content: 'too long' }),
      ),
    );
    await isSent(again);
    await all(again, 'first', 'second', 'third');
  });

  test('by a later edit of another device leaves that, and says so', async () => {
    const server = withTalk();
    const alice = openPage('alice');
    await offline(server, alice);
    const messageId = idOf(alice, 'first');
    const edited = roomOf(alice).editMessage(messageId, 'from the train');
    alice.client.socket.disconnect();
    server.goOnline();
    const phone = await server.connect('alice');
    await phone.ask('message:edit', { messageId, content: 'from the phone' });
    alice.client.socket.connect();
    await expect(edited).rejects.toThrow('The message was changed meanwhile');
    await all(alice, 'from the phone', 'second', 'third');
  });

  test('is no deletion of a message that is gone', async () => {
    const server = withTalk();
    const alice = openPage('alice');
    await offline(server, alice);
    const messageId = idOf(alice, 'first');
    const deleted = roomOf(alice).deleteMessage(messageId);
    alice.client.socket.disconnect();
    server.goOnline();
    const phone = await server.connect('alice');
    await phone.ask('message:delete', { messageId });
    alice.client.socket.connect();
    await deleted;
    await all(alice, 'second', 'third');
  });
});

test('a message that is refused takes its edits as its text, and nothing of it is sent', async () => {
  const server = withTalk();
  const alice = openPage('alice');
  await offline(server, alice);
  void roomOf(alice).sendMessage('fourth');
  const fourth = idOf(alice, 'fourth');
  void roomOf(alice).addReaction(fourth, '👍');
  server.refuseNext('message:send', 'bad_input', 'no');
  server.goOnline();
  await soon(() => expect(shown(alice).at(-1)).toMatchObject({ status: 'failed', reactions: [] }));
  expect(alice.client.unsent).toBe(1);
  await roomOf(alice).editMessage(fourth, 'a better fourth');
  expect(shown(alice).at(-1)).toMatchObject({ status: 'failed', content: 'a better fourth' });
  roomOf(alice).retry(fourth);
  await isSent(alice);
  await all(alice, 'first', 'second', 'third', 'a better fourth');
});

test('a client that only sends messages takes no change out of the queue', async () => {
  const server = withTalk();
  const alice = openPage('alice');
  await offline(server, alice);
  void roomOf(alice).sendMessage('fourth');
  void roomOf(alice).deleteMessage(idOf(alice, 'first'));
  await settled(alice);
  kill(alice);
  const plain = new BrowserOutbox('plain', browser.disk, undefined);
  const taken = await plain.take('http://server\nalice');
  expect(taken.map(({ request }) => request.content)).toEqual(['fourth']);
});

test('the queue is bounded: what is over it is not sent, and sent when there is space', async () => {
  const server = withTalk();
  const alice = openPage('alice');
  await offline(server, alice);
  const long = 'x'.repeat(1_500_000);
  void roomOf(alice).sendMessage(long);
  const over: Promise<Message> = roomOf(alice).sendMessage(`${long}y`);
  await expect(over).rejects.toMatchObject({ code: 'full' });
  const { id, status, failure } = shown(alice).at(-1) ?? {};
  expect([status, failure?.code]).toEqual(['failed', 'full']);
  roomOf(alice).retry(id ?? '');
  expect(shown(alice).at(-1)?.status).toBe('failed');
  roomOf(alice).discard(shown(alice).at(-2)?.id ?? '');
  roomOf(alice).retry(id ?? '');
  server.goOnline();
  await isSent(alice);
  expect(alice.texts()).toHaveLength(4);
});

test('a message that may have been sent is deleted on the server, too', async () => {
  const server = withTalk();
  const alice = openPage('alice');
  await connected(alice);
  await soon(() => expect(roomOf(alice).get().isReady).toBe(true));
  server.refuseNext('message:send', 'unavailable');
  void roomOf(alice).sendMessage('fourth');
  const isTried = async () =>
    expect(await alice.client.outbox.take('http://server\nalice')).toMatchObject([{ isTried: true }]);
  await soon(isTried);
  const bob = await server.connect('bob');
  server.goOffline('alice');
  roomOf(alice).discard(shown(alice).at(-1)?.id ?? '');
  expect(alice.texts()).toEqual(['first', 'second', 'third']);
  server.goOnline();
  await isSent(alice);
  const { messages } = await bob.ask('messages:load', { roomId: 'general' });
  expect(messages.map(({ content }) => content)).toEqual(['third', 'second', 'first']);
});
