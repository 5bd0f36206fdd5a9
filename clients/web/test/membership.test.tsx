// @vitest-environment jsdom
// Joining and leaving a room: the buttons, the badges, the tab's title, and the room that is opened afterwards.
import { act, screen, waitFor, within } from '@testing-library/react';
import { beforeEach, expect, test } from 'vitest';
import type { ChatServer } from '@chatoxide/react/testing';
import { begin, button, dialog, heading, link, onAPhone, openPage, panel, setUpPages } from './page.js';

setUpPages();

let server: ChatServer;
beforeEach(() => {
  server = begin({
    users: [
      { id: 'alice', name: 'Alice' },
      { id: 'bob', name: 'Bob' },
    ],
    rooms: [
      { id: 'open', name: 'Open', members: ['bob'] },
      { id: 'plans', name: 'Plans', members: ['alice', 'bob'] },
      { id: 'secret', name: 'Secret', type: 'private', members: ['alice', 'bob'] },
    ],
  });
});

const settled = () => act(() => Promise.resolve());

async function click(name: string) {
  const found = await button(name);
  act(() => found.click());
  await settled();
}

async function answer(question: string, name: string) {
  const asked = (await dialog(question)).getByRole('button', { name });
  act(() => asked.click());
  await settled();
}

const names = () =>
  panel()
    .queryAllByRole('listitem')
    .map((one) => one.querySelector('.member-name')?.textContent);

/** The heading of the section of the list that has the room. */
const sectionOf = (name: RegExp) =>
  screen.getByRole('link', { name }).closest('section')?.querySelector('h2')?.textContent;

test('a guest joins a public room, and is a member with badges and a title from then on', async () => {
  openPage(server, 'alice', '#/r/open');
  await heading('Open');
  expect(sectionOf(/^Open/)).toBe('Public rooms');
  expect(screen.queryByRole('button', { name: 'Leave room' })).toBeNull();
  await click('Join');
  await waitFor(() => expect(sectionOf(/^Open/)).toBe('Rooms'));
  expect(screen.queryByRole('button', { name: 'Join' })).toBeNull();
  await waitFor(() => expect(names()).toEqual(['Alice', 'Bob']));

  const plans = await link('Plans');
  act(() => plans.click());
  await heading('Plans');
  const bob = await server.connect('bob');
  await act(() => bob.send('open', 'are you there?'));
  await link(/^Open\s*1/);
  await waitFor(() => expect(document.title).toBe('(1) chatoxide'));
});

test('a refusal to join is shown, and joining can be tried again', async () => {
  openPage(server, 'alice', '#/r/open');
  await heading('Open');
  server.refuseNext('member:join', 'busy', 'Too much at once');
  await click('Join');
  expect((await screen.findByRole('alert')).textContent).toBe('You could not join: the server is busy');
  await click('Join');
  await button('Leave room');
  expect(screen.queryByRole('alert')).toBeNull();
});

test('a member leaves a room after a question, and another room is opened', async () => {
  openPage(server, 'alice', '#/r/plans');
  await heading('Plans');
  await click('Leave room');
  await answer('Leave Plans?', 'Cancel');
  expect(screen.queryByRole('dialog')).toBeNull();
  expect(sectionOf(/^Plans/)).toBe('Rooms');

  await click('Leave room');
  await answer('Leave Plans?', 'Leave');
  await heading('Secret');
  await waitFor(() => expect(sectionOf(/^Plans/)).toBe('Public rooms'));
  const bob = await server.connect('bob');
  await act(() => bob.send('plans', 'without Alice'));
  await act(() => bob.send('secret', 'with Alice'));
  await screen.findByText('with Alice');
  expect(document.title).toBe('chatoxide');
});

test('on a phone the list of rooms is shown after leaving', async () => {
  onAPhone();
  openPage(server, 'alice', '#/r/secret');
  await heading('Secret');
  await click('Leave room');
  await answer('Leave Secret?', 'Leave');
  await waitFor(() => expect(window.location.hash).toBe('#/'));
});

test('a refusal to leave is shown in the dialog, and the room stays open', async () => {
  openPage(server, 'alice', '#/r/secret');
  await heading('Secret');
  server.refuseNext('member:leave', 'busy', 'Too much at once');
  await click('Leave room');
  await answer('Leave Secret?', 'Leave');
  const asked = await dialog('Leave Secret?');
  expect((await asked.findByRole('alert')).textContent).toBe('The server is busy.');
  expect(window.location.hash).toBe('#/r/secret');
});

test('a private room that was left on another device makes room for another one', async () => {
  openPage(server, 'alice', '#/r/secret');
  await heading('Secret');
  const otherDevice = await server.connect('alice');
  await act(() => otherDevice.ask('member:leave', 'secret'));
  await heading('Plans');
  expect(within(screen.getByRole('navigation')).queryByRole('link', { name: 'Secret' })).toBeNull();
});

test('a direct room can neither be joined nor left', async () => {
  const bob = await server.connect('bob');
  await bob.ask('dm:start', 'alice');
  openPage(server, 'alice', '#/r/dm%3Aalice%3Abob');
  await heading('Bob');
  await waitFor(() => expect(names()).toEqual(['Alice', 'Bob']));
  for (const name of ['Join', 'Leave room']) expect(screen.queryByRole('button', { name })).toBeNull();
});
