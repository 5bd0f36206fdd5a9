// A search while somebody types it: what is asked, and what is shown of the answers.
import { beforeEach, expect, test, vi } from 'vitest';
import { ChatClient, MessageSearch, type SearchState } from '../src/core/index.js';
import { faultIn, operatorWith, partsOf } from '../src/core/searchQuery.js';
import { answers, message, network, reset, sockets, tokenOf } from './fakeServer.js';

vi.mock('socket.io-client', async () => ({ io: (await import('./fakeServer.js')).io }));

interface Asked {
  query: string;
  order: string;
  after: string | null;
  answer: (answer: object) => void;
}

let asked: Asked[] = [];
let search: MessageSearch;
let states: SearchState[] = [];

const settled = () => new Promise((resolve) => setTimeout(resolve));
const found = (...ids: string[]) => ids.map((id) => ({ message: message(id, id, 'bob'), highlights: [] }));
const page = (results: object[], after: string | null = null, more: object = {}) => ({
  ...{ success: true, results, after, isComplete: after === null },
  ...more,
});
const ids = () => search.get().results.map((result) => result.message.id);

beforeEach(async () => {
  reset();
  asked = [];
  states = [];
  answers.set(
    'messages:search',
    (request) => new Promise((answer) => asked.push({ ...(request as Omit<Asked, 'answer'>), answer })),
  );
  const client = new ChatClient({ url: 'http://server', token: tokenOf('alice') });
  client.retain();
  await settled();
  search = new MessageSearch(client.socket, 5);
  search.subscribe(() => states.push(search.get()));
});

const answered = async (answer: object) => {
  asked.at(-1)?.answer(answer);
  await settled();
};

test('asks once when somebody has stopped typing, and at once when it is submitted', async () => {
  for (const query of ['l', 'lu', 'lun']) search.setQuery(query);
  expect(search.get()).toMatchObject({ query: 'lun', isLoading: true, isReady: false });
  expect(asked).toHaveLength(0);
  await vi.waitFor(() => expect(asked).toHaveLength(1));
  await answered(page(found('1')));
  expect(search.get()).toMatchObject({ isLoading: false, isReady: true, hasMore: false });
  search.setQuery('lunch');
  search.submit();
  await settled();
  expect(asked.map(({ query }) => query)).toEqual(['lun', 'lunch']);
});

test('an answer to an earlier query is never shown, and one request is on its way at a time', async () => {
  search.setQuery('one');
  search.submit();
  await settled();
  search.setQuery('two');
  search.submit();
  search.setQuery('three');
  search.submit();
  await settled();
  expect(asked.map(({ query }) => query)).toEqual(['one']);
  await answered(page(found('1')));
  expect(asked.map(({ query }) => query)).toEqual(['one', 'three']);
  await answered(page(found('3')));
  expect(ids()).toEqual(['3']);
  expect(states.some(({ results }) => results.some((result) => result.message.id === '1'))).toBe(false);
});

test('goes on with pages, each result once, and passes over empty ones', async () => {
  search.setQuery('lunch');
  search.submit();
  await settled();
  await answered(page(found('1', '2'), 'a', { indexed: 0.5 }));
  expect(search.get()).toMatchObject({ hasMore: true, indexed: 0.5 });
  void search.loadMore();
  void search.loadMore();
  await settled();
  await answered(page([], 'b'));
  await answered(page(found('2', '3')));
  expect(asked.map(({ after }) => after)).toEqual([null, 'a', 'b']);
  expect(ids()).toEqual(['1', '2', '3']);
  expect(search.get()).toMatchObject({ hasMore: false, indexed: null });
});

test('another order begins from the first page', async () => {
  search.setQuery('lunch');
  search.submit();
  await settled();
  await answered(page(found('1'), 'a'));
  search.setOrder('relevance');
  await settled();
  expect(asked.at(-1)).toMatchObject({ order: 'relevance', after: null });
});

test('a query that is emptied shows nothing, whatever is on its way', async () => {
  search.setQuery('lunch');
  search.submit();
  await settled();
  search.setQuery(' ');
  await answered(page(found('1')));
  expect(search.get()).toMatchObject({ results: [], isReady: false, isLoading: false });
});

test('a refusal names the part of the query, and the results stay if only a page was refused', async () => {
  search.setQuery('lunch has:video');
  search.submit();
  await settled();
  await answered({ success: false, code: 'bad_input', error: 'query: has: takes link, image or file' });
  expect(search.get()).toMatchObject({
    refusal: { code: 'bad_input' },
    fault: { start: 6, end: 15 },
    results: [],
  });
  search.setQuery('lunch');
  search.submit();
  await settled();
  await answered(page(found('1'), 'a'));
  expect(search.get()).toMatchObject({ refusal: null, fault: null });
  void search.loadMore();
  await settled();
  await answered({ success: false, code: 'busy', error: 'busy' });
  expect(ids()).toEqual(['1']);
  expect(search.get()).toMatchObject({ refusal: { code: 'busy' }, isLoading: false, hasMore: true });
});

test('an operator whose value is still being typed is not refused yet', async () => {
  search.setQuery('lunch');
  search.submit();
  await settled();
  await answered(page(found('1')));
  const refused = { success: false, code: 'bad_input', error: 'query: has: is followed by nothing' };
  search.setQuery('lunch has:');
  await vi.waitFor(() => expect(asked).toHaveLength(2));
  await answered(refused);
  expect(search.get()).toMatchObject({ refusal: null, isReady: false, isLoading: false });
  expect(ids()).toEqual(['1']);
  search.submit();
  await settled();
  await answered(refused);
  expect(search.get()).toMatchObject({ refusal: { code: 'bad_input' }, fault: { start: 6, end: 10 } });
});

test('searches again when the connection is back', async () => {
  network.isAway = true;
  sockets[0]?.breaks();
  search.setQuery('lunch');
  search.submit();
  await settled();
  expect(search.get().refusal?.code).toBe('offline');
  network.isAway = false;
  sockets[0]?.connect();
  await vi.waitFor(() => expect(asked.map(({ query }) => query)).toEqual(['lunch']));
});

test('a query has parts, with their places', () => {
  const query = 'from:"Alice Jones" lun* "at noon" in:general has:';
  expect(partsOf(query).map(({ operator, value }) => [operator, value])).toEqual([
    ['from', 'Alice Jones'],
    [undefined, 'lun*'],
    [undefined, 'at noon'],
    ['in', 'general'],
    ['has', ''],
  ]);
  expect(partsOf(query).map(({ start, end }) => query.slice(start, end))).toEqual([
    'from:"Alice Jones"',
    'lun*',
    '"at noon"',
    'in:general',
    'has:',
  ]);
  expect(partsOf('"not closed').map(({ value }) => value)).toEqual(['not closed']);
  expect(partsOf(' \n ')).toEqual([]);
  expect([operatorWith('in', 'general'), operatorWith('from', 'Alice Jones')]).toEqual([
    'in:general',
    'from:"Alice Jones"',
  ]);
});

test.each([
  [
    'bad_input',
    'query: before: takes a date, such as 2026-01-31',
    'a after:2026-01-31 before:soon',
    'before:soon',
  ],
  ['bad_input', 'query: from: is followed by nothing', 'from:bob from: a', 'from:'],
  ['user_not_found', 'User not found', 'lunch from:nobody', 'from:nobody'],
  ['room_not_found', 'Room not found', 'in:nowhere lunch', 'in:nowhere'],
  ['room_not_found', 'Room not found', 'in:here in:nowhere lunch', undefined],
  ['bad_input', 'query: it has no word to search for', '""', undefined],
  ['busy', 'busy', 'from:bob', undefined],
] as const)('a refusal with %s, "%s", is about a part of "%s"', (code, error, query, part) => {
  const fault = faultIn(query, { code, error });
  expect(fault ? query.slice(fault.start, fault.end) : undefined).toBe(part);
});
