// @vitest-environment jsdom
// Unread counts of all rooms, marking as unread, readers, and private reads, against the server in memory.
import { act, cleanup, fireEvent, render, screen, waitFor, within } from '@testing-library/react';
import { useState } from 'react';
import { afterEach, beforeAll, beforeEach, expect, test, vi } from 'vitest';
import { ChatProvider, ChatRoom, RoomList, useSettings, useUnread } from '../../src/index.js';
import { layOut, startChatServer, type ChatServer, type TestUser } from '../../src/testing/index.js';

let server: ChatServer;
let bob: TestUser;
beforeAll(layOut);
beforeEach(async () => {
  vi.spyOn(document, 'hasFocus').mockReturnValue(true);
  server = startChatServer({
    users: [
      { id: 'alice', name: 'Alice' },
      { id: 'bob', name: 'Bob' },
      { id: 'carol', name: 'Carol' },
    ],
    rooms: ['general', 'other'].map((id) => ({ id, name: id, members: ['alice', 'bob', 'carol'] })),
  });
  bob = await server.connect('bob');
});
afterEach(() => {
  cleanup();
  server.close();
});

let serial = 0;
function Page() {
  const [roomId, setRoomId] = useState('general');
  const { unreadCount, mentionCount } = useUnread();
  return (
    <>
      <p data-testid="total">{`${unreadCount} ${mentionCount}`}</p>
      <RoomList roomId={roomId} onOpen={setRoomId} />
      <ChatRoom roomId={roomId} />
    </>
  );
}

async function open(): Promise<void> {
  render(
    <ChatProvider url={`http://unread/${(serial += 1)}`} token={server.token('alice')}>
      <Page />
    </ChatProvider>,
  );
  await link(/^general/);
}

const link = (name: RegExp) =>
  within(document.querySelector('.chat-rooms') as HTMLElement).findByRole('button', { name });
const total = (text: string) => waitFor(() => expect(screen.getByTestId('total').textContent).toBe(text));
const row = async (text: string) => (await screen.findByText(text)).closest('article') as HTMLElement;
const press = async (text: string, name: string) =>
  fireEvent.click(within(await row(text)).getByRole('button', { name }));

test('counts messages and mentions of all rooms, and takes off what is deleted', async () => {
  await open();
  await total('0 0');
  await act(() => bob.send('other', 'one'));
  const sent = await act(() => bob.send('other', 'two @alice'));
  await link(/^other\s*1 mention\s*2 unread$/);
  await total('2 1');
  await act(() => bob.ask('message:delete', { messageId: sent.id }));
  await link(/^other\s*1 unread$/);
  await total('1 0');
});

test('a room that is open counts nothing, until it is marked as unread', async () => {
  await open();
  await act(() => bob.send('general', 'one'));
  await act(() => bob.send('general', 'two'));
  await row('two');
  await link(/^general$/);
  await press('one', 'Mark unread from here');
  await link(/^general\s*2 unread$/);
  expect(screen.getByRole('separator', { name: 'New messages' })).toBeTruthy();
  await total('2 0');
  await act(() => bob.send('general', 'three'));
  await row('three');
  await link(/^general\s*3 unread$/);
  // Leaving it ends that, and opening it reads it.
  fireEvent.click(await link(/^other/));
  await link(/^general\s*3 unread$/);
  fireEvent.click(await link(/^general/));
  await total('0 0');
});

test('writing in a room that was marked as unread reads it', async () => {
  await open();
  await act(() => bob.send('general', 'one'));
  await press('one', 'Mark unread from here');
  await link(/^general\s*1 unread$/);
  const field = screen.getByRole('textbox', { name: 'Write a message' });
  fireEvent.change(field, { target: { value: 'an answer' } });
  fireEvent.keyDown(field, { key: 'Enter' });
  await link(/^general$/);
});

test('a refusal to mark as unread is said, and the room is read as before', async () => {
  await open();
  await act(() => bob.send('general', 'one'));
  server.refuseNext('room:mark-unread', 'unavailable');
  await press('one', 'Mark unread from here');
  await screen.findByText('Not marked as unread: the server is not available right now');
  await act(() => bob.send('general', 'two'));
  await row('two');
  await link(/^general$/);
});

test('one’s own message says who has seen it, and not who reads in private', async () => {
  const carol = await server.connect('carol');
  await carol.ask('settings:update', { privateReads: true });
  await open();
  const field = await screen.findByRole('textbox', { name: 'Write a message' });
  fireEvent.change(field, { target: { value: 'a question' } });
  fireEvent.keyDown(field, { key: 'Enter' });
  await waitFor(async () => expect((await row('a question')).className).toContain('--sent'));
  await press('a question', 'Seen by');
  const readers = within(await screen.findByRole('group', { name: 'Seen by' }));
  await readers.findByText('Nobody has seen this message yet.');
  for (const user of [carol, bob]) {
    await act(() => user.ask('room:join', 'general'));
    await act(() => user.ask('room:read', 'general'));
  }
  await readers.findByText('Bob');
  expect(readers.queryByText('Carol')).toBeNull();
  await act(() => bob.send('general', 'an answer'));
  expect(within(await row('an answer')).queryByRole('button', { name: 'Seen by' })).toBeNull();
  fireEvent.click(readers.getByRole('button', { name: 'Close' }));
  expect(screen.queryByRole('group', { name: 'Seen by' })).toBeNull();
});

test('settings are shown and changed, and a refused change is taken back', async () => {
  function Setting() {
    const { settings, refusal, update } = useSettings();
    return (
      <button onClick={() => void update({ privateReads: !settings?.privateReads })}>
        {`${String(settings?.privateReads)} ${refusal?.code ?? ''}`}
      </button>
    );
  }
  render(
    <ChatProvider url={`http://unread/${(serial += 1)}`} token={server.token('alice')}>
      <Setting />
    </ChatProvider>,
  );
  fireEvent.click(await screen.findByRole('button', { name: 'false' }));
  await screen.findByRole('button', { name: 'true' });
  server.refuseNext('settings:update', 'busy');
  fireEvent.click(screen.getByRole('button'));
  await screen.findByRole('button', { name: 'true busy' });
});
