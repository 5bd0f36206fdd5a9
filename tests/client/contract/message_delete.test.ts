// message:delete: an author's message is gone for everybody; nobody else's is.
import { expect, test } from 'vitest';
import { sql } from '../support/databases';
import { everywhere, expectSilence, forgotten, settled } from '../support/world';

everywhere('message:delete', (world) => {
  const sent = async () => {
    const meeting = await world.meet('alice', 'bob');
    const { message } = await meeting.alice.ask('message:send', { roomId: meeting.room, content: 'words' });
    await forgotten(meeting.alice, meeting.bob);
    return { ...meeting, message };
  };
  const rows = (table: string, column: string, id: string) =>
    world.database.query(`SELECT * FROM "${table}" WHERE "${column}" = ${sql(id)}`);

  test('everyone in the room hears that it is gone, its author before the ack', async () => {
    const { room, alice, bob, message } = await sent();

    const answer = await alice.ask('message:delete', { messageId: message.id, roomId: room });

    expect(answer).toEqual({ success: true });
    expect(alice.names()).toEqual(['message:deleted', 'ack message:delete']);
    for (const client of [alice, bob]) {
      expect(await client.next('message:deleted')).toMatchObject({ messageId: message.id, roomId: room });
    }
    await settled(bob);
    expect(bob.events()).toEqual(['message:deleted']);
    expect(await rows('Message', 'id', message.id)).toEqual([]);
  });

  test("somebody else's message stays", async () => {
    const { room, alice, bob, message } = await sent();

    const answer = await bob.ask('message:delete', { messageId: message.id, roomId: room });

    expect(answer).toMatchObject({ success: false, error: 'Failed to delete' });
    await expectSilence(alice, bob);
    expect(await rows('Message', 'id', message.id)).toHaveLength(1);
  });

  test('a message that there is not cannot be deleted, nor one that is gone already', async () => {
    const { room, alice, bob, message } = await sent();
    await alice.ask('message:delete', { messageId: message.id, roomId: room });
    await forgotten(alice, bob);

    for (const messageId of [message.id, 'nothing', '%']) {
      const answer = await alice.ask('message:delete', { messageId, roomId: room });
      expect(answer).toMatchObject({ success: false, error: 'Failed to delete' });
    }
    await expectSilence(alice, bob);
  });

  test('a message with reactions goes, and its reactions with it', async () => {
    const { room, alice, bob, message } = await sent();
    await alice.ask('reaction:add', { messageId: message.id, roomId: room, emoji: '👍' });
    await bob.ask('reaction:add', { messageId: message.id, roomId: room, emoji: '👍' });

    const answer = await alice.ask('message:delete', { messageId: message.id, roomId: room });

    expect(answer).toEqual({ success: true });
    expect(await bob.next('message:deleted')).toMatchObject({ messageId: message.id, roomId: room });
    expect(await rows('Reaction', 'messageId', message.id)).toEqual([]);
  });

  test("the message's own room hears of it, whatever room the client names", async () => {
    const { room, alice, bob, message } = await sent();
    const { room: elsewhere, carol } = await world.meet('carol');

    const answer = await alice.ask('message:delete', { messageId: message.id, roomId: elsewhere });

    expect(answer).toEqual({ success: true });
    expect(await bob.next('message:deleted')).toMatchObject({ messageId: message.id, roomId: room });
    await expectSilence(carol);
  });

  test('a reply to it stays, and so do the others', async () => {
    const { room, alice, message } = await sent();
    const reply = await alice.ask('message:send', { roomId: room, content: 'reply', replyTo: message.id });

    await alice.ask('message:delete', { messageId: message.id, roomId: room });

    const carol = await world.connect(world.user('carol'));
    await carol.ask('room:join', room);
    const { messages } = await carol.next('room:history');
    expect(messages).toMatchObject([{ id: reply.message.id, replyTo: message.id }]);
  });

  test('an operator of the database in place of an id deletes nothing', async () => {
    const { room, alice, bob, message } = await sent();

    for (const messageId of [{ contains: '' }, { not: '' }, { in: [message.id] }, [message.id]]) {
      const answer = await alice.ask('message:delete', { messageId, roomId: room });
      expect(answer).toMatchObject({ success: false, code: 'bad_input' });
    }
    await expectSilence(alice, bob);
    expect(await rows('Message', 'roomId', room)).toHaveLength(1);
  });

  test('a message written before the server started may be deleted', async () => {
    const { room, alice, bob, seeded } = await world.meetIn({ messages: 1 }, 'alice', 'bob');
    const [old] = seeded;

    await alice.ask('message:delete', { messageId: old.id, roomId: room });

    expect(await bob.next('message:deleted')).toMatchObject({ messageId: old.id });
  });
});
