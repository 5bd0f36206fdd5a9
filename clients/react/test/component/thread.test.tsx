// @vitest-environment jsdom
// Threads: below the message that they hang on, and beside the room.
import { act, cleanup, fireEvent, render, screen, waitFor, within } from '@testing-library/react';
import axe from 'axe-core';
import { useEffect, useState } from 'react';
import { afterEach, beforeAll, beforeEach, expect, test, vi } from 'vitest';
import {
  ChatProvider,
  ChatRoom,
  keptUnreadOf,
  Thread,
  useChatClient,
  useRoom,
  type ChatClient,
} from '../../src/index.js';
import { layOut, startChatServer, type ChatServer, type TestUser } from '../../src/testing/index.js';
import { show, shown } from './page.js';
import { aChat, message, NOON } from './samples.js';

let server: ChatServer;
let bob: TestUser;
let rootId: string;
let serial = 0;
beforeAll(layOut);
beforeEach(async () => {
  server = startChatServer({ users: [member('alice', 'Alice'), member('bob', 'Bob')], rooms: [general] });
  bob = await server.connect('bob');
  await bob.ask('room:join', 'general');
  rootId = (await bob.send('general', 'where do we eat?')).id;
});
afterEach(() => {
  cleanup();
  vi.restoreAllMocks();
  server.close();
  sessionStorage.clear();
  localStorage.clear();
});

const member = (id: string, name: string) => ({ id, name });
const general = { id: 'general', members: ['alice', 'bob'] };

let client: ChatClient;

function Unread() {
  const shared = useChatClient();
  useEffect(() => void (client = shared), [shared]);
  return <output>{useRoom('general', ({ unreadCount }) => unreadCount)}</output>;
}

/** The room, and beside it the thread that was opened. */
function Page() {
  const [open, setOpen] = useState<string>();
  return (
    <>
      <Unread />
      <div className="room">
        <ChatRoom roomId="general" onOpenThread={setOpen} />
      </div>
      {open !== undefined && <Thread roomId="general" rootId={open} onClose={() => setOpen(undefined)} />}
    </>
  );
}

async function showPage() {
  render(
    <ChatProvider url={`http://threads/${(serial += 1)}`} token={server.token('alice')}>
      <Page />
    </ChatProvider>,
  );
  await within(room()).findByText('where do we eat?');
}

const room = () => document.querySelector<HTMLElement>('.room') as HTMLElement;
const thread = () => screen.getByRole('region', { name: 'Thread' });
const inThread = () => within(thread());
const textsIn = (part: HTMLElement) =>
  within(part)
    .queryAllByRole('article')
    .map((row) => row.querySelector('.chat-body > :first-child')?.textContent);
const reply = (content: string, more = {}) => bob.send('general', content, { threadId: rootId, ...more });

async function openThread() {
  fireEvent.click(await within(room()).findByRole('button', { name: /repl(y|ies)/ }));
  await waitFor(() => expect(textsIn(thread())).toContain('where do we eat?'));
}

async function write(content: string) {
  const field = inThread().getByRole('textbox', { name: 'Write a message' });
  fireEvent.change(field, { target: { value: content } });
  fireEvent.keyDown(field, { key: 'Enter' });
  await act(() => Promise.resolve());
}

test('a room with threads shows their state at the root, and only replies that were sent to it', async () => {
  await showPage();
  await act(() => reply('at noon'));
  await act(() => reply('at the lake', { alsoToRoom: true }));
  await within(room()).findByText('2 replies');
  expect(textsIn(room())).toEqual(['where do we eat?', 'at the lake']);
  const { violations } = await axe.run(document.body, { rules: { region: { enabled: false } } });
  expect(violations.map(({ id }) => id)).toEqual([]);
});

test('replies that are only in a thread are not unread in their room', async () => {
  await showPage();
  const unread = () => screen.getByRole('status', { name: '' }).textContent;
  expect(document.hasFocus()).toBe(false);
  await act(() => reply('at noon'));
  expect(unread()).toBe('0');
  await act(() => reply('for all', { alsoToRoom: true }));
  await waitFor(() => expect(unread()).toBe('1'));
});

test('a thread shows its root and replies, follows each change, and is answered', async () => {
  await act(() => reply('at noon'));
  await showPage();
  await openThread();
  expect(textsIn(thread())).toEqual(['where do we eat?', 'at noon']);
  await write('I will be there');
  await waitFor(() => expect(textsIn(thread())).toEqual(['where do we eat?', 'at noon', 'I will be there']));
  expect(textsIn(room())).toEqual(['where do we eat?']);
  await within(room()).findByText('2 replies');
  await inThread().findByRole('button', { name: 'Seen by' });
  // Whoever replies follows.
  await inThread().findByRole('button', { name: 'Unfollow' });

  const late = await act(() => reply('and late'));
  await act(() => bob.ask('message:edit', { messageId: late.id, content: 'and early' }));
  await waitFor(() => expect(textsIn(thread()).at(-1)).toBe('and early'));
  await act(() => bob.ask('reaction:add', { messageId: rootId, emoji: '👍' }));
  await inThread().findByRole('button', { name: /👍/u });
  await act(() => bob.ask('message:delete', { messageId: late.id }));
  await waitFor(() => expect(textsIn(thread())).not.toContain('and early'));
  expect(thread().querySelectorAll('.chat-quote')).toHaveLength(0);
});

test('a reply may be sent to the room, too, which the next one is not', async () => {
  await act(() => reply('at noon'));
  await showPage();
  await openThread();
  fireEvent.click(inThread().getByRole('checkbox', { name: 'Also send to the room' }));
  await write('for all of you');
  await write('for us');
  await waitFor(() => expect(textsIn(thread())).toHaveLength(4));
  expect(textsIn(room())).toEqual(['where do we eat?', 'for all of you']);
});

test('a reply waits for a connection, and what was missed is shown after it', async () => {
  await act(() => reply('at noon'));
  await showPage();
  await openThread();
  act(() => server.goOffline('alice'));
  await write('on the train');
  await waitFor(() => expect(textsIn(thread())).toContain('on the train'));
  expect(textsIn(room())).not.toContain('on the train');
  await act(() => reply('meanwhile'));
  act(() => server.goOnline());
  await waitFor(() =>
    expect(textsIn(thread())).toEqual(['where do we eat?', 'at noon', 'meanwhile', 'on the train']),
  );
  await within(room()).findByText('3 replies');
});

test('the draft of a thread is not that of its room, and Escape closes the thread', async () => {
  await act(() => reply('at noon'));
  await showPage();
  await openThread();
  const field = inThread().getByRole('textbox', { name: 'Write a message' });
  fireEvent.change(field, { target: { value: 'half a thought' } });
  const composer = within(room()).getByRole<HTMLTextAreaElement>('textbox', { name: 'Write a message' });
  expect(composer.value).toBe('');
  fireEvent.keyDown(field, { key: 'Escape' });
  expect(screen.queryByRole('region', { name: 'Thread' })).toBeNull();
});

test('Escape first ends an answer and the choice of a name, and then closes the thread', async () => {
  await act(() => reply('at noon'));
  await showPage();
  await openThread();
  const field = inThread().getByRole<HTMLTextAreaElement>('textbox', { name: 'Write a message' });
  const row = inThread().getByText('at noon').closest('article') as HTMLElement;
  fireEvent.click(within(row).getByRole('button', { name: 'Reply' }));
  await inThread().findByText('Replying to Bob');
  act(() => field.focus());
  fireEvent.change(field, { target: { value: '@bo' } });
  field.setSelectionRange(3, 3);
  fireEvent.select(field);
  expect(inThread().queryAllByRole('option')).not.toEqual([]);
  const escape = () => fireEvent.keyDown(field, { key: 'Escape' });
  escape();
  expect(inThread().queryAllByRole('option')).toEqual([]);
  expect(inThread().queryByText('Replying to Bob')).not.toBeNull();
  escape();
  expect(inThread().queryByText('Replying to Bob')).toBeNull();
  thread();
  escape();
  expect(screen.queryByRole('region', { name: 'Thread' })).toBeNull();
});

test('older replies are loaded by pages, and a thread outlives its root', async () => {
  for (let serial = 0; serial < 120; serial += 1) await reply(`reply ${serial}`);
  await showPage();
  fireEvent.click(await within(room()).findByRole('button', { name: /120 replies/ }));
  // No layout scrolls the list to its end here, so older ones are asked for until the beginning is there.
  await inThread().findByText('reply 0');
  expect(textsIn(thread()).slice(0, 2)).toEqual(['where do we eat?', 'reply 0']);
  await act(() => bob.ask('message:delete', { messageId: rootId }));
  await inThread().findByText('The message that this thread began with was deleted.');
  expect(textsIn(thread())[0]).toBe('reply 0');
});

test('following is chosen, and a refusal is shown', async () => {
  await act(() => reply('at noon'));
  await showPage();
  await openThread();
  server.refuseNext('thread:follow', 'busy');
  fireEvent.click(inThread().getByRole('button', { name: 'Follow' }));
  expect((await inThread().findByRole('alert')).textContent).toBe('Not saved: the server is busy');
  fireEvent.click(inThread().getByRole('button', { name: 'Follow' }));
  fireEvent.click(await inThread().findByRole('button', { name: 'Unfollow' }));
  await inThread().findByRole('button', { name: 'Follow' });
  expect(inThread().queryByRole('alert')).toBeNull();
});

test('a room that is kept unread stays so while a thread is opened and closed', async () => {
  await act(() => reply('at noon'));
  await showPage();
  const isKept = () => keptUnreadOf(client).get().rooms.has('general');
  const row = within(room()).getByText('where do we eat?').closest('article') as HTMLElement;
  fireEvent.click(within(row).getByRole('button', { name: 'Mark unread from here' }));
  await waitFor(() => expect(isKept()).toBe(true));
  await openThread();
  expect(inThread().queryByRole('button', { name: 'Mark unread from here' })).toBeNull();
  fireEvent.click(inThread().getByRole('button', { name: 'Close' }));
  await waitFor(() => expect(screen.queryByRole('region', { name: 'Thread' })).toBeNull());
  expect(isKept()).toBe(true);
});

test('a reply in a thread leaves what is unread in its room as it is, and its author has not read that', async () => {
  // Nobody looks at the room: what is seen there is read.
  vi.spyOn(document, 'hasFocus').mockReturnValue(false);
  await showPage();
  await act(() => bob.send('general', 'for all'));
  const unread = () => screen.getByRole('status', { name: '' }).textContent;
  await waitFor(() => expect(unread()).toBe('1'));
  await act(() => reply('at noon'));
  await openThread();
  await write('I will be there');
  await waitFor(() => expect(textsIn(thread())).toContain('I will be there'));
  expect(unread()).toBe('1');
  const { readBy } = client.room('general').get();
  const { createdAt } =
    client
      .room('general')
      .get()
      .messages.find(({ content }) => content === 'at noon') ?? {};
  expect(readBy.get('bob')).not.toBe(createdAt);
});

test('a room whose newest page is one long thread shows what is before it', async () => {
  for (let serial = 0; serial < 60; serial += 1) await reply(`reply ${serial}`);
  await showPage();
  expect(textsIn(room())).toEqual(['where do we eat?']);
  await within(room()).findByText('60 replies');
});

test('the last message of one’s own that ArrowUp edits is one that the room shows', async () => {
  const mine = await server.connect('alice');
  await mine.send('general', 'in the room');
  await mine.send('general', 'in the thread', { threadId: rootId });
  await showPage();
  const field = within(room()).getByRole('textbox', { name: 'Write a message' });
  fireEvent.keyDown(field, { key: 'ArrowUp' });
  const edited = await within(room()).findByRole<HTMLTextAreaElement>('textbox', {
    name: 'Edit the message',
  });
  expect(edited.value).toBe('in the room');
});

test('a room that has older messages is not called empty while only replies of threads are loaded', async () => {
  const hidden = message('r1', NOON, { senderId: 'bob', thread: { rootId: 'root', alsoToRoom: false } });
  const loadMore = vi.fn(() => new Promise<never>(() => undefined));
  await show(aChat([hidden], { hasMore: true, loadMore }), { onOpenThread: () => undefined });
  expect(shown()).toEqual([]);
  expect(screen.queryByText('No messages yet. Say hello!')).toBeNull();
  await show(aChat([], { hasMore: false }), { onOpenThread: () => undefined });
  screen.getByText('No messages yet. Say hello!');
});
