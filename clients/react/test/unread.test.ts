// The unread count of a room that opens with the page. The list of rooms may arrive before the history, after it, or
// not at all.
import { beforeEach, describe, expect, test, vi } from 'vitest';
import { ChatClient, MemoryOutbox } from '../src/core/index.js';
import { answers, message, reset, sockets, tokenOf } from './fakeServer.js';

vi.mock('socket.io-client', async () => ({ io: (await import('./fakeServer.js')).io }));

beforeEach(reset);

const messages = ['first', 'second', 'third'].map((id, index) => ({
  ...message(id, id, 'bob'),
  createdAt: `2026-01-31T09:05:0${index + 1}.000Z`,
}));
const listed = { id: 'general', name: 'General', type: 'public', isMember: true, lastMessageAt: null };

/** Alice's page with the room and the list of rooms. Its `list` answers the request for the list. */
async function aPage() {
  let list: (unreadCount: number) => void = () => undefined;
  let refuse: () => void = () => undefined;
  const said: string[][] = [];
  answers.set('rooms:list', (_, { said: before }) => {
    said.push([...before]);
    return new Promise((resolve) => {
      list = (unreadCount) => resolve({ success: true, rooms: [{ ...listed, unreadCount }] });
      refuse = () => resolve({ success: false, code: 'unavailable', error: 'Try again' });
    });
  });
  const reading = { isReading: () => true };
  const client = new ChatClient({
    url: 'http://server',
    token: tokenOf('alice'),
    outbox: new MemoryOutbox(),
    reading,
  });
  client.rooms.subscribe(() => undefined);
  client.enter('general');
  await vi.waitFor(() => expect(said).toHaveLength(1));
  const { firstUnreadId, unreadCount } = client.room('general').get();
  expect([firstUnreadId, unreadCount]).toEqual([null, 0]);
  return {
    client,
    room: client.room('general'),
    said,
    list: (unreadCount: number) => list(unreadCount),
    refuse: () => refuse(),
    show: () => sockets[0]?.hears('room:history', { roomId: 'general', messages, seq: 3 }),
    unread: () => {
      const state = client.room('general').get();
      return [state.firstUnreadId, state.unreadCount, client.rooms.find('general')?.unreadCount];
    },
  };
}

describe('a room that opens with the page', () => {
  test('is asked for after the list, which says what is unread', async () => {
    const { said, list, show, unread } = await aPage();
    expect(said).toEqual([[]]);
    list(2);
    await vi.waitFor(() => expect(unread()).toEqual([null, 0, 2]));
    show();
    expect(unread()).toEqual(['second', 2, 2]);
  });

  test('opens when the list has come, too: not at the end, where all of it would count as read', async () => {
    const { room, list, show, unread } = await aPage();
    show();
    expect(room.get().isReady).toBe(false);
    list(2);
    await vi.waitFor(() => expect(room.get().isReady).toBe(true));
    expect(unread()).toEqual(['second', 2, 2]);
  });

  test('has what was unread before it was joined, whatever a later list says', async () => {
    const { client, said, list, show, unread } = await aPage();
    // Requested again while the first is on its way: the server has processed the join by then.
    client.rooms.changed();
    list(2);
    await vi.waitFor(() => expect(said).toHaveLength(2));
    expect(said[1]).toContain('room:join general');
    list(0);
    await vi.waitFor(() => expect(unread()[2]).toBe(0));
    show();
    expect(unread().slice(0, 2)).toEqual(['second', 2]);
  });

  test('requests no list of its own while the list is shown elsewhere', async () => {
    const { client, said, list, unread } = await aPage();
    list(2);
    await vi.waitFor(() => expect(unread()[2]).toBe(2));
    client.rooms.subscribe(() => undefined);
    expect(said).toHaveLength(1);
  });

  test('requests the list again for a component that comes after a refusal', async () => {
    const { client, said, refuse } = await aPage();
    refuse();
    await vi.waitFor(() => expect(client.rooms.get().refusal).not.toBeNull());
    client.rooms.subscribe(() => undefined);
    await vi.waitFor(() => expect(said).toHaveLength(2));
  });

  test('opens with nothing unread when the list is refused', async () => {
    const { room, refuse, show } = await aPage();
    show();
    refuse();
    await vi.waitFor(() => expect(room.get().isReady).toBe(true));
    expect([room.get().firstUnreadId, room.get().unreadCount]).toEqual([null, 0]);
  });

  test('waits anew for both when the connection breaks meanwhile', async () => {
    const { room, said, list, show, unread } = await aPage();
    show();
    sockets[0]?.breaks();
    await vi.waitFor(() => expect(said).toHaveLength(2));
    list(2);
    await vi.waitFor(() => expect(unread()[2]).toBe(2));
    expect(room.get().isReady).toBe(false);
    show();
    expect([room.get().isReady, ...unread()]).toEqual([true, 'second', 2, 2]);
  });

  test('has nothing unread any more when it was read before the list was heard', async () => {
    const { room, list, show, unread } = await aPage();
    show();
    room.markAsRead();
    list(2);
    await vi.waitFor(() => expect(unread()).toEqual([null, 0, 0]));
    expect(room.get().isReady).toBe(true);
  });
});

describe('a room that the user has read on another device', () => {
  const read = (timestamp: string) =>
    sockets[0]?.hears('room:user-read', { roomId: 'general', userId: 'alice', timestamp });

  test('has nothing unread up to there, and what was said later', async () => {
    const { list, show, unread } = await aPage();
    list(40);
    await vi.waitFor(() => expect(unread()).toEqual([null, 0, 40]));
    show();
    expect(unread()).toEqual(['first', 40, 40]);
    read('2026-01-31T09:05:02.000Z');
    expect(unread()).toEqual(['first', 1, 40]);
    read('2026-01-31T09:05:03.000Z');
    expect(unread().slice(0, 2)).toEqual(['first', 0]);
  });

  test('keeps what was said later while it is not open', async () => {
    const { room, list, unread } = await aPage();
    list(0);
    await vi.waitFor(() => expect(unread()[2]).toBe(0));
    const by = [{ userId: 'bob', count: 1 }];
    room.leave();
    sockets[0]?.hears('room:activity', { roomId: 'general', lastMessageAt: '2026-01-31T09:05:07.000Z', by });
    read('2026-01-31T09:05:06.000Z');
    expect(unread()[2]).toBe(1);
  });
});
