import { expect, test, vi } from 'vitest';
import { Delivery } from '../src/delivery.js';
import { MemoryOutbox, type Entry, type Message } from '../src/index.js';

const entry: Entry = {
  clientId: 'a',
  owner: 'alice',
  page: 'before',
  serial: 0,
  at: 1,
  request: { roomId: 'general', content: 'Hello', clientId: 'a' },
};

test('what was sent while the outbox was being read is not sent, nor shown, again', async () => {
  const outbox = new MemoryOutbox();
  await outbox.put(entry);
  let isConnected = false;
  const send = vi.fn(() => Promise.resolve({ id: '1' } as Message));
  const listener = { waits: vi.fn(), arrived: vi.fn(), failed: vi.fn(), discarded: vi.fn() };
  const wire = { isConnected: () => isConnected, send };
  const delivery = new Delivery('alice', 'now', outbox, wire, listener);
  await delivery.takeOver();
  expect(listener.waits).toHaveBeenCalledTimes(1);

  // Slow to answer: meanwhile the message is sent.
  let answer: (entries: Entry[]) => void = () => undefined;
  vi.spyOn(outbox, 'take').mockReturnValue(new Promise((resolve) => (answer = resolve)));
  const taking = delivery.takeOver();
  isConnected = true;
  delivery.go();
  await vi.waitFor(() => expect(listener.arrived).toHaveBeenCalledTimes(1));
  answer([entry]);
  await taking;

  expect(listener.waits).toHaveBeenCalledTimes(1);
  expect(send).toHaveBeenCalledTimes(1);
});
