// Rooms without a network: they open from what was stored, catch up from there, and nothing is left after signing out.
import { afterEach, describe, expect, test, vi } from 'vitest';
import type { ListedRoom, Message } from '../../src/core/index.js';
import { HistoryStore, MOST_IN_ALL, MOST_MESSAGES, MOST_ROOMS } from '../../src/offline/history.js';
import { message } from '../fakeServer.js';
import { begin, browser, kill, openPage, setUpBrowser, soon, type Page } from './page.js';

setUpBrowser();
afterEach(() => vi.restoreAllMocks());

const TALK = [
  { from: 'alice', content: 'first' },
  { from: 'bob', content: 'second' },
];
const withTalk = () =>
  begin({ rooms: [{ id: 'general', type: 'private', members: ['alice', 'bob'], messages: TALK }] });
const OWNER = 'http://server\nalice';

const roomOf = ({ client }: Page) => client.room('general');
const isReady = (page: Page) => soon(() => expect(roomOf(page).get().isReady).toBe(true));
const all = (page: Page, ...texts: string[]) => soon(() => expect(page.texts()).toEqual(texts));
const disk = () => new HistoryStore(browser.disk);
const isStored = (owner = OWNER) =>
  soon(async () => expect(await disk().room(owner, 'general')).toBeDefined());

describe('a room that was open before', () => {
  test('is there without a network, with its members and the list of rooms', async () => {
    const server = withTalk();
    const alice = openPage('alice');
    const unwatch = alice.client.rooms.subscribe(() => undefined);
    await isReady(alice);
    await soon(() => expect(alice.client.rooms.get().isReady).toBe(true));
    await isStored();
    await soon(async () => expect(await disk().list(OWNER)).toBeDefined());
    unwatch();
    kill(alice);
    server.goOffline();

    const again = openPage('alice');
    await all(again, 'first', 'second');
    expect(again.client.get().status).not.toBe('connected');
    expect(roomOf(again).get()).toMatchObject({ isReady: true, refusal: null });
    await soon(() => expect(again.client.rooms.get().rooms.map(({ id }) => id)).toEqual(['general']));
  });

  test('catches up from there: new messages, edits and deletions', async () => {
    const server = withTalk();
    const alice = openPage('alice');
    await isReady(alice);
    await isStored();
    kill(alice);
    const bob = await server.connect('bob');
    const { messages } = await bob.ask('messages:load', { roomId: 'general' });
    const messageId = messages.find(({ content }) => content === 'second')?.id ?? '';
    await bob.ask('message:edit', { messageId, content: 'second, mended' });
    await bob.send('general', 'third');
    server.goOffline('alice');

    const again = openPage('alice');
    await all(again, 'first', 'second');
    const joined = vi.fn();
    roomOf(again).onDiscontinuity(joined);
    server.goOnline();
    await all(again, 'first', 'second, mended', 'third');
    expect(joined, 'nothing was missed').not.toHaveBeenCalled();
    expect(roomOf(again).get().unreadCount).toBeGreaterThan(0);
    await bob.send('general', 'fourth');
    await all(again, 'first', 'second, mended', 'third', 'fourth');
  });

  test('begins anew on a server that has another history', async () => {
    const server = withTalk();
    const alice = openPage('alice');
    await isReady(alice);
    await isStored();
    kill(alice);
    server.close();
    const messages = [{ from: 'bob', content: 'other' }];
    const another = begin({ rooms: [{ id: 'general', members: ['alice'], messages }] });
    another.goOffline();
    const again = openPage('alice');
    await all(again, 'first', 'second');
    another.goOnline();
    await all(again, 'other');
  });

  test('is erased when the user may not see it any more', async () => {
    const server = withTalk();
    const alice = openPage('alice');
    await isReady(alice);
    await isStored();
    kill(alice);
    server.close();
    const now = begin({ rooms: [{ id: 'general', type: 'private', members: ['bob'], messages: TALK }] });
    now.goOffline();
    const again = openPage('alice');
    await all(again, 'first', 'second');
    now.goOnline();
    await soon(() => expect(roomOf(again).get().refusal?.code).toBe('forbidden'));
    expect(again.texts()).toEqual([]);
    await soon(async () => expect(await disk().room(OWNER, 'general')).toBeUndefined());
  });
});

describe('nothing is left', () => {
  test('after signing out: no room, no list, no message that was not sent', async () => {
    const server = withTalk();
    const alice = openPage('alice');
    await isReady(alice);
    await isStored();
    server.goOffline();
    void roomOf(alice).sendMessage('never sent');
    void roomOf(alice).addReaction(roomOf(alice).get().messages[0]?.id ?? '', '👍');
    await soon(() => expect(alice.client.unsent).toBe(2));
    await alice.client.signOut();
    expect(await disk().owners()).toEqual([]);
    expect(await alice.client.outbox.take(OWNER)).toEqual([]);
    expect(alice.client.get().status).toBe('closed');
  });

  test('of a user in whose place another signs in, unless a tab of theirs is open', async () => {
    withTalk();
    const alice = openPage('alice');
    await isReady(alice);
    await isStored();
    const bob = openPage('bob');
    await isReady(bob);
    await isStored('http://server\nbob');
    expect(await disk().owners(), 'alice is still here').toContain(OWNER);
    kill(alice);
    kill(bob);
    const again = openPage('bob');
    await soon(async () => expect(await disk().owners()).toEqual(['http://server\nbob']));
    await isReady(again);
  });

  test('is stored by another tab of a user who has signed out', async () => {
    withTalk();
    const [one, two] = [openPage('alice'), openPage('alice')];
    await Promise.all([isReady(one), isReady(two)]);
    await isStored();
    await one.client.signOut();
    await roomOf(two).sendMessage('goes on');
    two.client.close();
    expect(await disk().owners()).toEqual([]);
  });
});

test('a browser that stores nothing is as one without a disk', async () => {
  withTalk();
  vi.stubGlobal('indexedDB', {
    open: () => {
      throw new DOMException('not here', 'SecurityError');
    },
  });
  const alice = openPage('alice');
  await all(alice, 'first', 'second');
  await roomOf(alice).editMessage(roomOf(alice).get().messages[0]?.id ?? '', 'mended');
  await all(alice, 'mended', 'second');
  await alice.client.signOut();
});

describe('what is stored', () => {
  const history = (messages: Message[]) => ({ messages, members: [], hasMore: false, seq: 1 });
  const text = (id: string, content = id) => message(id, content, 'bob') as Message;

  test('is the newest messages of a room, and says that there are more', async () => {
    const messages = Array.from({ length: MOST_MESSAGES + 1 }, (_, index) => text(`${index}`));
    await disk().keepRoom(OWNER, 'general', history(messages));
    const found = await disk().room(OWNER, 'general');
    expect(found?.messages).toHaveLength(MOST_MESSAGES);
    expect(found?.messages[0]?.id).toBe('1');
    expect(found?.hasMore).toBe(true);
  });

  test('is bounded in rooms and in characters: the oldest go', async () => {
    const now = vi.spyOn(Date, 'now');
    const store = disk();
    for (let index = 0; index <= MOST_ROOMS; index += 1) {
      now.mockReturnValue(index);
      await store.keepRoom(OWNER, `room ${index}`, history([text('a')]));
    }
    expect(await store.room(OWNER, 'room 0')).toBeUndefined();
    expect(await store.room(OWNER, 'room 1')).toBeDefined();
    const long = 'x'.repeat(900_000);
    const most = Math.floor(MOST_IN_ALL / 900_000);
    for (let index = 0; index <= most; index += 1) {
      now.mockReturnValue(1_000 + index);
      await store.keepRoom(OWNER, `long ${index}`, history([text('a', long)]));
    }
    expect(await store.room(OWNER, 'room 1')).toBeUndefined();
    expect(await store.room(OWNER, 'long 0')).toBeUndefined();
    expect(await store.room(OWNER, `long ${most}`)).toBeDefined();
  });

  test('of another user is not theirs', async () => {
    await disk().keepRoom(OWNER, 'general', history([text('a')]));
    await disk().keepList('http://server\nbob', [{ id: 'general' } as ListedRoom]);
    expect(await disk().room('http://server\nbob', 'general')).toBeUndefined();
    await disk().eraseOwner(OWNER);
    expect(await disk().list('http://server\nbob')).toEqual([{ id: 'general' }]);
    expect(await disk().room(OWNER, 'general')).toBeUndefined();
  });
});
