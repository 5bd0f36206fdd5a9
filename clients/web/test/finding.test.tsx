// @vitest-environment jsdom
// The page around the search and the inbox: the keys and buttons that open them, and where they lead.
import { act, fireEvent, screen, waitFor } from '@testing-library/react';
import { expect, test } from 'vitest';
import { begin, button, dialog, heading, openPage, setUpPages } from './page.js';

setUpPages();

const rooms = [
  { id: 'attic', members: ['alice', 'bob'], messages: [{ from: 'bob', content: 'a trunk of letters' }] },
  { id: 'barn', members: ['alice', 'bob'] },
];
const ctrlF = () => fireEvent.keyDown(window, { key: 'f', ctrlKey: true });

test('Ctrl+F opens the search, and a result leads to its message; over a dialog it is the browser’s own', async () => {
  const server = begin({ rooms });
  openPage(server, 'alice', '#/r/barn');
  await heading('barn');
  expect(ctrlF(), 'the browser does not search, too').toBe(false);
  await dialog('Search');
  expect(ctrlF()).toBe(true);
  const field = screen.getByRole('combobox', { name: 'Search messages' });
  fireEvent.change(field, { target: { value: 'letters' } });
  fireEvent.keyDown(field, { key: 'Enter' });
  fireEvent.click(await screen.findByRole('option', { name: /trunk/ }));
  await heading('attic');
  const found = (await screen.findByText('a trunk of letters')).closest('article');
  await waitFor(() => expect(document.activeElement).toBe(found));
  expect(found?.className).toContain('chat-message--found');
  expect(window.location.hash, 'the same message can be led to again').toBe('#/r/attic');
  expect(screen.queryByRole('dialog')).toBeNull();
});

test('the inbox button counts unread mentions, and the title has them', async () => {
  const server = begin({ rooms });
  openPage(server, 'alice', '#/r/barn');
  await button('Mentions');
  const bob = await server.connect('bob');
  await act(() => bob.send('attic', 'whose is this, @alice?'));
  fireEvent.click(await button('Mentions, 1 unread'));
  await waitFor(() => expect(document.title).toBe('(2, @1) chatoxide'));
  fireEvent.click((await dialog('Mentions')).getByRole('button', { name: /whose is this/ }));
  await heading('attic');
  await button('Mentions');
});

test('reading in private is chosen in the settings', async () => {
  const server = begin({ rooms });
  openPage(server, 'alice', '#/r/barn');
  fireEvent.click(await button('Settings'));
  const box = (await dialog('Settings')).getByRole('checkbox', { name: 'Read in private' });
  await waitFor(() => expect(box).toHaveProperty('disabled', false));
  fireEvent.click(box);
  const phone = await server.connect('alice');
  await waitFor(async () =>
    expect(await phone.ask('settings:show', {})).toMatchObject({ settings: { privateReads: true } }),
  );
});
