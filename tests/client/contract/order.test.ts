// Order: what one client sends takes effect, and is heard, in the order in which it was sent.
import { expect, test } from 'vitest';
import { within } from '../support/client';
import type { ClientEvent, Heard } from '../support/protocol';
import { everywhere, forgotten } from '../support/world';

const ROUNDS = 286;

everywhere('order', (world) => {
  test('two thousand quick events of every kind are heard in the order in which they were sent', async () => {
    const meeting = await world.meetIn({ messages: ROUNDS }, 'alice', 'bob');
    const { room, alice, bob, seeded: doomed } = meeting;
    const { message } = await alice.ask('message:send', { roomId: room, content: 'the one that changes' });
    await forgotten(bob);
    const target = { messageId: message.id, roomId: room };
    const steps: [ClientEvent, unknown, string][] = [];
    for (let round = 0; round < ROUNDS; round += 1) {
      const emoji = `:${round}:`;
      steps.push(
        ['typing:start', room, 'typing:user'],
        ['typing:stop', room, 'typing:stopped'],
        ['message:send', { roomId: room, content: `new ${round}` }, `message:new new ${round}`],
        ['reaction:add', { ...target, emoji }, `reaction:added ${emoji}`],
        [
          'message:edit',
          { messageId: message.id, content: `edit ${round}` },
          `message:updated edit ${round}`,
        ],
        ['reaction:remove', { ...target, emoji }, `reaction:removed ${emoji}`],
        [
          'message:delete',
          { messageId: doomed[round].id, roomId: room },
          `message:deleted ${doomed[round].id}`,
        ],
      );
    }

    for (const [event, argument] of steps.slice(0, -1)) alice.tell(event, argument);
    const [event, argument] = steps[steps.length - 1];
    await within('the last of the events', (resolve) => alice.socket.emit(event, argument, resolve), 15_000);
    await bob.settle();

    expect(bob.heard().map(({ name, value }) => described(name as keyof Heard, value))).toEqual(
      steps.map(([, , heard]) => heard),
    );
  });

  test('three clients at once: each is heard in its own order, by everybody in one and the same order', async () => {
    const { room, alice, bob, carol, dave } = await world.meet('alice', 'bob', 'carol', 'dave');
    const senders = [alice, bob, carol];

    await Promise.all(
      senders.map((sender) =>
        Promise.all(
          Array.from({ length: 100 }, (_, index) =>
            sender.ask('message:send', { roomId: room, content: `${sender.id} ${index}` }),
          ),
        ),
      ),
    );

    await dave.settle();
    const heard = dave.all('message:new').map((message) => message.content);
    for (const sender of senders) {
      await sender.settle();
      expect(sender.all('message:new').map((message) => message.content)).toEqual(heard);
      expect(heard.filter((content) => content.startsWith(`${sender.id} `))).toEqual(
        Array.from({ length: 100 }, (_, index) => `${sender.id} ${index}`),
      );
    }
    const { messages } = await dave.ask('messages:load', {
      roomId: room,
      before: '2100-01-01T00:00:00.000Z',
      limit: 300,
    });
    expect(messages.map((message) => message.content).reverse()).toEqual(heard);
  });
});

// An event as one word that tells it from the others.
function described(name: keyof Heard, value: unknown): string {
  switch (name) {
    case 'message:new':
    case 'message:updated':
      return `${name} ${(value as Heard['message:new']).content}`;
    case 'message:deleted':
      return `${name} ${(value as Heard['message:deleted']).messageId}`;
    case 'reaction:added':
    case 'reaction:removed':
      return `${name} ${(value as Heard['reaction:added']).emoji}`;
    default:
      return name;
  }
}
