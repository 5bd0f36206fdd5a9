// @vitest-environment jsdom
// Mentions: written in the composer, shown in texts, and listed in the inbox.
import { act, cleanup, fireEvent, render, screen, waitFor } from '@testing-library/react';
import axe from 'axe-core';
import { afterEach, beforeAll, expect, test, vi } from 'vitest';
import { ChatProvider, MentionInbox, RoomList, useUnread } from '../../src/index.js';
import { layOut, startChatServer, type ChatServer } from '../../src/testing/index.js';
import { field, press, show, type } from './page.js';
import { aChat, later, message } from './samples.js';

let server: ChatServer | undefined;
beforeAll(layOut);
afterEach(() => {
  cleanup();
  server?.close();
  server = undefined;
  sessionStorage.clear();
});

const member = (id: string, name: string) => ({ id, name, avatar: null });
const members = [
  member('alice', 'Alice'),
  member('bob', 'Bob'),
  member('jo1', 'Jo Smith'),
  member('jo2', 'Jo Smith'),
  member('bobby', 'Bobby Élan'),
];
const options = () => screen.queryAllByRole('option').map(({ textContent }) => textContent);
const value = () => (field() as HTMLTextAreaElement).value;

function write(text: string, caret = text.length): void {
  act(() => field().focus());
  type(field(), text);
  (field() as HTMLTextAreaElement).setSelectionRange(caret, caret);
  fireEvent.select(field());
}

test('the composer offers members by any word of their name, and @here and @room', async () => {
  await show(aChat([], { members }));
  write('hello @');
  expect(options()).toEqual([
    'BBobbob',
    'BÉBobby Élanbobby',
    'JSJo Smithjo1',
    'JSJo Smithjo2',
    '@hereEveryone who is online',
    '@roomEveryone in this room',
  ]);
  write('hello @ela');
  expect(options()).toEqual(['BÉBobby Élanbobby']);
  write('hello @bob');
  expect(options()).toHaveLength(2);
  for (const text of ['hello bob@', 'hello \\@bob', 'hello @bob is', 'hello @\nbob', 'hello @zed', 'hello']) {
    write(text);
    expect(options(), text).toEqual([]);
  }
  write('hello @bo, and more', 9);
  expect(options()).toHaveLength(2);
  const { violations } = await axe.run(document.body, { rules: { region: { enabled: false } } });
  expect(violations.map(({ id }) => id)).toEqual([]);
});

test('arrows and Enter or Tab insert a name, or an id where several have the name', async () => {
  const chat = aChat([], { members });
  await show(chat);
  write('hello @bo');
  expect(field().getAttribute('aria-activedescendant')).toBe(screen.getAllByRole('option')[0]?.id);
  press(field(), 'ArrowDown');
  press(field(), 'Tab');
  expect(value()).toBe('hello @Bobby Élan ');
  expect(options()).toEqual([]);
  write('hello @jo');
  press(field(), 'ArrowUp');
  press(field(), 'Enter');
  expect(value()).toBe('hello @{jo2} ');
  write('@ro said so', 3);
  press(field(), 'Enter');
  expect(value()).toBe('@room said so');
  expect((field() as HTMLTextAreaElement).selectionEnd).toBe(6);
  expect(chat.sendMessage).not.toHaveBeenCalled();
});

test('Enter sends a name that is typed to its end, and Escape leaves the text as it is', async () => {
  const chat = aChat([], { members });
  await show(chat);
  write('hello @jo');
  press(field(), 'Escape');
  expect(options()).toEqual([]);
  expect(value()).toBe('hello @jo');
  write('hello');
  write('hello @bob');
  expect(options()).toHaveLength(2);
  press(field(), 'Enter');
  expect(chat.sendMessage).toHaveBeenCalledExactlyOnceWith('hello @bob', undefined);
});

test('texts show who is mentioned as the server finds it, and the user stands out', async () => {
  const texts = [
    'hello @Bob and **@alice**',
    'not `@bob`, \\@bob, bob@bob.example or https://example.org/@bob',
    '@{jo1} @{nobody} @room',
    '@nobody',
  ];
  await show(
    aChat(
      texts.map((content, index) => message(String(index), later(index), { content, senderId: 'bob' })),
      { members },
    ),
  );
  const shown = (selector: string) =>
    [...document.querySelectorAll(selector)].map(({ textContent }) => textContent);
  expect(shown('.chat-mention')).toEqual(['@Bob', '@alice', '@Jo Smith', '@room']);
  expect(shown('.chat-mention--own')).toEqual(['@alice', '@room']);
  expect(document.body.textContent).toContain('@{nobody}');
});

test('without formatting, code mentions nobody either, whatever stands in it', async () => {
  const text = message('1', later(1), { content: '`see www.example.org @bob` @alice', senderId: 'bob' });
  await show(aChat([text], { members }), { formatting: false });
  expect([...document.querySelectorAll('.chat-mention')].map(({ textContent }) => textContent)).toEqual([
    '@alice',
  ]);
});

test('the inbox lists mentions, marks them as read, and leads to one', async () => {
  server = startChatServer({
    users: [
      { id: 'alice', name: 'Alice' },
      { id: 'bob', name: 'Bob' },
    ],
    rooms: ['general', 'other'].map((id) => ({ id, name: id, members: ['alice', 'bob'] })),
  });
  const onOpen = vi.fn();
  const Total = () => {
    const { unreadCount, mentionCount } = useUnread();
    return <output>{`${unreadCount} ${mentionCount}`}</output>;
  };
  render(
    <ChatProvider url="http://inbox" token={server.token('alice')}>
      <MentionInbox onOpen={onOpen} />
      <RoomList />
      <Total />
    </ChatProvider>,
  );
  await screen.findByText('Nobody has mentioned you yet.');
  const bob = await server.connect('bob');
  await act(() => bob.send('general', 'hello @Alice'));
  await act(() => bob.send('other', 'and @room'));
  await act(() => bob.send('other', 'and nobody'));
  const rows = async () =>
    (await screen.findAllByRole('button', { name: /and @room|hello @Alice/ })).map((row) => row.textContent);
  expect(await rows()).toEqual([
    expect.stringMatching(/^BUnreadBobother.*and @room$/),
    expect.stringMatching(/^BUnreadBobgeneral.*hello @Alice$/),
  ]);
  await waitFor(() => expect(screen.getByRole('status').textContent).toBe('3 2'));
  expect(screen.getAllByLabelText('1 mention')).toHaveLength(2);
  fireEvent.click(screen.getByRole('button', { name: /and @room/ }));
  expect(onOpen.mock.calls).toEqual([[expect.objectContaining({ roomId: 'other', excerpt: 'and @room' })]]);
  expect((await rows())[0]).toMatch(/^BBobother/);
  fireEvent.click(screen.getByRole('button', { name: 'Mark all as read' }));
  await waitFor(async () => expect((await rows())[1]).toMatch(/^BBobgeneral/));
  await act(() => bob.send('general', 'again @Alice'));
  await screen.findByRole('button', { name: /Unread.*again @Alice/ });
  const phone = await server.connect('alice');
  await act(() => phone.ask('room:join', 'general'));
  await waitFor(() => expect(screen.queryByText('Unread'), 'read on another device').toBeNull());
  const { violations } = await axe.run(document.body, { rules: { region: { enabled: false } } });
  expect(violations.map(({ id }) => id)).toEqual([]);
});

test('the inbox says why it could not be loaded', async () => {
  server = startChatServer();
  server.refuseNext('mentions:list', 'unavailable');
  render(
    <ChatProvider url="http://refused" token={server.token('alice')}>
      <MentionInbox />
    </ChatProvider>,
  );
  await screen.findByText('Your mentions could not be loaded: the server is not available right now');
});
