// @vitest-environment jsdom
// The first screen: which room the page opens by itself, and where it opens none.
import { act, cleanup, screen, waitFor } from '@testing-library/react';
import { expect, test, vi } from 'vitest';
import { lastRoomOf, rememberRoom } from '../src/lastRoom.js';
import { begin, heading, link, onAPhone, openPage, setUpPages } from './page.js';

setUpPages();

/** A second passes. */
const later = () => vi.setSystemTime(Date.now() + 1000);

function aServer() {
  vi.useFakeTimers({ toFake: ['Date'] });
  const server = begin({
    users: [{ id: 'alice', name: 'Alice' }],
    rooms: [
      { id: 'open', name: 'Open', members: ['bob'] },
      { id: 'ideas', name: 'Ideas', members: ['alice', 'bob'] },
      { id: 'plans', name: 'Plans', members: ['alice', 'bob'] },
    ],
  });
  later();
  return server;
}

async function click(name: RegExp) {
  const found = await link(name);
  act(() => found.click());
}

test('the first screen is the most recent room of one’s own, and then the one that was open last', async () => {
  const server = aServer();
  const bob = await server.connect('bob');
  await bob.send('plans', 'older');
  later();
  await bob.send('open', 'newest');
  openPage(server, 'alice');
  await heading('Plans');
  await click(/^Ideas/);
  await heading('Ideas');
  cleanup();

  openPage(server, 'alice');
  await heading('Ideas');
  cleanup();

  openPage(server, 'alice', '#/r/open');
  await heading('Open');
});

test('somebody who is a member of no room sees the most recent public one', async () => {
  const server = aServer();
  await (await server.connect('bob')).send('ideas', 'hello');
  openPage(server, 'dora');
  await heading('Ideas');
});

test('without a room the page says so, and opens none that comes later', async () => {
  const server = begin({ rooms: [] });
  openPage(server, 'alice');
  await heading('Choose a room or start a conversation');
  const bob = await server.connect('bob');
  await act(() => bob.ask('room:create', { name: 'Later', members: ['alice'] }));
  await link(/^Later/);
  await heading('Choose a room or start a conversation');
});

test('without the list of rooms the page says why, once, and does not say that it loads', async () => {
  const server = aServer();
  server.refuseNext('rooms:list', 'unavailable', 'The database is not available, try again');
  openPage(server, 'alice', '#/r/plans');
  const reason = 'The rooms could not be loaded: the server is not available right now';
  expect((await screen.findByRole('alert')).textContent).toBe(reason);
  await heading('Room');
  expect(screen.queryAllByText('Loading…')).toEqual([]);
  cleanup();

  server.refuseNext('rooms:list', 'unavailable', 'The database is not available, try again');
  openPage(server, 'alice');
  await heading('Your rooms are not here yet');
  expect(screen.getAllByText(reason)).toHaveLength(1);
  expect(screen.queryAllByText('Loading…')).toEqual([]);
});

test('on a phone the first screen is the list of rooms', async () => {
  const server = aServer();
  rememberRoom('alice', 'ideas');
  onAPhone();
  openPage(server, 'alice');
  await link(/^Ideas/);
  await heading('Choose a room or start a conversation');
  expect(window.location.hash).toBe('#/');
});

test('a room that was closed stays closed', async () => {
  const server = aServer();
  openPage(server, 'alice', '#/r/plans');
  await heading('Plans');
  act(() => void (window.location.hash = '#/'));
  await heading('Choose a room or start a conversation');
  const bob = await server.connect('bob');
  await act(() => bob.send('ideas', 'the list is drawn again'));
  await waitFor(() => expect(screen.getByRole('link', { name: /^Ideas\s*1/ })).toBeTruthy());
  await heading('Choose a room or start a conversation');
});

test('each user has a last room of their own, and the user who was here longest ago is forgotten', () => {
  rememberRoom('alice', 'plans');
  rememberRoom('bob', 'open');
  rememberRoom('alice', 'ideas');
  expect([lastRoomOf('alice'), lastRoomOf('bob'), lastRoomOf('carol')]).toEqual(['ideas', 'open', null]);
  for (let serial = 0; serial < 19; serial += 1) rememberRoom(`user ${serial}`, 'plans');
  expect([lastRoomOf('alice'), lastRoomOf('bob')]).toEqual(['ideas', null]);
  for (const text of ['{', '1', '[1, ["alice"], ["alice", 2]]']) {
    localStorage.setItem('chatoxide-last-rooms', text);
    expect(lastRoomOf('alice')).toBeNull();
  }
});
