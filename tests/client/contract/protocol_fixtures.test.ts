// The fixtures themselves: each is sound, each is what the server really says, and none would agree with anything.
import { describe, expect, test } from 'vitest';
import { CLIENT_EVENTS, type ClientEvent } from '../support/protocol';
import { changes, faults, fileOf, fixtures, requests, seen } from '../support/shape';
import { aWorld, settled } from '../support/world';

const WORLD = aWorld('sqlite');
const FILES = fixtures.map((fixture) => [fixture.file, fixture] as const);

describe('a fixture', () => {
  test.each(FILES)('%s is sound', (file, fixture) => {
    const { event, ack, example, nullable, optional, any, ...rest } = fixture;

    expect(rest).toEqual({ file });
    expect([event, ack].filter((name) => name !== undefined)).toHaveLength(1);
    if (event) expect(file).toBe(fileOf(event));
    if (ack && ack !== '*') expect(CLIENT_EVENTS).toContain(ack as ClientEvent);
    expect(faults(fixture, example)).toEqual([]);
    const places = new Set(placesIn(example));
    for (const place of [...nullable, ...optional, ...any]) expect([...places]).toContain(place);
  });

  test.each(requests.map((fixture) => [fixture.file, fixture] as const))('%s is sound', (file, fixture) => {
    const { request = '', example, nullable, optional, any, ...rest } = fixture;

    expect(rest).toEqual({ file });
    expect(file).toBe(`request_${fileOf(request)}`);
    // The server's tests leave out and empty what is named here: keys of the argument itself.
    const keys = typeof example === 'string' ? [] : Object.keys(example as object);
    expect(keys).toEqual(expect.arrayContaining([...nullable, ...optional, ...any]));
  });

  test('is there for each event that a client sends', () => {
    expect(requests.map(({ request }) => request).sort()).toEqual([...CLIENT_EVENTS].sort());
  });

  test.each(FILES)('%s finds what is missing, new or of another type', (_, fixture) => {
    for (const [place, changed] of changes(fixture)) {
      expect(faults(fixture, changed), place).not.toEqual([]);
    }
  });

  test('stands for dates in one form only', () => {
    const fixture = { file: 'x', example: '2026-01-31T09:05:07.042Z', nullable: [], optional: [], any: [] };

    expect(faults(fixture, '2030-12-24T00:00:00.000Z')).toEqual([]);
    for (const other of [
      '2026-01-31T09:05:07Z',
      '2026-01-31 09:05:07.042',
      '2026-01-31T09:05:07.042+00:00',
    ]) {
      expect(faults(fixture, other)).not.toEqual([]);
    }
  });
});

describe('the server', () => {
  test('says everything that there is a fixture for', async () => {
    seen.clear();
    const { room, alice, bob } = await WORLD.meet('alice', 'bob');
    const tab = await WORLD.connect(WORLD.user('carol'));
    await tab.ask('room:join', room);
    const { message } = await alice.ask('message:send', { roomId: room, content: 'x', replyTo: 'y' });
    const target = { messageId: message.id, roomId: room, emoji: '👍' };
    await bob.ask('reaction:add', target);
    await alice.ask('message:edit', { messageId: message.id, content: 'y' });
    await alice.ask('message:send', { roomId: room, content: `Hello @{${bob.id}}` });
    const chunk = { id: 'long', index: 0, count: 2 };
    await alice.ask('message:send', { roomId: room, content: 'half', chunk });
    await bob.ask('mentions:list', {});
    await bob.ask('mentions:read', {});
    const inThread = await bob.ask('message:send', {
      roomId: room,
      content: 'in the thread',
      threadId: message.id,
    });
    await alice.next('thread:unread');
    await alice.ask('thread:load', { rootId: message.id });
    await alice.ask('thread:read', { rootId: message.id, messageId: inThread.message.id });
    await alice.ask('thread:unfollow', { rootId: message.id });
    await alice.ask('thread:follow', { rootId: message.id });
    await alice.ask('threads:list', {});
    await alice.ask('messages:load', { roomId: room, before: '2100-01-01T00:00:00.000Z' });
    await alice.ask('messages:load', { roomId: room, before: 'yesterday' });
    await alice.ask('messages:sync', { roomId: room, since: 0 });
    await alice.ask('messages:search', { query: 'y' });
    await bob.ask('reaction:remove', target);
    await alice.ask('typing:start', room);
    await alice.ask('typing:stop', room);
    await alice.ask('room:read', room);
    await alice.ask('room:update', { roomId: room, name: 'All', topic: 'anything' });
    await alice.ask('room:join', WORLD.unique('nowhere'));
    await alice.ask('dm:start', bob.id);
    await alice.ask('room:presence', room);
    const { room: made } = await alice.ask('room:create', { name: 'Plans' });
    await alice.ask('room:invite', { roomId: made.id, userId: bob.id });
    await alice.ask('rooms:list', {});
    await alice.ask('unread:list', {});
    await alice.ask('settings:show', {});
    await alice.ask('settings:update', { privateReads: false });
    await alice.ask('message:readers', { messageId: message.id });
    await alice.ask('messages:show', { messageIds: [target.messageId] });
    await alice.ask('users:show', { userIds: [bob.id] });
    await alice.ask('users:find', { query: bob.id });
    await bob.ask('message:send', { roomId: made.id, content: 'z' });
    await alice.next('room:activity');
    await alice.next('room:unread');
    await tab.ask('member:join', room);
    await tab.ask('member:leave', room);
    const dave = WORLD.user('dave');
    await WORLD.room({ members: [alice.user, dave] });
    await alice.ask('users:watch', { userIds: [bob.id, dave.id] });
    await WORLD.connect(dave);
    await alice.next('users:presence');
    await alice.ask('presence:set', { state: 'online' });
    await alice.ask('presence:list', { roomId: made.id });
    await alice.ask('presence:watch', { userIds: [bob.id] });
    await bob.ask('status:set', { text: 'Lunch', emoji: '🍜', clearAt: Date.now() + 60_000 });
    await alice.next('presence:update');
    await alice.ask('message:delete', target);
    await tab.ask('room:leave', room);
    await settled(alice, bob, tab);

    // Heard only where somebody does not read: the server's own tests show it.
    seen.add('server_pulse');
    // Said with the setting DELIVERY_RECEIPTS only.
    seen.add('message_delivered');
    expect([...seen].sort()).toEqual(fixtures.map((fixture) => fixture.file));
  });
});

// Every place in an example, as the fixtures write them.
function placesIn(example: unknown, place = ''): string[] {
  if (Array.isArray(example)) return example.flatMap((item) => placesIn(item, `${place}[]`)).concat(place);
  if (typeof example !== 'object' || example === null) return [place];
  const inner = Object.entries(example).flatMap(([key, value]) =>
    placesIn(value, place ? `${place}.${key}` : key),
  );
  return place ? [...inner, place] : inner;
}
