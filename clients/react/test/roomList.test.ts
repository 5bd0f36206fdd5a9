import { describe, expect, test, vi } from 'vitest';
import type { ListedRoom } from '../src/index.js';
import { ChatError } from '../src/core/errors.js';
import { RoomList } from '../src/core/roomList.js';

const at = (second: number) => `2026-01-31T09:05:${String(second).padStart(2, '0')}.000Z`;

const listed = (id: string, second: number, unreadCount = 0): ListedRoom => ({
  id,
  name: id,
  type: 'private',
  createdAt: at(0),
  isMember: true,
  with: null,
  lastMessageAt: at(second),
  topic: null,
  mentionCount: 0,
  unreadCount,
});

/** Alice's list of two rooms, one of which is open. */
async function aList() {
  const open = new Map([['general', 0]]);
  const rooms = [listed('general', 5), listed('plans', 4, 2)];
  const ask = vi.fn(() => Promise.resolve({ rooms }));
  const list = new RoomList({
    ask,
    isConnected: () => true,
    countOf: (roomId) => open.get(roomId),
    userId: () => 'alice',
    heardList: () => undefined,
  });
  await list.refresh();
  const counts = () => list.get().rooms.map(({ id, unreadCount }) => `${id} ${unreadCount}`);
  return { list, ask, counts, open };
}

const said = (roomId: string, second: number, ...by: [userId: string, count: number][]) => ({
  roomId,
  lastMessageAt: at(second),
  by: by.map(([userId, count]) => ({ userId, count })),
});

describe('the list of rooms', () => {
  test('counts what others say where one is not, and puts it first', async () => {
    const { list, counts } = await aList();
    expect(counts()).toEqual(['general 0', 'plans 2']);
    list.heard(said('plans', 6, ['bob', 3], ['alice', 5], ['carol', 1]));
    expect(counts()).toEqual(['plans 6', 'general 0']);
    list.heard(said('general', 7, ['bob', 1]));
    expect(counts(), 'what one looks at is read').toEqual(['general 0', 'plans 6']);
    list.heard(said('plans', 8, ['bob', 1000]));
    expect(counts(), 'more than 99 is 99').toEqual(['plans 99', 'general 0']);
    list.wasRead('plans');
    expect(counts()).toEqual(['plans 0', 'general 0']);
  });

  test('has what the server counted of a room that is being opened, and what is counted there of one that is open', async () => {
    const { list, counts, open } = await aList();
    await list.refresh();
    expect(counts()).toEqual(['general 0', 'plans 2']);
    open.set('plans', 1);
    await list.refresh();
    expect(counts()).toEqual(['general 0', 'plans 1']);
  });

  test('does not count again what the list has said, nor rooms that it does not have', async () => {
    const { list, ask, counts } = await aList();
    list.heard(said('plans', 4, ['bob', 2]));
    list.heard(said('elsewhere', 9, ['bob', 2]));
    expect(counts()).toEqual(['general 0', 'plans 2']);
    expect(ask).toHaveBeenCalledTimes(1);
  });

  test('counts what was said while it was loaded, unless the server has counted it', async () => {
    const { list, ask, counts } = await aList();
    let answer: (answered: { rooms: ListedRoom[] }) => void = () => undefined;
    ask.mockImplementationOnce(() => new Promise((resolve) => (answer = resolve)));
    const loaded = list.refresh();
    list.heard(said('plans', 6, ['bob', 1]));
    list.heard(said('plans', 7, ['bob', 2]));
    answer({ rooms: [listed('general', 5), listed('plans', 6, 3)] });
    await loaded;
    expect(counts()).toEqual(['plans 5', 'general 0']);
    await list.refresh();
    expect(counts(), 'nothing is counted once more').toEqual(['general 0', 'plans 2']);
  });

  test('has the new name of a room at once, also when an older list comes after it', async () => {
    const { list, ask } = await aList();
    const names = () => list.get().rooms.map(({ name, topic }) => [name, topic]);
    list.heardLog({
      event: 'room:updated',
      data: { roomId: 'plans', name: 'Ideas', topic: 'all', by: 'bob', seq: 5 },
    });
    list.heardLog({
      event: 'room:updated',
      data: { roomId: 'elsewhere', name: 'x', topic: null, by: 'bob', seq: 5 },
    });
    expect(names()).toEqual([
      ['general', null],
      ['Ideas', 'all'],
    ]);
    let answer: (answered: { rooms: ListedRoom[] }) => void = () => undefined;
    ask.mockImplementationOnce(() => new Promise((resolve) => (answer = resolve)));
    const loaded = list.refresh();
    list.heardLog({
      event: 'room:updated',
      data: { roomId: 'plans', name: 'Later', topic: null, by: 'bob', seq: 7 },
    });
    answer({ rooms: [listed('plans', 4)] });
    await loaded;
    expect(names()).toEqual([['Later', null]]);
  });

  test('a room that is read elsewhere while the list is loaded is asked for once more', async () => {
    const { list, ask, counts } = await aList();
    list.subscribe(() => undefined);
    await list.refresh();
    list.wasRead('plans');
    ask.mockClear();
    let answer: (answered: { rooms: ListedRoom[] }) => void = () => undefined;
    ask.mockImplementationOnce(() => new Promise((resolve) => (answer = resolve)));
    ask.mockImplementationOnce(() => Promise.resolve({ rooms: [listed('plans', 4)] }));
    const loaded = list.refresh();
    list.heardRead({ roomId: 'plans', userId: 'alice', timestamp: at(4) });
    answer({ rooms: [listed('plans', 4, 2)] });
    await loaded;
    expect(counts()).toEqual(['plans 0']);
    expect(ask).toHaveBeenCalledTimes(2);
  });

  test('is asked for again soon after a refusal that passes, while somebody looks at it', async () => {
    vi.useFakeTimers();
    const { list, ask, counts } = await aList();
    ask.mockRejectedValueOnce(new ChatError('busy', 'The server is busy'));
    const leave = list.subscribe(() => undefined);
    await vi.waitFor(() => expect(list.get().refusal?.code).toBe('busy'));
    await vi.advanceTimersByTimeAsync(5_000);
    expect(list.get().refusal).toBeNull();
    expect(counts()).toEqual(['general 0', 'plans 2']);
    ask.mockRejectedValueOnce(new ChatError('busy', 'The server is busy'));
    await list.refresh();
    leave();
    ask.mockClear();
    await vi.advanceTimersByTimeAsync(30_000);
    expect(ask).not.toHaveBeenCalled();
    vi.useRealTimers();
  });

  test('what is read on another device is read here, and what was said after it is asked for', async () => {
    const { list, ask, counts } = await aList();
    list.subscribe(() => undefined);
    await list.refresh();
    ask.mockClear();
    list.heardRead({ roomId: 'plans', userId: 'alice', timestamp: at(3) });
    expect(ask, 'something was said since').toHaveBeenCalledTimes(1);
    await list.refresh();
    ask.mockClear();
    list.heardRead({ roomId: 'plans', userId: 'alice', timestamp: at(4) });
    expect(counts()).toEqual(['general 0', 'plans 0']);
    list.heardRead({ roomId: 'general', userId: 'alice', timestamp: at(1) });
    list.heardRead({ roomId: 'elsewhere', userId: 'alice', timestamp: at(9) });
    expect(ask).not.toHaveBeenCalled();
  });
});
