// @vitest-environment jsdom
// The component with an offline client: what waits is shown as such, can be changed, and says why it was refused.
import { cleanup, configure, fireEvent, render, screen, within } from '@testing-library/react';
import { afterEach, beforeAll, expect, test } from 'vitest';
import { layOut } from '../../../../tests/client/hook/layout.js';
import { ChatProvider, ChatRoom, Thread } from '../../src/index.js';
import { HistoryStore } from '../../src/offline/history.js';
import {
  PATIENCE,
  begin,
  browser,
  connected,
  kill,
  openPage,
  setUpBrowser,
  settled,
  soon,
  type Page,
} from './page.js';

beforeAll(() => {
  layOut();
  configure({ asyncUtilTimeout: PATIENCE });
});
setUpBrowser();
afterEach(cleanup);

const TALK = [
  { from: 'alice', content: 'first' },
  { from: 'bob', content: 'second' },
];

async function show({ client }: Page) {
  render(
    <ChatProvider client={client}>
      <ChatRoom roomId="general" />
    </ChatProvider>,
  );
  await screen.findByText('first');
}

const row = (text: string) => within(screen.getByText(text).closest('article') as HTMLElement);

async function aTalk() {
  const server = begin({ rooms: [{ id: 'general', members: ['alice', 'bob'], messages: TALK }] });
  const alice = openPage('alice');
  await connected(alice);
  await show(alice);
  return { server, alice };
}

test('a message that waits is edited in its place, and discarded', async () => {
  const { server, alice } = await aTalk();
  server.goOffline();
  const room = alice.client.room('general');
  void room.sendMessage('teh third');
  await screen.findByText('teh third');
  fireEvent.click(row('teh third').getByRole('button', { name: 'Edit' }));
  const form = screen.getByRole('textbox', { name: 'Edit the message' });
  fireEvent.change(form, { target: { value: 'the third' } });
  fireEvent.keyDown(form, { key: 'Enter' });
  await screen.findByText('the third');
  expect(row('the third').getByText(/Will be sent when/)).toBeTruthy();
  fireEvent.click(row('the third').getByRole('button', { name: 'Discard' }));
  await soon(() => expect(screen.queryByText('the third')).toBeNull());
  expect(alice.client.unsent).toBe(0);
});

test('a change that waits says so until it is made', async () => {
  const { server, alice } = await aTalk();
  server.goOffline();
  const room = alice.client.room('general');
  void room.editMessage(room.get().messages[0]?.id ?? '', 'first, mended');
  await screen.findByText('first, mended');
  expect(row('first, mended').getByText('Will be saved when you are back online')).toBeTruthy();
  server.goOnline();
  await soon(() => expect(alice.client.unsent).toBe(0));
  await soon(() => expect(screen.queryByText('Will be saved when you are back online')).toBeNull());
  expect(screen.getByText('first, mended')).toBeTruthy();
});

test('an edit that is refused after a reload is taken back in its row, with the text to go on from', async () => {
  const { server, alice } = await aTalk();
  server.goOffline();
  const room = alice.client.room('general');
  void room.editMessage(room.get().messages[0]?.id ?? '', 'too long');
  await settled(alice);
  cleanup();
  kill(alice);
  const again = openPage('alice');
  await soon(() => expect(again.client.unsent).toBe(1));
  server.refuseNext('message:edit', 'bad_input', 'content is too long (at most 10000 characters)');
  server.goOnline();
  await show(again);
  const alert = await screen.findByText(/Your edit was not saved: it is too long/);
  expect(row('first').getByText(/Your edit was not saved/)).toBe(alert);
  fireEvent.click(within(alert).getByRole('button', { name: 'Edit' }));
  expect(screen.getByRole('textbox', { name: 'Edit the message' })).toHaveProperty('value', 'too long');
});

test('a thread and a reply that waits in it are there after a reload', async () => {
  const { server, alice } = await aTalk();
  const bob = await server.connect('bob');
  const rootId = alice.client.room('general').get().messages[0]?.id ?? '';
  await bob.send('general', 'in the thread', { threadId: rootId });
  await screen.findByText('in the thread');
  const kept = () => new HistoryStore(browser.disk).room('http://server\nalice', 'general');
  await soon(async () => expect((await kept())?.messages).toHaveLength(3));
  server.goOffline();
  void alice.client.room('general').sendMessage('on its way', { threadId: rootId, replyTo: rootId });
  await settled(alice);
  cleanup();
  kill(alice);
  const again = openPage('alice');
  render(
    <ChatProvider client={again.client}>
      <Thread roomId="general" rootId={rootId} />
    </ChatProvider>,
  );
  const texts = () =>
    screen.getAllByRole('article').map((article) => article.querySelector('.chat-text')?.textContent);
  await screen.findByText('on its way');
  await soon(() => expect(texts()).toEqual(['first', 'in the thread', 'on its way']));
  server.goOnline();
  await soon(() => expect(again.client.unsent).toBe(0));
  await soon(() => expect(texts()).toEqual(['first', 'in the thread', 'on its way']));
});
