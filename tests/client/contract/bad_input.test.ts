// Bad input: each event with arguments that it cannot take is answered readably, and harms nobody.
import { expect, test } from 'vitest';
import type { ClientEvent } from '../support/protocol';
import { everywhere, expectSilence } from '../support/world';

const NOT_IDS: unknown[] = [
  undefined,
  null,
  17,
  true,
  '',
  ['room'],
  { contains: '' },
  { not: '' },
  'a\u0000b',
  'x'.repeat(513),
  '😀'.repeat(129),
];

const NOT_OBJECTS: unknown[] = [undefined, null, 17, true, 'text', ['roomId']];

// For each event that takes an object: a good one, and the keys of it that may hold nothing but what they should.
const OBJECTS: [ClientEvent, Record<string, unknown>, Record<string, unknown[]>][] = [
  [
    'message:send',
    { roomId: 'ROOM', content: 'x' },
    {
      roomId: NOT_IDS,
      content: [undefined, null, 17, true, ['x'], { set: 'x' }, 'a\u0000b', Buffer.from('x')],
      type: [17, {}, ['text'], 'poll', 'system'],
      replyTo: [17, {}, ['x'], 'a\u0000b', 'x'.repeat(513)],
      metadata: [nested(33), { 'a\u0000b': 1 }, { text: 'a\u0000b' }],
    },
  ],
  [
    'message:edit',
    { messageId: 'MESSAGE', content: 'x' },
    { messageId: NOT_IDS, content: [undefined, null, 17, ['x'], { set: 'x' }, 'a\u0000b'] },
  ],
  ['message:delete', { messageId: 'MESSAGE', roomId: 'ROOM' }, { messageId: NOT_IDS }],
  ['messages:load', { roomId: 'ROOM', before: '2026-01-31T09:05:07.042Z' }, { roomId: NOT_IDS }],
  ['reaction:add', { messageId: 'MESSAGE', roomId: 'ROOM', emoji: '👍' }, { messageId: NOT_IDS }],
  ['reaction:remove', { messageId: 'MESSAGE', roomId: 'ROOM', emoji: '👍' }, { messageId: NOT_IDS }],
  [
    'room:create',
    { name: 'Plans', type: 'private', members: [] },
    {
      name: [undefined, null, 7, '', ' ', 'a\u0000b'],
      type: [7, 'direct', 'Public'],
      members: ['x', [7], ['']],
    },
  ],
  [
    'room:update',
    { roomId: 'ROOM', name: 'Plans', topic: 'all' },
    { roomId: NOT_IDS, name: [7, '', ' ', 'a\u0000b'], topic: [7, {}, 'x'.repeat(1001), 'a\u0000b'] },
  ],
  ['member:remove', { roomId: 'ROOM', userId: 'nobody' }, { roomId: NOT_IDS, userId: NOT_IDS }],
  ['room:invite', { roomId: 'ROOM', userId: 'nobody' }, { roomId: NOT_IDS, userId: NOT_IDS }],
  ['users:find', { query: 'a' }, { query: [undefined, null, 7, {}, 'a\u0000b'] }],
  ['users:show', { userIds: ['bob'] }, { userIds: [undefined, null, 7, {}, 'bob', [7], ['']] }],
  ['messages:show', { messageIds: ['x'] }, { messageIds: [undefined, null, 7, {}, 'x', [7], ['']] }],
  ['users:watch', { userIds: ['bob'] }, { userIds: [undefined, null, 7, {}, 'bob', [7], ['']] }],
];

const TEXTS: ClientEvent[] = [
  'member:join',
  'member:leave',
  'room:join',
  'room:leave',
  'room:read',
  'typing:start',
  'typing:stop',
  'dm:start',
  'room:presence',
];

everywhere('bad input', (world) => {
  test.each(TEXTS)('%s takes nothing but an id', async (event) => {
    const { alice, bob } = await world.meet('alice', 'bob');

    for (const bad of NOT_IDS) {
      const answer = await alice.ask(event, ...(bad === undefined ? [] : [bad]));
      expect(answer, JSON.stringify(bad)).toMatchObject({ success: false, code: 'bad_input' });
      expect(answer.error).not.toBe('');
    }
    await expectSilence(alice, bob);
  });

  test.each(OBJECTS)('%s takes nothing but its own keys, rightly filled', async (event, good, keys) => {
    const { room, alice, bob, seeded } = await world.meetIn({ messages: 1 }, 'alice', 'bob');
    const [message] = seeded;
    const filled = fill(good, room, message.id);
    const arguments_ = Object.entries(keys).flatMap(([key, values]) =>
      values.map((value) => ({ ...filled, [key]: value })),
    );

    for (const bad of [...NOT_OBJECTS, ...arguments_]) {
      const answer = await alice.ask(event, ...(bad === undefined ? [] : [bad]));
      const shown = JSON.stringify(bad)?.slice(0, 100);
      expect(answer, shown).toMatchObject({ success: false, code: 'bad_input' });
      expect(answer.error, shown).not.toBe('');
      if (event === 'messages:load') expect(answer.messages).toEqual([]);
    }
    await expectSilence(alice, bob);
    const rows = await world.database.query(`SELECT "content" FROM "Message" WHERE "roomId" = '${room}'`);
    expect(rows).toEqual([{ content: 'message 0' }]);
  });

  test.each([...TEXTS, ...OBJECTS.map(([event]) => event)])(
    'without an ack, who sent bad input with %s hears room:error',
    async (event) => {
      const { alice, bob } = await world.meet('alice', 'bob');

      alice.tell(event, { contains: '' });

      expect(await alice.next('room:error')).toMatchObject({ event, code: 'bad_input' });
      await expectSilence(bob);
      await alice.settle();
      expect(alice.events()).toEqual(['room:error']);
    },
  );

  test('the deepest and the largest metadata that there may be is taken', async () => {
    const { room, alice } = await world.meet('alice');
    // A picture as front ends send it, of nearly all that a packet may hold.
    for (const metadata of [nested(32), { src: `data:image/png;base64,${'x'.repeat(990_000)}` }]) {
      const answer = await alice.ask('message:send', { roomId: room, content: 'x', metadata });
      expect(answer.success).toBe(true);
      expect(answer.message.metadata).toEqual(metadata);
    }
  });

  test('keys that mean nothing are passed over', async () => {
    const { room, alice } = await world.meet('alice');

    const answer = await alice.ask('message:send', {
      roomId: room,
      content: 'x',
      senderId: 'somebody else',
      id: 'my own id',
      createdAt: '2001-01-01T00:00:00.000Z',
    });

    expect(answer.message).toMatchObject({ senderId: alice.id, senderName: 'Alice' });
    expect(answer.message.id).not.toBe('my own id');
    expect(Date.parse(answer.message.createdAt)).toBeGreaterThan(Date.UTC(2020));
  });

  test('more arguments than there should be are passed over', async () => {
    const { room, alice } = await world.meet('alice');

    expect(await alice.ask('room:read', room, 'and', { more: true })).toEqual({ success: true });
  });

  test('binary data where a text belongs is answered as bad input', async () => {
    const { room, alice, bob } = await world.meet('alice', 'bob');
    const bytes = Buffer.from('x');

    for (const argument of [{ roomId: room, content: bytes }, { roomId: bytes, content: 'x' }, bytes]) {
      const answer = await alice.ask('message:send', argument);
      expect(answer).toMatchObject({ success: false, code: 'bad_input' });
    }
    expect(await alice.ask('room:join', bytes)).toMatchObject({ success: false, code: 'bad_input' });
    await expectSilence(alice, bob);
  });

  test('a Buffer in metadata is stored as base64, and one more argument is ignored', async () => {
    const { room, alice, bob } = await world.meet('alice', 'bob');
    const [png, text] = [new Uint8Array([0x89, 0x50, 0x4e, 0x47]), Buffer.from('some text')];

    const answer = await alice.ask(
      'message:send',
      { roomId: room, content: 'x', metadata: { file: png, more: [{ deep: text }], again: png } },
      Buffer.from('nobody looks at this'),
    );

    const expected = { file: 'iVBORw==', more: [{ deep: 'c29tZSB0ZXh0' }], again: 'iVBORw==' };
    expect(answer.success).toBe(true);
    expect(answer.message.metadata).toEqual(expected);
    expect((await bob.next('message:new')).metadata).toEqual(expected);
    const page = await bob.ask('messages:load', { roomId: room });
    expect(page.messages[0].metadata).toEqual(expected);
  });

  test('an event that is not known is answered, with an ack and without', async () => {
    const { room, alice, bob } = await world.meet('alice', 'bob');

    const answer = await alice.ask('message:sent' as ClientEvent, { roomId: room });
    alice.tell('message:sent' as ClientEvent, { roomId: room });

    expect(answer).toMatchObject({ success: false, code: 'bad_input' });
    const error = await alice.next('room:error');
    expect(error).toEqual({ event: 'message:sent', code: 'bad_input', error: answer.error });
    await expectSilence(bob);
  });

  test('a client that sent bad input a hundred times is still served', async () => {
    const { room, alice, bob } = await world.meet('alice', 'bob');
    for (let time = 0; time < 100; time += 1) alice.tell('message:send', { roomId: room });

    await alice.ask('message:send', { roomId: room, content: 'sorry' });

    expect(await bob.next('message:new')).toMatchObject({ content: 'sorry' });
  });
});

// Objects in objects: `levels` of them.
function nested(levels: number): unknown {
  return levels === 1 ? {} : { in: nested(levels - 1) };
}

function fill(good: Record<string, unknown>, room: string, message: string): Record<string, unknown> {
  const values: Record<string, string> = { ROOM: room, MESSAGE: message };
  return Object.fromEntries(
    Object.entries(good).map(([key, value]) => [key, values[value as string] ?? value]),
  );
}
