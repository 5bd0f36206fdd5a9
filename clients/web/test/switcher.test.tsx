// @vitest-environment jsdom
// The switcher, while rooms change behind it.
import { act, fireEvent, screen, waitFor } from '@testing-library/react';
import { expect, test, vi } from 'vitest';
import { begin, heading, link, openPage, setUpPages } from './page.js';

setUpPages();

const options = () => screen.getAllByRole('option').map(({ textContent }) => textContent);
const chosen = () => screen.getByRole('option', { selected: true }).textContent;
const field = () => screen.getByRole('combobox', { name: 'Find a room' });

async function openSwitcher() {
  fireEvent.keyDown(window, { key: 'k', ctrlKey: true });
  await screen.findByRole('combobox', { name: 'Find a room' });
}

test('a message elsewhere does not change which room Enter opens', async () => {
  vi.useFakeTimers({ toFake: ['Date'] });
  const rooms = ['attic', 'barn', 'cellar'].map((id) => ({ id, members: ['alice', 'bob'] }));
  const server = begin({ users: [{ id: 'alice', name: 'Alice' }], rooms });
  const bob = await server.connect('bob');
  for (const { id } of rooms) {
    vi.setSystemTime(Date.now() + 1000);
    await bob.send(id, 'hello');
  }
  openPage(server, 'alice', '#/r/attic');
  await heading('attic');
  await link(/^cellar/);
  await openSwitcher();
  expect(options()).toEqual(['cellar', 'barn', 'attic']);
  fireEvent.keyDown(field(), { key: 'ArrowDown' });
  expect(chosen()).toBe('barn');

  vi.setSystemTime(Date.now() + 1000);
  await act(() => bob.send('attic', 'look up'));
  await act(() => bob.ask('room:create', { name: 'dungeon', members: ['alice'] }));
  await link(/^dungeon/);
  expect(options(), 'the new room comes last').toEqual(['cellar', 'barn', 'attic', 'dungeon']);
  expect(chosen()).toBe('barn');
  fireEvent.keyDown(field(), { key: 'Enter' });
  await heading('barn');

  await openSwitcher();
  expect(options()[0], 'opened anew it has the order of now').not.toBe('cellar');
});

test('when the chosen room goes the first one is chosen', async () => {
  const rooms = ['attic', 'barn'].map((id) => ({ id, type: 'private' as const, members: ['alice', 'bob'] }));
  const server = begin({ users: [{ id: 'alice', name: 'Alice' }], rooms });
  openPage(server, 'alice', '#/r/attic');
  await heading('attic');
  await link(/^barn/);
  await openSwitcher();
  while (chosen() !== 'barn') fireEvent.keyDown(field(), { key: 'ArrowDown' });
  const phone = await server.connect('alice');
  await act(() => phone.ask('member:leave', 'barn'));
  await waitFor(() => expect(options()).toEqual(['attic']));
  expect(chosen()).toBe('attic');
});
