// @vitest-environment jsdom
// A thread beside its room: its address, where it is found, and how it is closed.
import { act, fireEvent, screen, waitFor, within } from '@testing-library/react';
import { expect, test } from 'vitest';
import { begin, dialog, heading, openPage, setUpPages } from './page.js';

setUpPages();

const thread = () => screen.findByRole('region', { name: 'Thread' });

async function start() {
  const server = begin({ rooms: [{ id: 'barn', members: ['alice', 'bob'] }] });
  const bob = await server.connect('bob');
  const root = await bob.send('barn', 'who feeds the horses?');
  await bob.send('barn', 'oats are in the attic', { threadId: root.id });
  return { server, root };
}

test('a thread has an address, opens from its root and closes by Escape', async () => {
  const { server, root } = await start();
  const { unmount } = openPage(server, 'alice', '#/r/barn');
  await heading('barn');
  expect(screen.queryByText('oats are in the attic'), 'it is only in the thread').toBeNull();
  fireEvent.click(await screen.findByRole('button', { name: /1 reply/ }));
  await within(await thread()).findByText('oats are in the attic');
  expect(window.location.hash).toBe(`#/r/barn?t=${root.id}`);
  unmount();

  openPage(server, 'alice', `#/r/barn?t=${root.id}`);
  const field = await within(await thread()).findByRole('textbox', { name: 'Write a message' });
  fireEvent.keyDown(field, { key: 'Escape' });
  await waitFor(() => expect(screen.queryByRole('region', { name: 'Thread' })).toBeNull());
  expect(window.location.hash).toBe('#/r/barn');
  expect((document.activeElement as HTMLElement).dataset.messageId).toBe(root.id);
});

test('a reply that the search finds is shown in its thread', async () => {
  const { server, root } = await start();
  openPage(server, 'alice', '#/r/barn');
  await heading('barn');
  act(() => void fireEvent.keyDown(window, { key: 'f', ctrlKey: true }));
  await dialog('Search');
  const field = screen.getByRole('combobox', { name: 'Search messages' });
  fireEvent.change(field, { target: { value: 'oats' } });
  fireEvent.keyDown(field, { key: 'Enter' });
  fireEvent.click(await screen.findByRole('option', { name: /oats/ }));
  await within(await thread()).findByText('oats are in the attic');
  expect(window.location.hash).toBe(`#/r/barn?t=${root.id}`);

  act(() => window.history.back());
  await waitFor(() => expect(window.location.hash).toBe('#/r/barn'));
  await waitFor(() => expect(screen.queryByRole('region', { name: 'Thread' })).toBeNull());
});

test('the threads that are followed are listed, in any room, and counted while they are unread', async () => {
  const server = begin({ rooms: [{ id: 'barn', members: ['alice', 'bob'] }, { id: 'attic' }] });
  const [alice, bob] = await Promise.all([server.connect('alice'), server.connect('bob')]);
  const root = await alice.send('barn', 'who feeds the horses?');
  openPage(server, 'alice', '#/r/attic');
  await heading('attic');
  await screen.findByRole('button', { name: 'Threads' });
  await act(() => bob.send('barn', 'oats are in the attic', { threadId: root.id }));
  fireEvent.click(await screen.findByRole('button', { name: 'Threads 1 unread' }));
  fireEvent.click((await dialog('Threads')).getByRole('button', { name: /who feeds the horses/ }));
  await within(await thread()).findByText('oats are in the attic');
  expect(window.location.hash).toBe(`#/r/barn?t=${root.id}`);
  expect(screen.queryByRole('dialog')).toBeNull();
  await screen.findByRole('button', { name: 'Threads' });
});
