// @vitest-environment jsdom
// The panel beside a room: members and guests under headings of their own.
import { act, screen, waitFor } from '@testing-library/react';
import { expect, test } from 'vitest';
import { begin, heading, openPage, panel, setUpPages } from './page.js';

setUpPages();

/** The lines under each heading: the letters of the picture, the name, and whether the user is online. */
function shown() {
  const lines = panel()
    .getAllByRole('list')
    .map((list) => [...list.querySelectorAll('li')].map((line) => line.textContent));
  const headings = panel()
    .getAllByRole('heading')
    .map(({ textContent }) => textContent ?? '');
  return Object.fromEntries(headings.map((name, index) => [name, lines[index]]));
}

const users = [
  { id: 'alice', name: 'Alice' },
  { id: 'bob', name: 'Bob' },
  { id: 'zoe', name: 'Zoe' },
  { id: 'zoe-2', name: 'A namesake' },
];

test('guests who are here stand under a heading of their own, by name, until they go or become members', async () => {
  const server = begin({ users, rooms: [{ id: 'open', name: 'Open', members: ['bob'] }] });
  openPage(server, 'bob', '#/r/open');
  await heading('Open');
  await waitFor(() => expect(shown()).toEqual({ Members: ['BBobonline'] }));
  const [zoe, namesake, alice] = [
    await server.connect('zoe'),
    await server.connect('zoe-2'),
    await server.connect('alice'),
  ];
  for (const guest of [zoe, namesake, alice]) await act(() => guest.ask('room:join', 'open'));
  await waitFor(() =>
    expect(shown()).toEqual({
      Members: ['BBobonline'],
      Guests: ['ANA namesakeonline', 'AAliceonline', 'ZZoeonline'],
    }),
  );
  await act(() => zoe.ask('member:join', 'open'));
  act(() => namesake.disconnect());
  await waitFor(() =>
    expect(shown()).toEqual({ Members: ['BBobonline', 'ZZoeonline'], Guests: ['AAliceonline'] }),
  );
  act(() => alice.disconnect());
  await waitFor(() => expect(shown()).toEqual({ Members: ['BBobonline', 'ZZoeonline'] }));
});

test('guests who were here first are named, and the user is one of them before joining', async () => {
  const server = begin({ users, rooms: [{ id: 'open', name: 'Open', members: ['bob'] }] });
  const zoe = await server.connect('zoe');
  await zoe.ask('room:join', 'open');
  openPage(server, 'alice', '#/r/open');
  await heading('Open');
  await waitFor(() =>
    expect(shown()).toEqual({ Members: ['BBoboffline'], Guests: ['AAliceonline', 'ZZoeonline'] }),
  );
});

test('fifty guests are listed, and the others counted', async () => {
  const server = begin({ users, rooms: [{ id: 'open', name: 'Open', members: ['bob'] }] });
  for (let serial = 0; serial < 51; serial += 1)
    await (await server.connect(`guest ${serial}`)).ask('room:join', 'open');
  openPage(server, 'bob', '#/r/open');
  await heading('Open');
  await screen.findByText('and 1 more');
  expect(shown().Guests).toHaveLength(50);
});

test('a guest whose name cannot be looked up has the id in its place, and the next one is looked up', async () => {
  const server = begin({ users, rooms: [{ id: 'open', name: 'Open', members: ['bob'] }] });
  for (const id of ['alice', 'zoe']) await (await server.connect(id)).ask('room:join', 'open');
  server.refuseNext('users:find', 'busy');
  openPage(server, 'bob', '#/r/open');
  await heading('Open');
  await waitFor(() => expect(shown().Guests).toEqual(['Aaliceonline', 'ZZoeonline']));
});

test('a member is online who has another room open, on any device, and offline when all have gone', async () => {
  const rooms = ['open', 'other'].map((id) => ({ id, members: ['alice', 'bob'] }));
  const server = begin({ users, rooms });
  openPage(server, 'alice', '#/r/open');
  await heading('open');
  await screen.findByText('1 online');
  expect(shown().Members).toEqual(['AAliceonline', 'BBoboffline']);
  const [phone, laptop] = [await act(() => server.connect('bob')), await act(() => server.connect('bob'))];
  await act(() => laptop.ask('room:join', 'other'));
  await screen.findByText('2 online');
  expect(shown().Members).toEqual(['AAliceonline', 'BBobonline']);
  act(() => laptop.disconnect());
  await act(() => phone.send('other', 'still here'));
  await screen.findByRole('link', { name: /^other\s*1/ });
  expect(shown().Members).toEqual(['AAliceonline', 'BBobonline']);
  act(() => phone.disconnect());
  await screen.findByText('1 online');
  expect(shown().Members).toEqual(['AAliceonline', 'BBoboffline']);
});
