// The cases of Engine.IO's own test suite (protocol 4), in our words, for both servers. Where that suite needs a server
// that says everything again, a connection to the namespace stands in.
import { describe, expect, test } from 'vitest';
import { WebSocket } from 'ws';
import { within } from '../support/client';
import {
  ENGINE_PATH,
  type Handshake,
  PING,
  PONG,
  RawPolling,
  RawWebSocket,
  refusedUpgrade,
  request,
} from '../support/raw';
import { tokenOf } from '../support/tokens';
import { onEachPeer } from './peers';
import { openPoll } from './open_poll';
import { elapsed } from './visitor';

const INTERVAL = 600;
const TIMEOUT = 1_500;
const SETTINGS = { PING_INTERVAL: String(INTERVAL), PING_TIMEOUT: String(TIMEOUT) };
const SEPARATOR = '\x1e';

const connectPacket = () => `40${JSON.stringify({ token: tokenOf({ id: 'alice', name: 'Alice' }) })}`;

function expectHandshake(packet: string, upgrades: string[]): void {
  expect(packet[0]).toBe('0');
  const handshake = JSON.parse(packet.slice(1)) as Handshake;
  expect(handshake).toEqual({
    sid: expect.any(String) as string,
    upgrades,
    pingInterval: INTERVAL,
    pingTimeout: TIMEOUT,
    maxPayload: 1_000_000,
  });
}

/** The session is still there and speaks: it joins the namespace over this websocket. */
async function expectAlive(raw: RawWebSocket): Promise<void> {
  raw.send(connectPacket());
  expect((await raw.next()).slice(0, 2)).toBe('40');
}

/** Asks for a websocket with this query and says what became of it. */
function endOfHandshake(server: string, query: string): Promise<string> {
  const socket = new WebSocket(`${server.replace('http', 'ws')}${ENGINE_PATH}?${query}`);
  return within<string>('the end of a handshake', (resolve) => {
    socket.on('unexpected-response', (_, { statusCode }) => resolve(`refused with ${statusCode}`));
    socket.on('message', () => resolve('opened a session'));
    socket.on('close', () => resolve('closed'));
    socket.on('error', () => {});
  }).finally(() => socket.terminate());
}

onEachPeer('the Engine.IO protocol', SETTINGS, (current) => {
  const url = (query: string) => `${current.url}${ENGINE_PATH}?${query}`;

  /** A session over polling that has just been upgraded, with its id. */
  async function upgraded() {
    const polling = await RawPolling.open(current.url);
    const { sid } = polling.handshake;
    const raw = await RawWebSocket.open(current.url, { query: `&sid=${sid}` });
    raw.send('2probe');
    expect(await raw.next()).toBe('3probe');
    raw.send('5');
    return { polling, raw, sid };
  }

  describe('the handshake over polling', () => {
    test('opens a session and tells its terms', async () => {
      const response = await request(url('EIO=4&transport=polling'));

      expect(response.status).toBe(200);
      expectHandshake(response.body, ['websocket']);
    });

    test.each(['transport=polling', 'EIO=abc&transport=polling', 'EIO=4', 'EIO=4&transport=abc'])(
      'is refused for ?%s',
      async (query) => {
        expect((await request(url(query))).status).toBe(400);
      },
    );

    test.each(['POST', 'PUT'])('is refused by %s', async (method) => {
      expect((await request(url('EIO=4&transport=polling'), { method, body: '' })).status).toBe(400);
    });
  });

  describe('the handshake over websocket', () => {
    test('opens a session and tells its terms', async () => {
      const raw = await RawWebSocket.open(current.url);

      expectHandshake(await raw.next(), []);
      raw.cut();
    });

    // Node gives a websocket and closes it at once; both are right.
    test.each(['transport=websocket', 'EIO=abc&transport=websocket'])(
      'is refused or closed for ?%s',
      async (query) => {
        expect(['refused with 400', 'closed']).toContain(await endOfHandshake(current.url, query));
      },
    );

    test.each(['EIO=4', 'EIO=4&transport=abc'])('is refused for ?%s', async (query) => {
      expect(await refusedUpgrade(current.url, query)).toBe(400);
    });
  });

  describe('a packet', () => {
    test('may come with others in one request', async () => {
      const polling = await RawPolling.open(current.url);

      const response = await polling.post([PONG, connectPacket(), PONG].join(SEPARATOR));

      expect(response).toMatchObject({ status: 200, body: 'ok' });
      const [answer] = await polling.packets();
      expect(answer.slice(0, 2)).toBe('40');
    });

    test.each(['abc', '', `${PONG}${SEPARATOR}abc`])(
      'a packet of no known kind (%j) ends a session over polling',
      async (body) => {
        const polling = await RawPolling.open(current.url);

        await polling.post(body).catch(() => 'a server may cut this off');

        expect((await polling.get()).status).toBe(400);
      },
    );

    test.each(['abc', ''])('a packet of no known kind (%j) ends a session over websocket', async (frame) => {
      const raw = await RawWebSocket.open(current.url);
      await raw.next();

      raw.send(frame);

      await raw.whenClosed();
    });

    test('ping from a client ends the session: it is the server that pings', async () => {
      const raw = await RawWebSocket.open(current.url);
      await raw.next();

      raw.send(PING);

      await raw.whenClosed();
    });
  });

  describe('a request for packets', () => {
    test('while another waits ends the session: the first gets a close, the second is refused', async () => {
      const polling = await RawPolling.open(current.url);

      const [first, second] = (await Promise.all([polling.get(), polling.get()])).sort(
        (one, other) => one.status - other.status,
      );

      expect(first).toMatchObject({ status: 200, body: '1' });
      expect(second.status).toBe(400);
      expect((await polling.get()).status).toBe(400);
    });

    test('that is cut off ends the session', async () => {
      const polling = await RawPolling.open(current.url);
      const poll = await openPoll(current.url, polling.handshake.sid);
      // The round trip of another request lets the first one arrive.
      await request(url('EIO=4&transport=polling'));

      await poll.cut();

      expect((await polling.get()).status).toBe(400);
    });
  });

  describe.concurrent('the heartbeat', () => {
    test('is kept over polling', async () => {
      const polling = await RawPolling.open(current.url);

      for (let beat = 0; beat < 3; beat += 1) {
        expect(await polling.get()).toMatchObject({ status: 200, body: PING });
        expect((await polling.post(PONG)).status).toBe(200);
      }
    });

    test('is missed over polling', async () => {
      const polling = await RawPolling.open(current.url);

      await elapsed(INTERVAL + TIMEOUT + 500);

      expect((await polling.get()).status).toBe(400);
    });

    test('is kept over websocket', async () => {
      const raw = await RawWebSocket.open(current.url, { answersPings: false });
      await raw.next();

      for (let beat = 0; beat < 3; beat += 1) {
        expect(await raw.next()).toBe(PING);
        raw.send(PONG);
      }
      raw.cut();
    });

    test('is missed over websocket', async () => {
      const raw = await RawWebSocket.open(current.url, { answersPings: false });

      await raw.whenClosed();
    });
  });

  describe('a close packet', () => {
    test('over polling ends the session and lets a waiting request go with a noop', async () => {
      const polling = await RawPolling.open(current.url);
      const poll = await openPoll(current.url, polling.handshake.sid);
      await request(url('EIO=4&transport=polling'));

      await polling.post('1');

      expect(await poll.answer()).toBe('6');
      expect((await polling.get()).status).toBe(400);
    });

    test('over websocket ends the session', async () => {
      // Node waits for the time-out of its ping.
      const raw = await RawWebSocket.open(current.url, { answersPings: false });
      await raw.next();

      raw.send('1');

      await raw.whenClosed();
    });
  });

  describe('the upgrade', () => {
    test('is probed, lets polling go with a noop, and then speaks over the websocket', async () => {
      const polling = await RawPolling.open(current.url);
      const raw = await RawWebSocket.open(current.url, { query: `&sid=${polling.handshake.sid}` });
      raw.send('2probe');
      expect(await raw.next()).toBe('3probe');
      expect(await polling.get()).toMatchObject({ status: 200, body: '6' });
      raw.send('5');

      await expectAlive(raw);
      raw.cut();
    });

    test('leaves nothing to requests of the same session, and is not harmed by them', async () => {
      const { polling, raw } = await upgraded();

      expect((await polling.get()).status).toBe(400);

      await expectAlive(raw);
      raw.cut();
    });

    test('is not made twice: a second websocket of the session is closed, the first goes on', async () => {
      const { raw, sid } = await upgraded();

      const second = await RawWebSocket.open(current.url, { query: `&sid=${sid}` });
      await second.whenClosed();

      await expectAlive(raw);
      raw.cut();
    });

    test('is not made by two at once: the second websocket is closed, the first goes on', async () => {
      const polling = await RawPolling.open(current.url);
      const first = await RawWebSocket.open(current.url, { query: `&sid=${polling.handshake.sid}` });
      first.send('2probe');
      expect(await first.next()).toBe('3probe');

      const second = await RawWebSocket.open(current.url, { query: `&sid=${polling.handshake.sid}` });
      await second.whenClosed();

      first.send('5');
      await expectAlive(first);
      first.cut();
    });

    test.each(['2wrong', '4hello', 'abc', '1'])(
      'that begins with %j closes its websocket only',
      async (frame) => {
        const polling = await RawPolling.open(current.url);
        const raw = await RawWebSocket.open(current.url, { query: `&sid=${polling.handshake.sid}` });

        raw.send(frame);

        await raw.whenClosed();
        await polling.connect(tokenOf({ id: 'alice', name: 'Alice' }));
      },
    );

    test('need not be probed', async () => {
      const polling = await RawPolling.open(current.url);
      const raw = await RawWebSocket.open(current.url, { query: `&sid=${polling.handshake.sid}` });

      raw.send('5');

      await expectAlive(raw);
      raw.cut();
    });

    test('that is left after the probe closes its websocket only', async () => {
      const polling = await RawPolling.open(current.url);
      const raw = await RawWebSocket.open(current.url, { query: `&sid=${polling.handshake.sid}` });
      raw.send('2probe');
      expect(await raw.next()).toBe('3probe');

      raw.cut();

      await polling.connect(tokenOf({ id: 'alice', name: 'Alice' }));
    });
  });
});
