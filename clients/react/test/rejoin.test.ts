// A room that could not be joined for a reason that passes is joined again.
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { ChatClient, MemoryOutbox } from '../src/core/index.js';
import { reset, sockets, tokenOf } from './fakeServer.js';

vi.mock('socket.io-client', async () => ({ io: (await import('./fakeServer.js')).io }));

let client: ChatClient;
let leave: () => void;
beforeEach(async () => {
  vi.useFakeTimers();
  reset();
  client = new ChatClient({ url: 'http://server', token: tokenOf('alice'), outbox: new MemoryOutbox() });
  client.retain();
  leave = client.enter('general');
  await vi.advanceTimersByTimeAsync(0);
});
afterEach(() => {
  client.close();
  vi.useRealTimers();
});

const joins = () => sockets[0]?.said.filter((said) => said === 'room:join general').length;
const refuse = (code: string) =>
  sockets[0]?.hears('room:error', { roomId: 'general', event: 'room:join', code, error: 'Try again' });

test('after a while, until it is entered', async () => {
  expect(joins()).toBe(1);
  refuse('unavailable');
  expect(client.room('general').get().refusal?.code).toBe('unavailable');
  await vi.advanceTimersByTimeAsync(4_999);
  expect(joins()).toBe(1);
  await vi.advanceTimersByTimeAsync(1);
  expect(joins()).toBe(2);
  refuse('busy');
  await vi.advanceTimersByTimeAsync(5_000);
  expect(joins()).toBe(3);
  refuse('busy');
  sockets[0]?.hears('room:history', { roomId: 'general', messages: [], seq: 0 });
  expect(client.room('general').get().refusal).toBeNull();
  await vi.advanceTimersByTimeAsync(60_000);
  expect(joins()).toBe(3);
});

test('not after a refusal that stays, nor when nobody is in the room any more', async () => {
  refuse('forbidden');
  await vi.advanceTimersByTimeAsync(60_000);
  expect(joins()).toBe(1);
  leave();
  await vi.advanceTimersByTimeAsync(0);
  refuse('unavailable');
  await vi.advanceTimersByTimeAsync(60_000);
  expect(joins()).toBe(1);
});
