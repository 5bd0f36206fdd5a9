// Catching up on a room by itself: what it asks for, and how often.
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { CatchUp, type LogEvent } from '../src/core/catchUp.js';
import { ChatError, type Message, type Synced } from '../src/index.js';

const change = (seq: number): LogEvent => ({
  event: 'message:new',
  data: { id: String(seq), roomId: 'general', seq } as Message & { seq: number },
});

const answer = (seq: number, ...events: LogEvent[]): Synced =>
  ({ success: true, roomId: 'general', seq, events, complete: true, more: false }) as unknown as Synced;

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

function aRoom(sync: (since: number) => Promise<Synced>) {
  const shown: number[] = [];
  const asked = vi.fn(sync);
  const log = new CatchUp({
    sync: asked,
    apply: (events) => shown.push(...events.map(({ data }) => data.seq ?? 0)),
    lost: () => undefined,
  });
  log.begin(1);
  return { log, asked, shown };
}

test('a gap that stays is asked for ever more seldom, and shown in order when it is filled', async () => {
  let missing: LogEvent[] = [];
  const { log, asked, shown } = aRoom((since) => Promise.resolve(answer(since + missing.length, ...missing)));
  void log.hear(change(4));
  void log.hear(change(3));
  await vi.advanceTimersByTimeAsync(60_000);
  expect(shown).toEqual([]);
  // After 0.1, 0.2, 0.4 and so on, at last every 15 seconds.
  expect(asked.mock.calls.length).toBeGreaterThan(5);
  expect(asked.mock.calls.length).toBeLessThan(15);

  missing = [change(2)];
  await vi.advanceTimersByTimeAsync(15_000);
  expect(shown).toEqual([2, 3, 4]);
  const { length } = asked.mock.calls;
  await vi.advanceTimersByTimeAsync(60_000);
  expect(asked).toHaveBeenCalledTimes(length);
});

test('a server that cannot answer is asked ever more seldom, and pages follow each other at once', async () => {
  let isAway = true;
  const { log, asked, shown } = aRoom((since) =>
    isAway
      ? Promise.reject(new ChatError('unavailable', 'away'))
      : Promise.resolve({ ...answer(since + 1, change(since + 1)), more: since < 9 }),
  );
  void log.reach(10);
  await vi.advanceTimersByTimeAsync(60_000);
  expect(asked.mock.calls.length).toBeLessThan(9);
  isAway = false;
  await vi.advanceTimersByTimeAsync(15_000);
  expect(shown).toEqual([2, 3, 4, 5, 6, 7, 8, 9, 10]);
});
