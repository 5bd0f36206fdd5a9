// Acks are the client's choice: every event works with a callback and without one, and an event that there is not is
// answered when somebody waits for the answer.
import { expect, test } from 'vitest';
import type { ClientEvent, Heard } from '../support/protocol';
import { everywhere, forgotten, settled } from '../support/world';

everywhere('acks', (world) => {
  test('every event works without an ack, as the original front end sends them', async () => {
    const { room, alice, bob } = await world.meet('alice', 'bob');
    const { message } = await alice.ask('message:send', { roomId: room, content: 'first' });
    await forgotten(bob);
    const target = { messageId: message.id, roomId: room };
    const steps: [ClientEvent, unknown, keyof Heard][] = [
      ['typing:start', room, 'typing:user'],
      ['typing:stop', room, 'typing:stopped'],
      ['message:send', { roomId: room, content: 'second' }, 'message:new'],
      ['message:edit', { messageId: message.id, content: 'edited' }, 'message:updated'],
      ['reaction:add', { ...target, emoji: '👍' }, 'reaction:added'],
      ['reaction:remove', { ...target, emoji: '👍' }, 'reaction:removed'],
      ['message:delete', target, 'message:deleted'],
      ['room:read', room, 'room:user-read'],
      ['dm:start', bob.id, 'dm:started'],
      ['room:leave', room, 'room:user-left'],
      ['room:join', room, 'room:user-joined'],
    ];

    for (const [event, argument] of steps) alice.tell(event, argument);
    alice.tell('messages:load', { roomId: room, before: '2100-01-01T00:00:00.000Z' });

    await bob.next('room:user-joined');
    expect(bob.events()).toEqual(steps.map(([, , heard]) => heard));
    await settled(alice);
    expect(alice.all('room:error')).toEqual([]);
  });

  test('where the original answers nothing, an ack says that it is done', async () => {
    const { room, alice, bob } = await world.meet('alice', 'bob');
    const { message } = await alice.ask('message:send', { roomId: room, content: 'first' });
    const target = { messageId: message.id, roomId: room, emoji: '👍' };

    for (const [event, argument] of [
      ['room:join', room],
      ['typing:start', room],
      ['typing:stop', room],
      ['reaction:add', target],
      ['reaction:remove', target],
      ['room:read', room],
      ['room:leave', room],
    ] as [ClientEvent, unknown][]) {
      expect(await bob.ask(event, argument), event).toEqual({ success: true });
    }
  });

  test('refusals without an ack harm nobody', async () => {
    const { room, alice, bob } = await world.meet('alice', 'bob');
    const { message } = await bob.ask('message:send', { roomId: room, content: "bob's" });
    await forgotten(alice);

    alice.tell('message:edit', { messageId: message.id, content: 'x' });
    alice.tell('message:delete', { messageId: message.id, roomId: room });
    alice.tell('dm:start', world.unique('nobody'));

    const codes = [];
    for (let time = 0; time < 3; time += 1) {
      const { event, code } = await alice.next('room:error');
      codes.push([event, code]);
    }
    expect(codes).toMatchObject([
      ['message:edit', 'message_not_found'],
      ['message:delete', expect.any(String)],
      ['dm:start', 'user_not_found'],
    ]);
    expect((await alice.ask('message:send', { roomId: room, content: 'still here' })).success).toBe(true);
  });

  test('an event that there is not is refused on its ack, and passed over without one', async () => {
    const { room, alice } = await world.meet('alice');

    for (const event of ['message:sned', 'room', '', 'toString', '__proto__', 'событие']) {
      alice.tell(event as ClientEvent, room);
      const answer = await alice.ask(event as ClientEvent, { roomId: room });
      expect(answer, event).toMatchObject({ success: false });
      expect(answer.error, event).toEqual(expect.any(String));
    }
    expect((await alice.ask('message:send', { roomId: room, content: 'still here' })).success).toBe(true);
  });
});
