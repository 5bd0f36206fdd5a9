// @vitest-environment jsdom
// The search, against the server in memory: what it offers, finds and says, by the keyboard.
import { act, cleanup, fireEvent, render, screen, waitFor, within } from '@testing-library/react';
import axe from 'axe-core';
import { afterEach, beforeAll, beforeEach, expect, test, vi } from 'vitest';
import { ChatProvider, SearchBox, type SearchBoxProps } from '../../src/index.js';
import { layOut, startChatServer, type ChatServer } from '../../src/testing/index.js';
import { press, type } from './page.js';

let server: ChatServer;
beforeAll(layOut);
beforeEach(() => {
  server = startChatServer({
    users: [
      { id: 'alice', name: 'Alice' },
      { id: 'bob', name: 'Bob Jones' },
    ],
    rooms: [
      {
        id: 'general',
        name: 'General',
        members: ['alice', 'bob'],
        messages: [
          { from: 'bob', content: 'Lunch at noon?' },
          { from: 'alice', content: 'lunch <b>later</b>' },
        ],
      },
      {
        id: 'plans',
        name: 'Plans',
        type: 'private',
        members: ['bob'],
        messages: [{ from: 'bob', content: 'lunch in secret' }],
      },
    ],
  });
});
afterEach(() => {
  cleanup();
  server.close();
});

let serial = 0;
const field = () => screen.getByRole('combobox', { name: 'Search messages' });
const options = () => screen.queryAllByRole('option').map(({ textContent }) => textContent);
const result = (name: RegExp) => screen.findByRole('option', { name });

async function show(props: SearchBoxProps = {}) {
  const token = server.token('alice');
  render(
    <ChatProvider url={`http://server/${(serial += 1)}`} token={token}>
      <SearchBox {...props} />
    </ChatProvider>,
  );
  await act(() => new Promise((resolve) => setTimeout(resolve)));
}

/** As a person types: the caret is at the end. */
function write(text: string): void {
  type(field(), text);
  (field() as HTMLInputElement).setSelectionRange(text.length, text.length);
  fireEvent.select(field());
}

test('shows what it finds in the rooms that one may read, with the matches marked', async () => {
  await show();
  write('lunch');
  expect(screen.getAllByText('Searching…')).toBeTruthy();
  expect(await result(/Bob Jones.*General.*Lunch at noon\?/)).toBeTruthy();
  expect(options().filter((text) => text?.includes('General'))).toHaveLength(2);
  expect(screen.queryByText(/secret/), 'of a room of others').toBeNull();
  expect([...document.querySelectorAll('mark')].map(({ textContent }) => textContent)).toEqual([
    'lunch',
    'Lunch',
  ]);
  expect(document.querySelector('b'), 'a text is no HTML').toBeNull();
  expect(screen.getByText('2 messages')).toBeTruthy();
  const { violations } = await axe.run(document.body, { rules: { region: { enabled: false } } });
  expect(violations.map(({ id }) => id)).toEqual([]);
});

test('offers operators and their values, and puts the chosen one into the field', async () => {
  await show({ roomId: 'general' });
  expect(options().map((text) => text?.split(':')[0])).toEqual(['from', 'in', 'before', 'after', 'has']);
  write('lunch fr');
  press(field(), 'ArrowDown');
  press(field(), 'Enter');
  expect(field()).toHaveProperty('value', 'lunch from:');
  await waitFor(() => expect(options().join()).toContain('from:"Bob Jones"'));
  fireEvent.click(await result(/Bob Jones$/));
  expect(field()).toHaveProperty('value', 'lunch from:"Bob Jones" ');
  await screen.findByText('1 message');
  write('lunch in:gen');
  fireEvent.click(await result(/^in:General/));
  expect(field()).toHaveProperty('value', 'lunch in:General ');
  write('has:');
  expect(options().slice(0, 3)).toEqual([
    'has:linkWith a link',
    'has:imageWith an image',
    'has:fileWith a file',
  ]);
  write('before:');
  expect(options().filter((text) => text?.startsWith('before:'))).toHaveLength(3);
  expect(options()[0]).toMatch(/^before:\d{4}-\d\d-\d\dToday$/);
});

test('the arrow keys lead to a result, Enter opens it, and Escape closes', async () => {
  const [onOpen, onClose] = [vi.fn(), vi.fn()];
  await show({ onOpen, onClose, autoFocus: true });
  expect(document.activeElement).toBe(field());
  write('lunch');
  press(field(), 'Enter');
  await result(/noon/);
  press(field(), 'ArrowDown');
  press(field(), 'ArrowDown');
  const active = document.getElementById(field().getAttribute('aria-activedescendant') ?? '');
  expect(active?.textContent).toContain('noon');
  press(field(), 'Enter');
  expect(onOpen.mock.calls).toEqual([
    [expect.objectContaining({ roomId: 'general', content: 'Lunch at noon?' })],
  ]);
  press(field(), 'Escape');
  expect(onClose, 'back to the field first').not.toHaveBeenCalled();
  expect(field().getAttribute('aria-activedescendant')).toBeNull();
  press(field(), 'Escape');
  expect(onClose).toHaveBeenCalledOnce();
});

test('says that nothing was found, and what is wrong with a query', async () => {
  await show();
  write('breakfast');
  expect(await screen.findByText('No messages found')).toBeTruthy();
  write('lunch has:video');
  press(field(), 'Enter');
  expect((await screen.findByRole('alert')).textContent).toBe(
    '“has:video” does not work: it takes link, image or file',
  );
  expect(field().getAttribute('aria-invalid')).toBe('true');
  write('lunch from:nobody-at-all');
  press(field(), 'Enter');
  await screen.findByText('“from:nobody-at-all” does not work: there is no such user');
  server.refuseNext('messages:search', 'no_search');
  write('lunch');
  await screen.findByText('The search failed: this server has no search');
  press(field(), 'Enter');
  expect(await result(/noon/)).toBeTruthy();
});

test('shows more results when they are asked for', async () => {
  const bob = await server.connect('bob');
  for (let index = 0; index < 30; index += 1) await bob.send('general', `dinner ${index}`);
  await show();
  write('dinner');
  await screen.findByText('20+ messages');
  fireEvent.click(screen.getByRole('button', { name: 'Show more results' }));
  await screen.findByText('30 messages');
  expect(screen.queryByRole('button', { name: 'Show more results' })).toBeNull();
  fireEvent.click(screen.getByRole('button', { name: 'Best match' }));
  await screen.findByText('20+ messages');
  expect(screen.getByRole('button', { name: 'Best match' }).getAttribute('aria-pressed')).toBe('true');
  fireEvent.click(screen.getByRole('button', { name: 'Clear the search' }));
  expect([field()].map((input) => (input as HTMLInputElement).value)).toEqual(['']);
  expect(options()).toHaveLength(5);
});

test('uses the parts and words that it is given', async () => {
  await show({
    labels: { today: 'Heute' },
    components: {
      Result: ({ message, highlights, resultProps }) => (
        <div {...resultProps}>{`${message.content}: ${JSON.stringify(highlights)}`}</div>
      ),
      Empty: ({ text }) => <i>{`empty: ${text}`}</i>,
    },
  });
  write('noon');
  await result(/^Lunch at noon\?: \[\[9,13\]\]$/);
  write('nowhere');
  await screen.findByText('empty: No messages found');
  expect(within(document.body).queryByText('Today')).toBeNull();
});
