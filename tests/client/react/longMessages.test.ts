// @vitest-environment jsdom
// The client of @chatoxide/react sends long texts in chunks by itself, and takes excerpts if it says so.
import { ChatClient, type ClientOptions, MemoryOutbox, messagesOf } from '@chatoxide/react/core';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { BACKENDS } from '../support/databases';
import type { User } from '../support/tokens';
import { aWorld } from '../support/world';

const PATIENCE = { timeout: 30_000 };
/** A text of many scripts, longer than a packet. */
const LONG = 'ä語😀 and more\n'.repeat(50_000).slice(0, 480_001);

describe.each(BACKENDS)('long messages on %s', (backend) => {
  const world = aWorld(backend);
  let clients: ChatClient[] = [];
  afterEach(() => {
    clients.forEach((client) => client.close());
    clients = [];
  });

  async function signIn(user: User, options: Partial<ClientOptions> = {}): Promise<ChatClient> {
    const client = new ChatClient({
      url: world.server.url,
      token: world.tokenOf(user),
      outbox: new MemoryOutbox(),
      ...options,
    });
    clients.push(client);
    client.retain();
    await vi.waitFor(() => expect(client.get().status).toBe('connected'), PATIENCE);
    return client;
  }

  async function enter(client: ChatClient, room: string) {
    client.enter(room);
    await vi.waitFor(() => expect(client.room(room).get().isReady).toBe(true), PATIENCE);
    return client.room(room);
  }

  const shown = (client: ChatClient, room: string) => client.room(room).get().messages;

  test('one that exceeds a packet is one message, and an edit likewise', async () => {
    const { room, alice, bob } = await world.meet('alice', 'bob');
    const client = await signIn(alice.user);
    const entered = await enter(client, room);

    const sent = await entered.sendMessage(LONG);

    expect(sent.content === LONG).toBe(true);
    const told = await bob.next('message:new');
    expect(told.content === LONG).toBe(true);
    expect(shown(client, room).map(({ status }) => status)).toEqual(['sent']);
    const edited = await entered.editMessage(sent.id, `${LONG}!`);
    expect(edited.content === `${LONG}!`).toBe(true);
    expect((await bob.next('message:updated')).content === `${LONG}!`).toBe(true);
  });

  test('a break in the middle makes no second message', async () => {
    const { room, alice, bob } = await world.meet('alice', 'bob');
    const client = await signIn(alice.user);
    const entered = await enter(client, room);
    const indexes: number[] = [];
    client.socket.onAnyOutgoing((_, { chunk }: { chunk?: { index: number } }) => {
      if (!chunk) return;
      indexes.push(chunk.index);
      // This one is lost.
      if (indexes.length === 3) client.socket.io.engine.close();
    });

    const sent = await entered.sendMessage(LONG);

    expect(indexes, 'those that the server has are not sent again').toEqual([0, 1, 2, 0, 2, 3, 4]);
    expect(sent.content === LONG).toBe(true);
    expect((await bob.next('message:new')).content === LONG).toBe(true);
    expect(shown(client, room).filter(({ content }) => content === LONG)).toHaveLength(1);
  });

  test('a client that takes excerpts gets the beginning, and all of it when it asks', async () => {
    const { room, alice, bob } = await world.meet('alice', 'bob');
    const client = await signIn(bob.user, { excerpts: true });
    await enter(client, room);
    const content = 'word '.repeat(10_000);

    const { message } = await alice.ask('message:send', { roomId: room, content });

    await vi.waitFor(() => expect(shown(client, room)[0]?.truncated).toBe(true), PATIENCE);
    expect(shown(client, room)[0]?.content).toBe(content.slice(0, 4_096));
    const messages = messagesOf(client);
    messages.want([message.id]);
    await vi.waitFor(() => expect(messages.get().get(message.id)?.content).toBe(content), PATIENCE);
    await alice.ask('message:edit', { messageId: message.id, content: `other ${content}` });
    await vi.waitFor(
      () => expect(messages.get().get(message.id)?.content).toBe(`other ${content}`),
      PATIENCE,
    );
  });
});
