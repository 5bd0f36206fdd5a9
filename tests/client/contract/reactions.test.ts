// reaction:add and reaction:remove: told to everybody when something changed, and only then.
import { expect, test } from 'vitest';
import { sql } from '../support/databases';
import { everywhere, expectSilence, forgotten, settled } from '../support/world';

everywhere('reactions', (world) => {
  const sent = async () => {
    const meeting = await world.meet('alice', 'bob');
    const { message } = await meeting.alice.ask('message:send', { roomId: meeting.room, content: 'words' });
    await forgotten(meeting.alice, meeting.bob);
    const target = { messageId: message.id, roomId: meeting.room };
    return { ...meeting, message, target };
  };
  const shown = async (room: string) => {
    const carol = await world.connect(world.user('carol'));
    await carol.ask('room:join', room);
    const { messages } = await carol.next('room:history');
    return messages[0].reactions;
  };

  test('everyone in the room hears of a reaction, its author too', async () => {
    const { room, alice, bob, target } = await sent();

    expect(await bob.ask('reaction:add', { ...target, emoji: '👍' })).toEqual({ success: true });

    for (const client of [alice, bob]) {
      await client.settle();
      expect(client.events()).toEqual(['reaction:added']);
      expect(await client.next('reaction:added')).toMatchObject({
        messageId: target.messageId,
        userId: bob.id,
        emoji: '👍',
      });
    }
    expect(await shown(room)).toEqual([{ emoji: '👍', userId: bob.id }]);
  });

  test('everyone in the room hears that a reaction was taken back', async () => {
    const { room, alice, bob, target } = await sent();
    await bob.ask('reaction:add', { ...target, emoji: '👍' });
    await forgotten(alice, bob);

    expect(await bob.ask('reaction:remove', { ...target, emoji: '👍' })).toEqual({ success: true });

    for (const client of [alice, bob]) {
      await client.settle();
      expect(client.events()).toEqual(['reaction:removed']);
      expect(await client.next('reaction:removed')).toMatchObject({
        messageId: target.messageId,
        userId: bob.id,
        emoji: '👍',
      });
    }
    expect(await shown(room)).toEqual([]);
  });

  test('nobody hears of the same reaction twice', async () => {
    const { room, alice, bob, target } = await sent();
    await bob.ask('reaction:add', { ...target, emoji: '👍' });
    await forgotten(alice, bob);

    expect(await bob.ask('reaction:add', { ...target, emoji: '👍' })).toEqual({ success: true });

    await expectSilence(alice, bob);
    expect(await shown(room)).toEqual([{ emoji: '👍', userId: bob.id }]);
  });

  test('nobody hears of the end of a reaction that there was not', async () => {
    const { alice, bob, target } = await sent();

    expect(await bob.ask('reaction:remove', { ...target, emoji: '👍' })).toEqual({ success: true });

    await expectSilence(alice, bob);
  });

  test('each user has reactions of their own, in the order in which they came', async () => {
    const { room, alice, bob, target } = await sent();

    await bob.ask('reaction:add', { ...target, emoji: '👍' });
    await alice.ask('reaction:add', { ...target, emoji: '👍' });
    await bob.ask('reaction:add', { ...target, emoji: '🎉' });
    await alice.ask('reaction:remove', { ...target, emoji: '👍' });
    await alice.ask('reaction:remove', { ...target, emoji: '🎉' });

    await settled(bob);
    expect(bob.events()).toEqual(['reaction:added', 'reaction:added', 'reaction:added', 'reaction:removed']);
    expect(await shown(room)).toEqual([
      { emoji: '👍', userId: bob.id },
      { emoji: '🎉', userId: bob.id },
    ]);
  });

  test('a reaction is kept as one row', async () => {
    const { bob, target } = await sent();

    await bob.ask('reaction:add', { ...target, emoji: '👍' });
    await bob.ask('reaction:add', { ...target, emoji: '👍' });

    const rows = await world.database.query(
      `SELECT * FROM "Reaction" WHERE "messageId" = ${sql(target.messageId)}`,
    );
    expect(rows).toMatchObject([{ userId: bob.id, emoji: '👍' }]);
  });

  test.each(['👨‍👩‍👧‍👦', '❤️', ':custom_emoji:', 'x'.repeat(64)])('an emoji may be %s', async (emoji) => {
    const { alice, bob, target } = await sent();

    await bob.ask('reaction:add', { ...target, emoji });

    expect((await alice.next('reaction:added')).emoji).toBe(emoji);
  });

  test.each(['', 'x'.repeat(65), '👍'.repeat(17), 'a\u0000b', 7, null, { not: '' }])(
    'the emoji %j is refused',
    async (emoji) => {
      const { alice, bob, target } = await sent();

      for (const event of ['reaction:add', 'reaction:remove'] as const) {
        const answer = await bob.ask(event, { ...target, emoji });
        expect(answer).toMatchObject({ success: false, code: 'bad_input' });
      }
      await expectSilence(alice, bob);
    },
  );

  test("the message's own room hears of it, whatever room the client names", async () => {
    const { bob, alice, target } = await sent();
    const { room: elsewhere, carol } = await world.meet('carol');

    await bob.ask('reaction:add', { messageId: target.messageId, roomId: elsewhere, emoji: '👍' });
    await bob.ask('reaction:remove', { messageId: target.messageId, roomId: elsewhere, emoji: '👍' });

    await settled(alice);
    expect(alice.events()).toEqual(['reaction:added', 'reaction:removed']);
    await expectSilence(carol);
  });

  test('there is no reacting to a message that is not there', async () => {
    const { room, alice, bob, target } = await sent();
    await alice.ask('message:delete', target);
    await forgotten(alice, bob);

    for (const messageId of [target.messageId, 'nothing']) {
      const answer = await bob.ask('reaction:add', { messageId, roomId: room, emoji: '👍' });
      expect(answer).toMatchObject({ success: false, code: 'message_not_found' });
    }
    await expectSilence(alice, bob);
  });

  test('nobody reacts in a private room that is not theirs', async () => {
    const { room, alice, bob } = await world.meetIn({ type: 'private' }, 'alice', 'bob');
    const { message } = await alice.ask('message:send', { roomId: room, content: 'between us' });
    await alice.ask('reaction:add', { messageId: message.id, roomId: room, emoji: '👍' });
    await forgotten(alice, bob);
    const { room: open, carol } = await world.meet('carol');

    for (const roomId of [room, open]) {
      for (const event of ['reaction:add', 'reaction:remove'] as const) {
        const answer = await carol.ask(event, { messageId: message.id, roomId, emoji: '👍' });
        expect(answer.success).toBe(false);
      }
    }
    await expectSilence(alice, bob);
  });

  test('a message written before the server started can be reacted to', async () => {
    const { room, alice, bob, seeded } = await world.meetIn({ messages: 1 }, 'alice', 'bob');
    const [old] = seeded;

    await bob.ask('reaction:add', { messageId: old.id, roomId: room, emoji: '👍' });

    expect(await alice.next('reaction:added')).toMatchObject({ messageId: old.id, userId: bob.id });
  });
});
