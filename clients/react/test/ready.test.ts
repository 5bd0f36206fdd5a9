// A room that is ready has its messages: a program that looks at each state takes none of them for new.
import { expect, test, vi } from 'vitest';
import { ChatClient, MemoryOutbox } from '../src/core/index.js';
import { startChatServer } from '../src/testing/index.js';

test('a room is never ready without the messages of its history', async () => {
  const server = startChatServer({ rooms: [{ id: 'general', messages: [{ from: 'bob', content: 'old' }] }] });
  const client = new ChatClient({ url: '', token: server.token('alice'), outbox: new MemoryOutbox() });
  const room = client.room('general');
  const ready: string[][] = [];
  room.subscribe(() => {
    const { isReady, messages } = room.get();
    if (isReady) ready.push(messages.map(({ content }) => content));
  });
  client.enter('general');
  await vi.waitFor(() => expect(ready.length).toBeGreaterThan(0));
  expect(ready[0]).toEqual(['old']);
  client.close();
  server.close();
});
