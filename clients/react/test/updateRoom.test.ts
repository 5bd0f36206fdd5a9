// A room's new name and topic: in the list at once, and an entry of the room's log like any other.
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { ChatClient, MemoryOutbox, updateRoom } from '../src/index.js';
import { startChatServer, type ChatServer } from '../src/testing/index.js';

let server: ChatServer;
let client: ChatClient;
let release: () => void;
beforeEach(async () => {
  server = startChatServer({ rooms: [{ id: 'plans', members: ['alice', 'bob'] }] });
  client = new ChatClient({ url: 'http://memory', token: server.token('alice'), outbox: new MemoryOutbox() });
  release = client.enter('plans');
  client.rooms.subscribe(() => undefined);
  await vi.waitFor(() => expect(client.room('plans').get().isReady).toBe(true));
});
afterEach(() => {
  release();
  client.close();
  server.close();
});

const listed = () => client.rooms.find('plans');

test('is in the list at once, and no gap in the log', async () => {
  const bob = await server.connect('bob');
  const ask = vi.spyOn(client.socket, 'timeout');
  await bob.ask('room:update', { roomId: 'plans', name: 'Ideas', topic: 'all' });
  await vi.waitFor(() => expect(listed()).toMatchObject({ name: 'Ideas', topic: 'all' }));
  await bob.send('plans', 'after it');
  await vi.waitFor(() => expect(client.room('plans').get().messages).toHaveLength(1));
  expect(ask, 'nothing was missing').not.toHaveBeenCalled();
});

test('is told by the answer, and takes the topic away', async () => {
  const updated = await updateRoom(client, 'plans', { topic: 'all' });
  expect(updated).toMatchObject({ id: 'plans', name: 'plans', topic: 'all', ownerId: null });
  await updateRoom(client, 'plans', { topic: null });
  await vi.waitFor(() => expect(listed()).toMatchObject({ name: 'plans', topic: null }));
});

test('that was missed comes with the room', async () => {
  const bob = await server.connect('bob');
  server.goOffline('alice');
  await bob.ask('room:update', { roomId: 'plans', name: 'Ideas' });
  server.goOnline();
  await vi.waitFor(() => expect(listed()).toMatchObject({ name: 'Ideas' }));
});
