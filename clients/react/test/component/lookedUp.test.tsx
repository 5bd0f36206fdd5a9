// @vitest-environment jsdom
// Names and messages that a room has not loaded, and the server is asked for: those of strangers who react, and quotes.
import { act, cleanup, configure, render, screen, waitFor } from '@testing-library/react';
import { afterEach, beforeAll, expect, test, vi } from 'vitest';
import { layOut } from '../../../../tests/client/hook/layout.js';
import { ChatProvider, ChatRoomView, useChat } from '../../src/index.js';
import { startChatServer, type ChatServer } from '../../src/testing/index.js';
import { answered, draftKey } from '../../src/component/drafts.js';
import { show } from './page.js';
import { aChat, message, NOON } from './samples.js';

beforeAll(() => {
  layOut();
  configure({ asyncUtilTimeout: 30_000 });
});
let server: ChatServer | undefined;
afterEach(() => {
  cleanup();
  server?.close();
  sessionStorage.clear();
  vi.useRealTimers();
});

let serial = 0;
/** Each page has a connection of its own. */
const anUrl = () => `http://server/${(serial += 1)}`;

function begin(): ChatServer {
  server = startChatServer({
    users: [
      { id: 'alice', name: 'Alice' },
      { id: 'bob', name: 'Bob' },
      { id: 'zoe', name: 'Zoe' },
      { id: 'yan', name: 'Yan' },
    ],
    rooms: [{ id: 'general', members: ['alice', 'bob'] }],
  });
  return server;
}

const none = () => Promise.resolve([]);

/** The room with its first page: jsdom is at the top of it, where a browser is at its end and loads no more. */
function FirstPage({ token, url }: { token?: string; url?: string }) {
  const chat = useChat('general', token, { url });
  return <ChatRoomView chat={{ ...chat, loadMore: none }} />;
}

const openRoom = (of: ChatServer) =>
  render(
    <ChatProvider url={anUrl()} token={of.token('alice')}>
      <FirstPage />
    </ChatProvider>,
  );
const reactions = () => [...document.querySelectorAll('.chat-reaction')].map((button) => button.textContent);

test('somebody who reacts without being a member or having written is named, and until then is someone', async () => {
  const of = begin();
  const [bob, zoe, yan] = [await of.connect('bob'), await of.connect('zoe'), await of.connect('yan')];
  const { id: messageId } = await bob.send('general', 'hello');
  await zoe.ask('reaction:add', { messageId, emoji: '👍' });
  const seen = new Set<string>();
  const observer = new MutationObserver(() => reactions().forEach((text) => seen.add(text)));
  observer.observe(document.body, { subtree: true, childList: true, characterData: true });
  openRoom(of);
  await waitFor(() => expect(reactions()).toEqual(['👍 1 by Zoe']));
  of.refuseNext('users:show', 'internal');
  await act(() => yan.ask('reaction:add', { messageId, emoji: '👍' }));
  await waitFor(() => expect(reactions()).toEqual(['👍 2 by Zoe and someone']));
  observer.disconnect();
  expect([...seen].filter((text) => /zoe|yan/.test(text))).toEqual([]);
});

test('strangers of a chat without a client are counted', async () => {
  const likes = ['bob', 'x', 'y', 'alice'].map((userId) => ({ emoji: '👍', userId }));
  await show(aChat([message('first', NOON, { reactions: likes })]));
  expect(reactions()).toEqual(['👍 4 by Bob, you, and 2 people']);
});

test('somebody of whom only the id is known while typing is someone', async () => {
  await show(aChat([], { typingUsers: [{ userId: 'zoe', userName: 'zoe' }] }));
  expect(screen.getByText('Someone is typing…')).toBeTruthy();
  cleanup();
  await show(aChat([], { typingUsers: [{ userId: 'bob', userName: 'bob' }] }));
  expect(screen.getByText('Bob is typing…')).toBeTruthy();
});

/** A message, one that answers it, and so many after these that the answer is the first of the first page. */
async function withQuote(of: ChatServer, roomId = 'general') {
  const bob = await of.connect('bob');
  const { id } = await bob.send(roomId, 'the very first');
  await bob.ask('message:send', { roomId: 'general', content: 'an answer', replyTo: id });
  for (let count = 1; count < 50; count += 1) await bob.send('general', `message ${count}`);
  return { bob, id };
}

test('an answer to a message that is older than the first page shows it, and its edits and its deletion', async () => {
  const of = begin();
  const { bob, id } = await withQuote(of);
  openRoom(of);
  await screen.findByText('the very first');
  await act(() => bob.ask('message:edit', { messageId: id, content: 'edited since' }));
  await screen.findByText('edited since');
  await act(() => bob.ask('message:delete', { messageId: id }));
  expect((await screen.findByText('Deleted message')).closest('button')).toBeNull();
});

test('an answer to a deleted message says so, however old that was and whatever its id', async () => {
  const of = begin();
  const { bob, id } = await withQuote(of);
  await bob.ask('message:delete', { messageId: id });
  openRoom(of);
  await waitFor(() => expect(screen.getAllByText('Deleted message')).toHaveLength(1));
  cleanup();
  await show(aChat([message('answer', NOON, { replyTo: 'ckv9x1z0000001' })], { hasMore: true }));
  expect(screen.getByText('An earlier message'), 'without a client nothing tells').toBeTruthy();
});

test('a message of another room is not quoted', async () => {
  const of = begin();
  const { room } = await (await of.connect('bob')).ask('room:create', { name: 'Elsewhere' });
  await withQuote(of, room.id);
  openRoom(of);
  await screen.findByText('Deleted message');
  expect(screen.queryByText('the very first')).toBeNull();
});

test('a view looks up by the client of its chat, and not by that of another', async () => {
  const of = begin();
  await withQuote(of);
  render(
    <ChatProvider url={anUrl()} token={of.token('alice')}>
      <section aria-label="of the provider">
        <FirstPage />
      </section>
      <section aria-label="of another client">
        <FirstPage token={of.token('bob')} url={anUrl()} />
      </section>
    </ChatProvider>,
  );
  await screen.findByText('the very first');
  const other = screen.getByRole('region', { name: 'of another client' });
  await waitFor(() => expect(other.textContent).toContain('An earlier message'));
});

test('a draft that answers a message which is not loaded is a reply until that is deleted', async () => {
  const of = begin();
  const { bob, id } = await withQuote(of);
  const kept = message(id, NOON, { senderName: 'Bob', content: 'the very first' });
  answered.set(draftKey('alice', 'general'), JSON.stringify(kept));
  openRoom(of);
  await screen.findByText('an answer');
  expect(screen.getByText('Replying to Bob')).toBeTruthy();
  await act(() => bob.ask('message:delete', { messageId: id }));
  await screen.findByText(/That message was not found/);
  expect(screen.queryByText('Replying to Bob')).toBeNull();
});
