// @vitest-environment jsdom
// Long texts: the list shows their beginning, and the rest on demand; they are edited as a whole, and sent in chunks.
import { cleanup, configure, fireEvent, render, screen, waitFor } from '@testing-library/react';
import { afterEach, beforeAll, expect, test, vi } from 'vitest';
import { layOut } from '../../../../tests/client/hook/layout.js';
import { ChatClient, ChatProvider, ChatRoomView, MemoryOutbox, useChat } from '../../src/index.js';
import { split } from '../../src/core/chunks.js';
import { startChatServer, type ChatServer } from '../../src/testing/index.js';
import { button, editField, press, rowOf, show, type } from './page.js';
import { aChat, message, NOON } from './samples.js';

vi.setConfig({ testTimeout: 60_000 });

beforeAll(() => {
  layOut();
  configure({ asyncUtilTimeout: 30_000 });
});
let server: ChatServer | undefined;
afterEach(() => {
  cleanup();
  server?.close();
});

function begin(): ChatServer {
  server = startChatServer({
    users: [
      { id: 'alice', name: 'Alice' },
      { id: 'bob', name: 'Bob' },
    ],
    rooms: [{ id: 'general', members: ['alice', 'bob'] }],
  });
  return server;
}

const LONG = `the beginning ${'word '.repeat(5_000)}the end`;
const text = (id: string) => rowOf(id).querySelector('.chat-body')?.textContent ?? '';

/** The room as a client that takes excerpts has it. */
function Excerpts() {
  const chat = useChat('general');
  const messages = chat.messages.map((one) =>
    one.content.length > 16_384
      ? { ...one, content: one.content.slice(0, 4_096), truncated: true as const }
      : one,
  );
  return <ChatRoomView chat={{ ...chat, messages, loadMore: () => Promise.resolve([]) }} />;
}

test('a long text is shown by its beginning, and whole on demand', async () => {
  await show(aChat([message('long', NOON, { content: LONG }), message('short', NOON)]));
  expect(text('long')).toMatch(/^the beginning .*…Show all$/);
  expect(text('long').length).toBeLessThan(4_200);
  fireEvent.click(button('long', 'Show all'));
  expect(text('long')).toContain('the end');
  fireEvent.click(button('long', 'Show less'));
  expect(text('long')).not.toContain('the end');
  expect(rowOf('short').textContent).not.toContain('Show all');
});

test('the rest of an excerpt is fetched when it is wanted, and an edit is of the whole', async () => {
  const of = begin();
  const bob = await of.connect('bob');
  const alice = await of.connect('alice');
  const { id } = await alice.send('general', LONG);
  render(
    <ChatProvider url="http://excerpts" token={of.token('alice')}>
      <Excerpts />
    </ChatProvider>,
  );
  await screen.findByText(/the beginning/);
  fireEvent.click(button(id, 'Show all'));
  await waitFor(() => expect(text(id)).toContain('the end'));
  fireEvent.click(button(id, 'Show less'));

  fireEvent.click(button(id, 'Edit'));
  await waitFor(() => expect(editField()).toHaveProperty('value', LONG));
  const edited = new Promise<string>((resolve) =>
    bob.on('message:updated', ({ content }) => resolve(content)),
  );
  await bob.ask('room:join', 'general');
  type(editField(), `${LONG}, changed`);
  press(editField(), 'Enter');
  expect((await edited) === `${LONG}, changed`).toBe(true);
});

test('a text that exceeds a packet is sent in chunks, with their progress, once', async () => {
  const of = begin();
  const bob = await of.connect('bob');
  await bob.ask('room:join', 'general');
  const heard: string[] = [];
  bob.on('message:new', ({ content }) => heard.push(content));
  const client = new ChatClient({ url: 'http://x', token: of.token('alice'), outbox: new MemoryOutbox() });
  const leave = client.enter('general');
  const text = 'ä😀'.repeat(150_000);
  const { uploads } = await import('../../src/core/chunks.js');
  const shares: number[] = [];
  const stop = uploads.subscribe(() => shares.push(...uploads.get().values()));

  const sent = await client.room('general').sendMessage(text);

  expect(sent.content === text).toBe(true);
  await waitFor(() => expect(heard).toHaveLength(1));
  expect(heard[0] === text).toBe(true);
  expect(shares).toEqual([0.25, 0.5, 0.75]);
  expect([...uploads.get()]).toEqual([]);
  stop();
  leave();
});

test('chunks end between two characters', () => {
  for (const text of ['x'.repeat(240_000), `x${'😀'.repeat(200_000)}`, 'ä'.repeat(120_001)]) {
    const parts = split(text);
    expect(parts.join('') === text).toBe(true);
    expect(Math.max(...parts.map(({ length }) => length))).toBeLessThanOrEqual(120_000);
    for (const part of parts) expect(() => encodeURIComponent(part)).not.toThrow();
  }
});
