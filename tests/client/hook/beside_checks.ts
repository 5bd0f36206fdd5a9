// Checks of a hook that was written for the original's server, beside a client that uses what this server adds to it.
import { expect, test } from 'vitest';
import type { ClientEvent } from '../support/protocol';
import { type Given, pagesOf } from './pages';

export function checkBesideAdditions(given: () => Given): void {
  const { open } = pagesOf(given);

  test('threads, mentions, chunks, receipts and presence of another client disturb no page', async () => {
    const scene = await given().stage.scene('Alice', 'Bob');
    const { client, room: roomId, users } = scene;
    const [alice, bob] = await Promise.all([open(scene, users.Alice), open(scene, users.Bob)]);
    const asked = await alice.says('where do we eat?');
    const ask = async (event: ClientEvent, argument: unknown) => {
      const answer = await client.ask(event, argument);
      expect(answer, event).toMatchObject({ success: true });
      return answer;
    };
    const send = async (words: string, more: object) => {
      const { message } = await ask('message:send', { roomId, content: scene.text(words), ...more });
      return message?.id ?? '';
    };

    const inThread = { threadId: asked.id };
    const only = await send('at the lake', inThread);
    await send('see you all there', { ...inThread, alsoToRoom: true });
    await send(`@{${users.Alice.id}}, at noon?`, { clientId: 'once' });
    await send(`@{${users.Alice.id}}, at noon?`, { clientId: 'once' });
    const long = scene.text('one, two');
    for (const [index, content] of [long.slice(0, 20), long.slice(20)].entries())
      await ask('message:send', { roomId, content, chunk: { id: 'long', index, count: 2 } });
    await ask('thread:follow', { rootId: asked.id });
    await ask('thread:read', { rootId: asked.id, messageId: only });
    await ask('room:mark-unread', { roomId, messageId: asked.id });
    await ask('room:read', roomId);
    await ask('presence:watch', { userIds: [users.Alice.id] });
    await ask('status:set', { text: 'at the lake', emoji: '🏖️' });
    await ask('room:update', { roomId, topic: 'lunch' });

    const said = ['where do we eat?', 'at the lake', 'see you all there', `@{${users.Alice.id}}, at noon?`];
    for (const page of [alice, bob]) {
      await page.shows('welcome', ...said, 'one, two');
      page.neverDoubled();
    }
    expect(bob.message('at the lake')).toMatchObject({ replyTo: asked.id, senderName: scene.host.name });
    await ask('message:delete', { roomId, messageId: only });
    await bob.says('I come, too');
    const left = ['welcome', ...said.filter((words) => words !== 'at the lake'), 'one, two', 'I come, too'];
    for (const page of [alice, bob, await open(scene, users.Bob)]) await page.shows(...left);
  });
}
