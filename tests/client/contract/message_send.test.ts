// message:send: who hears a message, what it holds, and what is kept of it.
import { expect, test } from 'vitest';
import { moment, sql } from '../support/databases';
import { seedUsers } from '../support/seed';
import { everywhere, expectSilence, settled, type World } from '../support/world';

const stored = (world: World, room: string) =>
  world.database.query(`SELECT * FROM "Message" WHERE "roomId" = ${sql(room)}`);

everywhere('message:send', (world) => {
  test('everyone in the room hears it, its sender before the ack', async () => {
    const { room, alice, bob, carol } = await world.meet('alice', 'bob', 'carol');

    const answer = await alice.ask('message:send', { roomId: room, content: 'Hello, all' });

    expect(answer.success).toBe(true);
    expect(alice.names()).toEqual(['message:new', 'ack message:send']);
    const heard = [
      await alice.next('message:new'),
      await bob.next('message:new'),
      await carol.next('message:new'),
    ];
    for (const message of heard) expect(message).toEqual(answer.message);
    await settled(bob, carol);
    expect(bob.events()).toEqual(['message:new']);
    expect(carol.events()).toEqual(['message:new']);
  });

  test('omitted fields have their defaults', async () => {
    const { room, alice } = await world.meet('alice');
    const before = Date.now();

    const { message } = await alice.ask('message:send', { roomId: room, content: 'Hello' });

    expect(message).toMatchObject({
      roomId: room,
      senderId: alice.id,
      senderName: 'Alice',
      content: 'Hello',
      type: 'text',
      metadata: {},
      replyTo: null,
      updatedAt: null,
      reactions: [],
    });
    expect(Date.parse(message.createdAt)).toBeGreaterThanOrEqual(before - 1);
    expect(Date.parse(message.createdAt)).toBeLessThanOrEqual(Date.now() + 1);
  });

  test('it is kept as it was told, in UTC', async () => {
    const { room, alice } = await world.meet('alice');

    const { message } = await alice.ask('message:send', { roomId: room, content: 'Keep this', type: 'file' });

    const [row] = await stored(world, room);
    expect(row).toMatchObject({
      id: message.id,
      roomId: room,
      senderId: alice.id,
      content: 'Keep this',
      type: 'file',
      replyTo: null,
      updatedAt: null,
    });
    expect(moment(row.createdAt)).toBe(Date.parse(message.createdAt));
  });

  test('it carries the name that the database knows, not the one in the token', async () => {
    const user = world.user('alice', 'Alice of the token');
    await seedUsers(world.database, [{ id: user.id, name: 'Alice of the database' }]);
    const room = await world.room();
    const alice = await world.connect(user);
    await world.join(room, alice);

    const { message } = await alice.ask('message:send', { roomId: room, content: 'Who am I?' });

    expect(message.senderName).toBe('Alice of the database');
  });

  test.each(['text', 'image', 'file'])('its type may be %s', async (type) => {
    const { room, alice, bob } = await world.meet('alice', 'bob');

    await alice.ask('message:send', { roomId: room, content: 'x', type });

    expect((await bob.next('message:new')).type).toBe(type);
  });

  test('it may be a reply', async () => {
    const { room, alice, bob } = await world.meet('alice', 'bob');
    const { message } = await alice.ask('message:send', { roomId: room, content: 'Question' });
    await bob.next('message:new');

    await alice.ask('message:send', { roomId: room, content: 'Answer', replyTo: message.id });

    expect((await bob.next('message:new')).replyTo).toBe(message.id);
  });

  test('metadata comes back as it went, live and in history', async () => {
    const { room, alice, bob } = await world.meet('alice', 'bob');
    const kinds: unknown[] = [
      { url: 'https://example.org/a.png', size: { width: 640, height: 480 }, tags: ['a', null, true] },
      JSON.parse('{"__proto__": {"admin": true}, "constructor": 1, "": "empty", "ключ": "значение"}'),
      ['a', 1, { b: [] }],
      'text',
      17,
      { big: 9007199254740991, small: -0.1, tiny: 5e-324, huge: 1.7976931348623157e308 },
    ];

    for (const metadata of kinds) {
      await alice.ask('message:send', { roomId: room, content: 'x', metadata });
      expect((await bob.next('message:new')).metadata).toEqual(metadata);
    }

    const carol = await world.connect(world.user('carol'));
    await carol.ask('room:join', room);
    const { messages } = await carol.next('room:history');
    expect(messages.map((message) => message.metadata).reverse()).toEqual(kinds);
  });

  test.each([null, false, 0, ''])('metadata %j becomes {}', async (metadata) => {
    const { room, alice, bob } = await world.meet('alice', 'bob');

    await alice.ask('message:send', { roomId: room, content: 'x', metadata });

    expect((await bob.next('message:new')).metadata).toEqual({});
  });

  test('content comes back letter by letter', async () => {
    const { room, alice, bob } = await world.meet('alice', 'bob');
    const contents = [
      '<b>&amp;"\'\\',
      'a\nb\r\n\tc\u2028d',
      '👩‍👩‍👧‍👦 Ελλάδα ‮עברית',
      '%s $1 ? :id {0}',
      ' ',
      '\u0001\u007f',
    ];

    for (const content of contents) {
      const { message } = await alice.ask('message:send', { roomId: room, content });
      expect(message.content).toBe(content);
      expect((await bob.next('message:new')).content).toBe(content);
    }
    expect((await stored(world, room)).map((row) => row.content).sort()).toEqual([...contents].sort());
  });

  test('half a character becomes the replacement character', async () => {
    const { room, alice, bob } = await world.meet('alice', 'bob');

    await alice.ask('message:send', {
      roomId: room,
      content: 'a\ud83db \ude00',
      metadata: { half: '\ud83d' },
    });

    expect(await bob.next('message:new')).toMatchObject({
      content: 'a\ufffdb \ufffd',
      metadata: { half: '\ufffd' },
    });
  });

  test('a picture as a data: URL is taken, of nearly all that a packet may hold', async () => {
    const { room, alice, bob } = await world.meet('alice', 'bob');
    const picture = `data:image/png;base64,${'😀'.repeat(247_000)}`;

    const taken = await alice.ask('message:send', { roomId: room, content: picture });

    expect(taken.message.content).toBe(picture);
    expect((await bob.next('message:new')).content).toBe(picture);
    const carol = await world.connect(world.user('carol'));
    await carol.ask('room:join', room);
    expect((await carol.next('room:history')).messages[0].content).toBe(picture);
    await settled(bob);
  });

  test('a clientId that is none of ours loses no message', async () => {
    const { room, alice, bob } = await world.meet('alice', 'bob');
    const contents = ['one', 'two', 'three', 'four'];

    for (const [index, content] of contents.entries())
      await alice.ask('message:send', { roomId: room, content, clientId: ['tab-1', 'tab-1', 7, ''][index] });

    for (const content of contents) expect((await bob.next('message:new')).content).toBe(content);
  });

  test.each(['poll', 'TEXT', 'system'])(
    'the type %j is refused: nothing is kept, nobody told',
    async (type) => {
      const { room, alice, bob } = await world.meet('alice', 'bob');

      const answer = await alice.ask('message:send', { roomId: room, content: 'x', type });

      expect(answer.success).toBe(false);
      expect(answer.error).not.toBe('');
      expect(await stored(world, room)).toEqual([]);
      await expectSilence(alice, bob);
    },
  );

  test('nobody outside the room hears it, not even another tab of a member', async () => {
    const { room, alice, bob } = await world.meet('alice', 'bob');
    const { dave } = await world.meet('dave');
    const tab = await world.connect(bob.user);

    await alice.ask('message:send', { roomId: room, content: 'x' });

    await bob.next('message:new');
    await expectSilence(dave, tab);
  });

  test('anyone signed in may write to a public room, but hears it only once they have joined', async () => {
    const { room, bob } = await world.meet('bob');
    const carol = await world.connect(world.user('carol'));

    const answer = await carol.ask('message:send', { roomId: room, content: 'from outside' });

    expect(answer.success).toBe(true);
    expect(await bob.next('message:new')).toEqual(answer.message);
    await expectSilence(carol);
  });

  test('every tab of the sender hears it', async () => {
    const { room, alice } = await world.meet('alice');
    const tab = await world.connect(alice.user);
    await world.join(room, tab);

    const { message } = await alice.ask('message:send', { roomId: room, content: 'x' });

    expect(await tab.next('message:new')).toEqual(message);
  });

  test('sending while typing stops the typing', async () => {
    const { room, alice, bob } = await world.meet('alice', 'bob');
    await alice.ask('typing:start', room);

    await alice.ask('message:send', { roomId: room, content: 'x' });

    expect(await bob.next('typing:stopped')).toEqual({ roomId: room, userId: alice.id });
    await bob.next('message:new');
  });

  test('messages of one sender arrive in the order in which they were sent', async () => {
    const { room, alice, bob } = await world.meet('alice', 'bob');
    const contents = Array.from({ length: 50 }, (_, index) => `number ${index}`);

    const answers = await Promise.all(
      contents.map((content) => alice.ask('message:send', { roomId: room, content })),
    );

    expect(answers.map((answer) => answer.message.content)).toEqual(contents);
    await settled(bob);
    expect(bob.all('message:new').map((message) => message.content)).toEqual(contents);
    const carol = await world.connect(world.user('carol'));
    await carol.ask('room:join', room);
    const { messages } = await carol.next('room:history');
    expect(messages.map((message) => message.content).reverse()).toEqual(contents);
  });
});
