// The heartbeat: the first ping comes after the interval, an answer keeps the session, and a missing one ends it.
import { afterAll, describe, expect, test } from 'vitest';
import { PING, PONG, RawPolling, RawWebSocket } from '../support/raw';
import { tokenOf } from '../support/tokens';
import { recordFigures } from './figures';
import { onEachPeer, type PeerName } from './peers';
import { elapsed } from './visitor';

const INTERVAL = 700;
const TIMEOUT = 1_200;
/** A client far away takes so long to answer, in milliseconds. */
const SLOW_ANSWER = 200;
// A timer may go off a millisecond early, and the clock that measures it may be rounded.
const GRAIN = 5;
/** On a busy machine a ping may come so much later than it is due, in milliseconds. */
const LATENESS = 4_000;
const SETTINGS = { PING_INTERVAL: String(INTERVAL), PING_TIMEOUT: String(TIMEOUT) };

const seen = new Map<string, Record<PeerName, string>>();

function note(name: PeerName, subject: string, millis: number): void {
  const row = seen.get(subject) ?? { Node: 'none', chatoxide: 'none' };
  seen.set(subject, { ...row, [name]: `${Math.round(millis)} ms` });
}

afterAll(() =>
  recordFigures(
    'heartbeat',
    [...seen].map(([subject, figures]) => ({ subject, ...figures })),
  ),
);

const token = () => tokenOf({ id: 'alice', name: 'Alice' });

function expectDue(millis: number, due: number): void {
  expect(millis).toBeGreaterThanOrEqual(due - GRAIN);
  expect(millis).toBeLessThan(due + LATENESS);
}

onEachPeer('the heartbeat', SETTINGS, (current) => {
  describe.concurrent('over websocket', () => {
    test('begins after the interval, not at once', async () => {
      const start = performance.now();
      const raw = await RawWebSocket.open(current.url, { answersPings: false });
      expect((await raw.next())[0]).toBe('0');

      expect(await raw.next()).toBe(PING);

      note(current.name, 'first ping over websocket', performance.now() - start);
      expectDue(performance.now() - start, INTERVAL);
      raw.cut();
    });

    test('begins after the interval for who has joined the namespace, too', async () => {
      const start = performance.now();
      const raw = await RawWebSocket.open(current.url, { answersPings: false });
      await raw.next();
      raw.send(`40${JSON.stringify({ token: token() })}`);
      expect((await raw.next()).slice(0, 2)).toBe('40');

      expect(await raw.next()).toBe(PING);

      expectDue(performance.now() - start, INTERVAL);
      raw.cut();
    });

    test('goes on as long as it is answered, an interval after each answer', async () => {
      const raw = await RawWebSocket.open(current.url, { answersPings: false });
      await raw.next();

      // That is longer than the interval and the time-out together.
      for (let beat = 0, answered = 0; beat < 3; beat += 1) {
        expect(await raw.next()).toBe(PING);
        if (beat > 0) expectDue(performance.now() - answered, INTERVAL);
        await elapsed(SLOW_ANSWER);
        answered = performance.now();
        raw.send(PONG);
      }
      raw.cut();
    });

    test('ends the session when it is not answered within the time-out', async () => {
      const start = performance.now();
      const raw = await RawWebSocket.open(current.url, { answersPings: false });

      await raw.whenClosed();

      note(current.name, 'end of a silent websocket', performance.now() - start);
      expectDue(performance.now() - start, INTERVAL + TIMEOUT);
    });
  });

  describe.concurrent('over polling', () => {
    test('begins after the interval, not at once', async () => {
      const start = performance.now();
      const polling = await RawPolling.open(current.url);

      expect((await polling.get()).body).toBe(PING);

      note(current.name, 'first ping over polling', performance.now() - start);
      expectDue(performance.now() - start, INTERVAL);
    });

    test('goes on as long as it is answered, an interval after each answer', async () => {
      const polling = await RawPolling.open(current.url);

      for (let beat = 0, answered = 0; beat < 3; beat += 1) {
        expect((await polling.get()).body).toBe(PING);
        if (beat > 0) expectDue(performance.now() - answered, INTERVAL);
        await elapsed(SLOW_ANSWER);
        answered = performance.now();
        expect((await polling.post(PONG)).body).toBe('ok');
      }
    });

    test('ends the session when it is not answered within the time-out', async () => {
      const start = performance.now();
      const polling = await RawPolling.open(current.url);
      expect((await polling.get()).body).toBe(PING);

      // The server answers the waiting request, and the next one finds no session.
      const statuses = [await polling.get(), await polling.get()].map(({ status }) => status);

      note(current.name, 'end of a silent session over polling', performance.now() - start);
      expect(statuses).toContain(400);
      expectDue(performance.now() - start, INTERVAL + TIMEOUT);
    });

    test('ends the session of who does not even ask', async () => {
      const polling = await RawPolling.open(current.url);

      await elapsed(INTERVAL + TIMEOUT + 500);

      expect(await polling.get()).toMatchObject({ status: 400 });
    });
  });
});

test('the first ping of both servers comes at the same time', () => {
  for (const subject of ['first ping over websocket', 'first ping over polling']) {
    const { Node, chatoxide } = seen.get(subject) ?? { Node: '', chatoxide: '' };
    expectDue(parseInt(Node), INTERVAL);
    expectDue(parseInt(chatoxide), INTERVAL);
  }
});
