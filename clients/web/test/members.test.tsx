// @vitest-environment jsdom
// The panel beside a room: members and guests under headings of their own.
import { act, fireEvent, screen, waitFor } from '@testing-library/react';
import { expect, test } from 'vitest';
import { begin, heading, openPage, panel, setUpPages } from './page.js';

setUpPages();

/** The lines under each heading: the letters of the picture, the name, and whether the user is online. */
function shown() {
  const lines = panel()
    .getAllByRole('list')
    .map((list) =>
      [...list.querySelectorAll('li')].map((line) =>
        line.textContent.replace(/ (online|away|offline) .*$/, '$1'),
      ),
    );
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

test('no id is shown while the names of guests are loaded, nor if they cannot be', async () => {
  const server = begin({ users, rooms: [{ id: 'open', name: 'Open', members: ['bob'] }] });
  const guests = [await server.connect('alice'), await server.connect('zoe')];
  for (const guest of guests) await guest.ask('room:join', 'open');
  server.refuseNext('users:show', 'internal');
  openPage(server, 'bob', '#/r/open');
  await heading('Open');
  const seen: string[] = [];
  const observer = new MutationObserver(() =>
    document.querySelectorAll('.member-name').forEach((name) => seen.push(name.textContent ?? '')),
  );
  observer.observe(document.body, { subtree: true, childList: true, characterData: true });
  await waitFor(() => expect(shown().Guests).toEqual(['GGuestonline', 'GGuestonline']));
  act(() => guests[0]?.disconnect());
  await waitFor(() => expect(shown().Guests).toEqual(['GGuestonline']));
  const namesake = await server.connect('zoe-2');
  await act(() => namesake.ask('room:join', 'open'));
  await waitFor(() => expect(shown().Guests).toEqual(['ANA namesakeonline', 'ZZoeonline']));
  observer.disconnect();
  expect([...new Set(seen)].sort()).toEqual(['A namesake', 'Bob', 'Guest', 'Zoe']);
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

test('a guest sees a member online who has another room open', async () => {
  const server = begin({
    users,
    rooms: [
      { id: 'open', members: ['bob', 'alice'] },
      { id: 'other', type: 'private', members: ['bob'] },
    ],
  });
  const bob = await server.connect('bob');
  await bob.ask('room:join', 'other');
  openPage(server, 'zoe', '#/r/open');
  await heading('open');
  await screen.findByText('2 online');
  expect(shown()).toEqual({ Members: ['BBobonline', 'AAliceoffline'], Guests: ['ZZoeonline'] });
  act(() => bob.disconnect());
  await screen.findByText('1 online');
});

test('nobody moves under the pointer, and whoever comes meanwhile comes last', async () => {
  const server = begin({ users, rooms: [{ id: 'open', members: ['alice', 'bob'] }] });
  openPage(server, 'alice', '#/r/open');
  await heading('open');
  await waitFor(() => expect(shown()).toEqual({ Members: ['AAliceonline', 'BBoboffline'] }));
  const list = (name: string) => panel().getByRole('heading', { name }).closest('section') as HTMLElement;
  fireEvent.pointerEnter(list('Members'));
  const [zoe, bob] = [await act(() => server.connect('zoe')), await act(() => server.connect('bob'))];
  await act(() => zoe.ask('member:join', 'open'));
  await act(() => bob.ask('room:join', 'open'));
  act(() => zoe.disconnect());
  await waitFor(() => expect(shown()).toEqual({ Members: ['AAliceonline', 'BBobonline', 'ZZoeoffline'] }));
  act(() => bob.disconnect());
  const zoeAgain = await act(() => server.connect('zoe'));
  await waitFor(() => expect(shown()).toEqual({ Members: ['AAliceonline', 'BBoboffline', 'ZZoeonline'] }));
  fireEvent.pointerLeave(list('Members'));
  expect(shown()).toEqual({ Members: ['AAliceonline', 'ZZoeonline', 'BBoboffline'] });
  act(() => zoeAgain.disconnect());
});

test('in a room of more members than are watched, the panel says of how many it knows who is online', async () => {
  const members = Array.from({ length: 501 }, (_, serial) => `member-${serial}`);
  const server = begin({ users, rooms: [{ id: 'open', members }] });
  openPage(server, 'alice', '#/r/open');
  await heading('open');
  await screen.findByText('Who is online elsewhere is known of 500 of 501 members only.');
});
