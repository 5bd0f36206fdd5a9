// messages:load: older messages, a page at a time, none twice and none left out.
import { expect, test } from 'vitest';
import type { Answer } from '../support/protocol';
import { seedMessages } from '../support/seed';
import { everywhere, expectSilence } from '../support/world';

const START = Date.UTC(2026, 0, 31, 9, 0, 0);
const LATER = '2027-01-01T00:00:00.000Z';
const ids = (answer: Answer) => answer.messages.map((message) => message.id);

everywhere('messages:load', (world) => {
  const roomWith = async (count: number) => {
    const { room, alice, seeded } = await world.meetIn({ messages: count, from: START }, 'alice');
    return { room, alice, newestFirst: seeded.map((message) => message.id).reverse() };
  };

  test('fifty messages, newest first, all older than the given moment', async () => {
    const { room, alice, newestFirst } = await roomWith(120);

    const first = await alice.ask('messages:load', { roomId: room, before: LATER });
    const oldest = first.messages[49];
    const second = await alice.ask('messages:load', { roomId: room, before: oldest.createdAt });
    const third = await alice.ask('messages:load', { roomId: room, before: second.messages[49].createdAt });
    const fourth = await alice.ask('messages:load', { roomId: room, before: third.messages[19].createdAt });

    expect(ids(first)).toEqual(newestFirst.slice(0, 50));
    expect(ids(second)).toEqual(newestFirst.slice(50, 100));
    expect(ids(third)).toEqual(newestFirst.slice(100));
    expect(fourth.messages).toEqual([]);
    await expectSilence(alice);
  });

  test('a message in a page is whole: sender, edit and reactions', async () => {
    const { room, alice, bob } = await world.meet('alice', 'bob');
    const sent = await alice.ask('message:send', { roomId: room, content: 'x', metadata: { a: 1 } });
    await bob.ask('reaction:add', { messageId: sent.message.id, roomId: room, emoji: '👍' });
    const edited = await alice.ask('message:edit', { messageId: sent.message.id, content: 'y' });

    const { messages } = await bob.ask('messages:load', { roomId: room, before: '2100-01-01T00:00:00.000Z' });

    expect(messages).toMatchObject([
      {
        id: sent.message.id,
        content: 'y',
        metadata: { a: 1 },
        senderName: 'Alice',
        sender: { name: 'Alice' },
        createdAt: sent.message.createdAt,
        updatedAt: edited.message.updatedAt,
        reactions: [{ emoji: '👍', userId: bob.id }],
      },
    ]);
  });

  test.each([
    [10, 10],
    [0, 50],
    [1, 1],
    [200, 200],
    [500, 500],
    [501, 500],
    [1e9, 500],
  ])('a limit of %d gives %d', async (limit, expected) => {
    const { room, alice, newestFirst } = await roomWith(520);

    const answer = await alice.ask('messages:load', { roomId: room, before: LATER, limit });

    expect(ids(answer)).toEqual(newestFirst.slice(0, expected));
  });

  test.each([-1, 1.5, '10', 'all', {}, [], true])('a limit of %j is refused', async (limit) => {
    const { room, alice } = await roomWith(3);

    const answer = await alice.ask('messages:load', { roomId: room, before: LATER, limit });

    expect(answer).toMatchObject({ success: false, code: 'bad_input', messages: [] });
  });

  test.each([
    '2026-01-31T09:00:02.000Z',
    '2026-01-31T09:00:02Z',
    '2026-01-31T10:30:02.000+01:30',
    '2026-01-31T04:00:02-05:00',
    Date.UTC(2026, 0, 31, 9, 0, 2),
    String(new Date(START + 2000)),
    new Date(START + 2000).toUTCString(),
    'Sat Jan 31 2026 10:00:02 GMT+0100 (Central European Standard Time)',
    new Date(START + 2000),
  ])('before %j are the first two', async (before) => {
    const { room, alice, newestFirst } = await roomWith(5);

    const answer = await alice.ask('messages:load', { roomId: room, before });

    expect(ids(answer)).toEqual(newestFirst.slice(3));
  });

  test.each([
    ['2026-01-31', 0],
    ['2026-02', 5],
    ['2026', 0],
    ['2027', 5],
    [1, 0],
    [-1, 0],
    [8.64e15, 5],
    [0, 5],
    ['', 5],
    [false, 5],
    [null, 5],
    [undefined, 5],
  ])('before %j are %d of five', async (before, expected) => {
    const { room, alice } = await roomWith(5);

    const answer = await alice.ask('messages:load', { roomId: room, before });

    expect(answer.messages).toHaveLength(expected);
  });

  test.each(['yesterday', ' ', '2026-13-01', '2026-01-31T25:00:00Z', {}, { gt: 0 }, [], true, 1e300])(
    'before %j is refused, with no messages',
    async (before) => {
      const { room, alice } = await roomWith(1);

      const answer = await alice.ask('messages:load', { roomId: room, before });

      expect(answer).toMatchObject({ success: false, code: 'bad_input', messages: [] });
      expect(answer.error).not.toBe('');
    },
  );

  test('pages are full, leave out no message that shares a millisecond, and bring none twice', async () => {
    const user = world.user('alice');
    const room = await world.room({ members: [user] });
    // Every seven messages share a moment, so that no page of ten ends between two moments; the last hundred are of one.
    const seeded = Array.from({ length: 170 }, (_, index) => ({
      id: world.unique('tied'),
      senderId: user.id,
      content: `message ${index}`,
      at: START + Math.min(Math.floor(index / 7), 10) * 1000,
    }));
    await seedMessages(world.database, room, seeded);
    const alice = await world.connect(user);

    const loaded: string[] = [];
    let before = LATER;
    for (let page = 0; page < 20; page += 1) {
      const { messages } = await alice.ask('messages:load', { roomId: room, before, limit: 10 });
      if (messages.length === 0) break;
      expect(messages).toHaveLength(Math.min(10, 170 - loaded.length));
      loaded.push(...messages.map((message) => message.id));
      before = messages[messages.length - 1].createdAt;
    }

    expect(loaded).toHaveLength(170);
    expect([...loaded].sort()).toEqual(seeded.map((message) => message.id).sort());
  });

  test('the page after history goes on where history ended', async () => {
    const { room, seeded } = await world.meetIn({ messages: 75, from: START }, 'alice');
    const carol = await world.connect(world.user('carol'));
    await carol.ask('room:join', room);
    const { messages } = await carol.next('room:history');

    const answer = await carol.ask('messages:load', { roomId: room, before: messages[49].createdAt });

    expect([...messages, ...answer.messages].map((message) => message.id).reverse()).toEqual(
      seeded.map((message) => message.id),
    );
  });

  test('a public room may be read without joining it', async () => {
    const { room, newestFirst } = await roomWith(2);
    const carol = await world.connect(world.user('carol'));

    const answer = await carol.ask('messages:load', { roomId: room, before: LATER });

    expect(ids(answer)).toEqual(newestFirst);
  });

  test('messages of other rooms are never among them', async () => {
    const { room, alice } = await roomWith(3);
    const other = await world.room({ members: [alice.user] });
    await world.messages(other, alice.user, 3, START);

    const { messages } = await alice.ask('messages:load', { roomId: room, before: LATER });

    expect(messages.map((message) => message.roomId)).toEqual([room, room, room]);
  });
});
