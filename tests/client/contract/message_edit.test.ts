// message:edit: an author's message changes for everybody; nobody else's does.
import { expect, test } from 'vitest';
import { moment, sql } from '../support/databases';
import { everywhere, expectSilence, forgotten, settled } from '../support/world';

everywhere('message:edit', (world) => {
  const sent = async (content = 'first words') => {
    const meeting = await world.meet('alice', 'bob');
    const { message } = await meeting.alice.ask('message:send', {
      roomId: meeting.room,
      content,
      type: 'image',
      metadata: { size: 3 },
      replyTo: 'an earlier one',
    });
    await forgotten(meeting.alice, meeting.bob);
    return { ...meeting, message };
  };

  test('everyone in the room hears the message as it is now, its author before the ack', async () => {
    const { room, alice, bob, message } = await sent();
    const before = Date.now();

    const answer = await alice.ask('message:edit', { messageId: message.id, content: 'better words' });

    expect(answer.success).toBe(true);
    expect(alice.names()).toEqual(['message:updated', 'ack message:edit']);
    expect(answer.message).toMatchObject({
      id: message.id,
      roomId: room,
      senderId: alice.id,
      senderName: 'Alice',
      sender: { name: 'Alice' },
      content: 'better words',
      type: 'image',
      metadata: { size: 3 },
      replyTo: 'an earlier one',
      createdAt: message.createdAt,
    });
    expect(Date.parse(answer.message.updatedAt ?? '')).toBeGreaterThanOrEqual(before - 1);
    expect(await alice.next('message:updated')).toEqual(answer.message);
    expect(await bob.next('message:updated')).toEqual(answer.message);
    await settled(bob);
    expect(bob.events()).toEqual(['message:updated']);
  });

  test('the edit is kept', async () => {
    const { alice, message } = await sent();

    const answer = await alice.ask('message:edit', { messageId: message.id, content: 'kept words' });

    const [row] = await world.database.query(`SELECT * FROM "Message" WHERE "id" = ${sql(message.id)}`);
    expect(row.content).toBe('kept words');
    expect(moment(row.createdAt)).toBe(Date.parse(message.createdAt));
    expect(moment(row.updatedAt)).toBe(Date.parse(answer.message.updatedAt ?? ''));
  });

  test('reactions stay with the message', async () => {
    const { room, alice, bob, message } = await sent();
    await bob.ask('reaction:add', { messageId: message.id, roomId: room, emoji: '👍' });

    const answer = await alice.ask('message:edit', { messageId: message.id, content: 'better words' });

    expect(answer.message.reactions).toEqual([{ emoji: '👍', userId: bob.id }]);
  });

  test('a message may be edited again', async () => {
    const { alice, bob, message } = await sent();

    const first = await alice.ask('message:edit', { messageId: message.id, content: 'second words' });
    const second = await alice.ask('message:edit', { messageId: message.id, content: 'third words' });

    expect(Date.parse(second.message.updatedAt ?? '')).toBeGreaterThanOrEqual(
      Date.parse(first.message.updatedAt ?? ''),
    );
    await settled(bob);
    expect(bob.all('message:updated').map((updated) => updated.content)).toEqual([
      'second words',
      'third words',
    ]);
  });

  test("somebody else's message is not found, and stays as it is", async () => {
    const { room, alice, bob, message } = await sent();

    const answer = await bob.ask('message:edit', { messageId: message.id, content: 'my words' });

    expect(answer).toMatchObject({ success: false, error: 'Message not found' });
    await expectSilence(alice, bob);
    await bob.ask('room:join', room);
    expect((await bob.next('room:history')).messages).toMatchObject([
      { content: 'first words', updatedAt: null },
    ]);
  });

  test('a message that there is not is not found', async () => {
    const { alice, bob } = await sent();

    for (const messageId of ['nothing', '00000000-0000-0000-0000-000000000000', '%']) {
      const answer = await alice.ask('message:edit', { messageId, content: 'x' });
      expect(answer).toMatchObject({ success: false, error: 'Message not found' });
    }
    await expectSilence(alice, bob);
  });

  test('a message written before the server started may be edited', async () => {
    const { alice, bob, seeded } = await world.meetIn({ messages: 1 }, 'alice', 'bob');
    const [old] = seeded;

    await alice.ask('message:edit', { messageId: old.id, content: 'new words for old' });

    expect(await bob.next('message:updated')).toMatchObject({ id: old.id, content: 'new words for old' });
  });

  test('an author who has gone may still edit, and does not hear of it', async () => {
    const { room, alice, bob, message } = await sent();
    await alice.ask('room:leave', room);
    await forgotten(alice);

    const answer = await alice.ask('message:edit', { messageId: message.id, content: 'last words' });

    expect(answer.success).toBe(true);
    expect(await bob.next('message:updated')).toMatchObject({ content: 'last words' });
    await expectSilence(alice);
  });

  test('a NUL is refused, and the message stays as it is', async () => {
    const { alice, bob, message } = await sent();

    const answer = await alice.ask('message:edit', { messageId: message.id, content: 'nul \0' });

    expect(answer).toMatchObject({ success: false, code: 'bad_input' });
    await expectSilence(alice, bob);
  });
});
