// Sending by itself: in the order of writing, each once, and nothing that the outbox does not keep.
import { expect, test, vi } from 'vitest';
import { Delivery } from '../src/core/delivery.js';
import { MemoryOutbox, type Entry, type Message } from '../src/index.js';

const requestOf = (clientId: string) => ({ roomId: 'general', content: clientId, clientId });

const entryOf = (clientId: string, at = 1): Entry => ({
  clientId,
  owner: 'alice',
  page: 'before',
  serial: 0,
  at,
  request: requestOf(clientId),
});

/** Something that happens when a test says so. */
function later<T>() {
  let happen: (value: T) => void = () => undefined;
  const promise = new Promise<T>((resolve) => (happen = resolve));
  return { promise, happen };
}

function aDelivery(outbox = new MemoryOutbox()) {
  const state = { isConnected: true };
  const sent: string[] = [];
  const send = vi.fn(({ clientId }: Entry) => {
    sent.push(clientId);
    return Promise.resolve({ id: clientId } as Message);
  });
  const listener = { waits: vi.fn(), arrived: vi.fn(), failed: vi.fn(), discarded: vi.fn() };
  const wire = { isConnected: () => state.isConnected, send };
  const delivery = new Delivery('alice', 'now', outbox, wire, listener);
  return { delivery, outbox, state, sent, send, listener };
}

test('a message that was being sent while the outbox was read is not sent or shown again', async () => {
  const { delivery, outbox, state, send, listener } = aDelivery();
  await outbox.put(entryOf('a'));
  state.isConnected = false;
  await delivery.takeOver();
  expect(listener.waits).toHaveBeenCalledTimes(1);

  const [ack, taken] = [later<Message>(), later<Entry[]>()];
  send.mockReturnValueOnce(ack.promise);
  vi.spyOn(outbox, 'take').mockReturnValue(taken.promise);
  state.isConnected = true;
  delivery.go();
  const taking = delivery.takeOver();
  ack.happen({ id: '1' } as Message);
  await vi.waitFor(() => expect(listener.arrived).toHaveBeenCalledTimes(1));
  taken.happen([entryOf('a')]);
  await taking;

  expect(listener.waits).toHaveBeenCalledTimes(1);
  expect(send).toHaveBeenCalledTimes(1);
});

test('a message written while the outbox is read is sent after those found in it', async () => {
  const { delivery, outbox, sent } = aDelivery();
  const taken = later<Entry[]>();
  vi.spyOn(outbox, 'take').mockReturnValue(taken.promise);
  const taking = delivery.takeOver();
  const isKept = later<void>();
  vi.spyOn(outbox, 'put').mockImplementation(() => Promise.resolve(isKept.happen()));
  const last = delivery.send(requestOf('new'));
  await isKept.promise;
  taken.happen([entryOf('old', 1), entryOf('older', 0)].sort((one, other) => one.at - other.at));
  await taking;
  await last;

  expect(sent).toEqual(['older', 'old', 'new']);
});

test('a message is sent only once the outbox has it, and so is any after it', async () => {
  const { delivery, outbox, sent, send } = aDelivery();
  const [ack, kept] = [later<Message>(), later<void>()];
  send.mockImplementationOnce(({ clientId }) => {
    sent.push(clientId);
    return ack.promise;
  });
  const first = delivery.send(requestOf('first'));
  await vi.waitFor(() => expect(sent).toEqual(['first']));
  vi.spyOn(outbox, 'put').mockReturnValueOnce(kept.promise);
  void delivery.send(requestOf('second'));
  const third = delivery.send(requestOf('third'));
  ack.happen({ id: '1' } as Message);
  await first;
  delivery.go();
  expect(sent).toEqual(['first']);

  kept.happen();
  await third;

  expect(sent).toEqual(['first', 'second', 'third']);
});

test('a clock that goes back does not change the order', async () => {
  const { delivery, outbox, state, sent } = aDelivery();
  state.isConnected = false;
  const now = vi.spyOn(Date, 'now').mockReturnValueOnce(2_000).mockReturnValueOnce(1_000);
  void delivery.send(requestOf('first'));
  const last = delivery.send(requestOf('second'));
  expect(now).toHaveBeenCalledTimes(2);
  now.mockRestore();
  const kept = await outbox.take('alice');
  expect(kept.map(({ clientId }) => clientId)).toEqual(['first', 'second']);
  state.isConnected = true;
  await delivery.takeOver();
  await last;
  expect(sent).toEqual(['first', 'second']);
});

test('a message that still waits is discarded: it is not sent, and not kept', async () => {
  const { delivery, outbox, state, sent, listener } = aDelivery();
  state.isConnected = false;
  const first = delivery.send(requestOf('first'));
  const second = delivery.send(requestOf('second'));

  delivery.discard('first');

  await expect(first).rejects.toMatchObject({ code: 'conflict' });
  expect(listener.discarded).toHaveBeenCalledTimes(1);
  expect((await outbox.take('alice')).map(({ clientId }) => clientId)).toEqual(['second']);
  state.isConnected = true;
  delivery.go();
  await second;
  expect(sent).toEqual(['second']);
});
