// Single HTTP requests under /socket.io/, good ones and every kind of bad one: both servers answer them alike.
import { gunzipSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { RawPolling, RawWebSocket } from '../support/raw';
import { tokenOf } from '../support/tokens';
import { onEachPeer } from './peers';
import { exchange, exchangeUpgrade, type RawAnswer, UPGRADE_HEADERS } from './raw_http';
import { Visitor } from './visitor';

const BAD_REQUEST = { code: 3, message: 'Bad request' };
const POLLING = 'EIO=4&transport=polling';

const without = (name: string) => UPGRADE_HEADERS.filter((line) => !line.startsWith(`${name}:`));
const tokenOfSomebody = () => tokenOf({ id: 'somebody', name: 'Somebody' });
const headerLines = (count: number, length: number) =>
  Array.from({ length: count }, (_, index) => `X-Filler-${index}: ${'x'.repeat(length)}`);

onEachPeer('HTTP', {}, (current) => {
  const isNode = current.name === 'Node';

  // Node sends this header with what a session answers only, the contract asks for it everywhere.
  const expectNoStore = (answer: RawAnswer) => {
    if (!isNode) expect(answer.headers['cache-control']).toBe('no-store');
  };
  const expectRefusal = (answer: RawAnswer, error: object) => {
    expect(answer.status).toBe(400);
    expect(answer.headers['content-type']).toMatch(/^application\/json\b/);
    expect(answer.json).toEqual(error);
    expectNoStore(answer);
  };
  // Node refuses a websocket in plain text, and in the words of the library that found the fault; the contract asks for
  // the same JSON as elsewhere.
  const expectUpgradeRefusal = (answer: RawAnswer, error: object = BAD_REQUEST) => {
    if (isNode) expect(answer.status).toBe(400);
    else expectRefusal(answer, error);
  };

  describe('a request outside of any session', () => {
    test.each([
      ['without a transport', 'GET', 'EIO=4', { code: 0, message: 'Transport unknown' }],
      [
        'with an unknown transport',
        'GET',
        'EIO=4&transport=pigeon',
        { code: 0, message: 'Transport unknown' },
      ],
      ['with an unknown sid', 'GET', `${POLLING}&sid=nobody`, { code: 1, message: 'Session ID unknown' }],
      ['with an unknown sid', 'POST', `${POLLING}&sid=nobody`, { code: 1, message: 'Session ID unknown' }],
      ['by POST', 'POST', POLLING, { code: 2, message: 'Bad handshake method' }],
      ['by PUT', 'PUT', POLLING, { code: 2, message: 'Bad handshake method' }],
      ['by DELETE', 'DELETE', POLLING, { code: 2, message: 'Bad handshake method' }],
      ['for a websocket by a plain GET', 'GET', 'EIO=4&transport=websocket', BAD_REQUEST],
      [
        'of the old protocol',
        'GET',
        'EIO=3&transport=polling',
        { code: 5, message: 'Unsupported protocol version' },
      ],
      [
        'without a protocol',
        'GET',
        'transport=polling',
        { code: 5, message: 'Unsupported protocol version' },
      ],
      [
        'of no protocol',
        'GET',
        'EIO=abc&transport=polling',
        { code: 5, message: 'Unsupported protocol version' },
      ],
    ])('%s (%s ?%s) is refused as the protocol says', async (_, method, query, error) => {
      const body = method === 'GET' ? undefined : '40';
      expectRefusal(await exchange(current.url, { method, query, body }), error);
    });

    test.each([POLLING, `${POLLING}&sid=`, `sid=&${POLLING}`, `${POLLING}&t=abc123`])(
      'GET ?%s opens a session',
      async (query) => {
        const answer = await exchange(current.url, { query });

        expect(answer.status).toBe(200);
        expect(answer.headers['content-type']).toMatch(/^text\/plain; charset=utf-8$/i);
        expect(answer.headers['cache-control']).toBe('no-store');
        expect(JSON.parse(answer.body.toString().slice(1))).toMatchObject({ upgrades: ['websocket'] });
      },
    );
  });

  describe('a request of a session', () => {
    test('by POST is answered with ok, and by GET with the packets; neither may be stored', async () => {
      const { handshake } = await RawPolling.open(current.url);
      const query = `${POLLING}&sid=${handshake.sid}`;

      const posted = await exchange(current.url, {
        method: 'POST',
        query,
        headers: ['Content-Type: text/plain;charset=UTF-8'],
        body: `40${JSON.stringify({ token: tokenOfSomebody() })}`,
      });
      const polled = await exchange(current.url, { query });

      expect(posted).toMatchObject({ status: 200, headers: { 'cache-control': 'no-store' } });
      expect(posted.headers['content-type']).toMatch(/^text\/html\b/);
      expect(posted.body.toString()).toBe('ok');
      expect(polled).toMatchObject({ status: 200, headers: { 'cache-control': 'no-store' } });
      expect(polled.headers['content-type']).toMatch(/^text\/plain; charset=utf-8$/i);
      expect(polled.body.toString().slice(0, 2)).toBe('40');
    });

    test('by PUT is refused, and the session goes on', async () => {
      const polling = await RawPolling.open(current.url);

      const answer = await exchange(current.url, {
        method: 'PUT',
        query: `${POLLING}&sid=${polling.handshake.sid}`,
        body: '40',
      });

      expect(answer.status).toBeGreaterThanOrEqual(400);
      expectNoStore(answer);
      await polling.connect(tokenOfSomebody());
    });

    test('over websocket by a plain GET is refused with code 3, and the session goes on', async () => {
      const polling = await RawPolling.open(current.url);

      const answer = await exchange(current.url, {
        query: `EIO=4&transport=websocket&sid=${polling.handshake.sid}`,
      });

      expectRefusal(answer, BAD_REQUEST);
      await polling.connect(tokenOfSomebody());
    });

    test('a request of another protocol is refused with code 3, and the session goes on', async () => {
      const polling = await RawPolling.open(current.url);

      const answer = await exchange(current.url, {
        query: `EIO=3&transport=polling&sid=${polling.handshake.sid}`,
      });

      expectRefusal(answer, BAD_REQUEST);
      await polling.connect(tokenOfSomebody());
    });

    test('over polling is refused with code 3 when the session is a websocket', async () => {
      const raw = await RawWebSocket.open(current.url);
      const { sid } = JSON.parse((await raw.next()).slice(1)) as { sid: string };

      for (const method of ['GET', 'POST']) {
        const body = method === 'GET' ? undefined : '40';
        expectRefusal(
          await exchange(current.url, { method, query: `${POLLING}&sid=${sid}`, body }),
          BAD_REQUEST,
        );
      }
      raw.cut();
    });
  });

  describe('a websocket', () => {
    test('is given to a complete request', async () => {
      const answer = await exchangeUpgrade(current.url, {});

      expect(answer.status).toBe(101);
      // The answer to the key of RFC 6455's own example.
      expect(answer.headers['sec-websocket-accept']).toBe('s3pPLMBiTxaQ9kYGzzhZRbK+xOo=');
      expect(answer.headers.upgrade.toLowerCase()).toBe('websocket');
      expect(answer.headers.connection.toLowerCase()).toBe('upgrade');
    });

    test.each([
      ['keep-alive, Upgrade', 'websocket'],
      ['upgrade', 'WebSocket'],
    ])('is given whatever the case, and beside other options: %s, %s', async (connection, upgrade) => {
      const headers = [`Connection: ${connection}`, `Upgrade: ${upgrade}`, ...UPGRADE_HEADERS.slice(2)];

      expect((await exchangeUpgrade(current.url, { headers })).status).toBe(101);
    });

    test.each(['Connection', 'Upgrade', 'Sec-WebSocket-Version', 'Sec-WebSocket-Key'])(
      'is refused when %s is missing',
      async (name) => {
        expectUpgradeRefusal(await exchangeUpgrade(current.url, { headers: without(name) }));
      },
    );

    test.each([
      ['Sec-WebSocket-Version: 7', 'Sec-WebSocket-Version'],
      ['Sec-WebSocket-Key: short', 'Sec-WebSocket-Key'],
    ])('is refused with %s', async (line, name) => {
      expectUpgradeRefusal(await exchangeUpgrade(current.url, { headers: [...without(name), line] }));
    });

    test('is refused over HTTP/1.0', async () => {
      const answer = await exchangeUpgrade(current.url, { version: '1.0' });

      // Node does not look at the version; RFC 6455 asks for 1.1.
      if (isNode) expect(answer.status).toBe(101);
      else expectRefusal(answer, BAD_REQUEST);
    });

    test.each([
      [
        'with an unknown sid',
        'EIO=4&transport=websocket&sid=nobody',
        { code: 1, message: 'Session ID unknown' },
      ],
      ['with an unknown transport', 'EIO=4&transport=pigeon', { code: 0, message: 'Transport unknown' }],
      [
        'of the old protocol',
        'EIO=3&transport=websocket',
        { code: 5, message: 'Unsupported protocol version' },
      ],
    ])('%s is refused', async (_, query, error) => {
      const answer = await exchangeUpgrade(current.url, { query });

      // Node gives a websocket to the old protocol, and writes the refusal into it.
      if (isNode && error.code === 5) expect(answer.status).toBe(101);
      else expectUpgradeRefusal(answer, error);
    });

    test.each(['EIO=4&transport=websocket&sid=', 'sid=&EIO=4&transport=websocket'])(
      'with an empty sid (?%s) is a new session',
      async (query) => {
        expect((await exchangeUpgrade(current.url, { query })).status).toBe(101);
      },
    );
  });

  describe('the headers of a request', () => {
    test('may be 120', async () => {
      const polled = await exchange(current.url, { query: POLLING, headers: headerLines(120, 40) });
      const upgraded = await exchangeUpgrade(current.url, {
        headers: [...headerLines(120, 40), ...UPGRADE_HEADERS],
      });

      expect(polled.status).toBe(200);
      expect(upgraded.status).toBe(101);
    });

    test('may be 15 KiB together', async () => {
      const answer = await exchange(current.url, { query: POLLING, headers: headerLines(15, 980) });

      expect(answer.status).toBe(200);
    });

    test.each([
      ['in many lines', headerLines(40, 500)],
      ['in one line', headerLines(1, 20_000)],
    ])('may not be more than 16 KiB, %s: 431', async (_, headers) => {
      const answer = await exchange(current.url, { query: POLLING, headers });

      expect(answer.status).toBe(431);
    });
  });

  describe('an answer of polling', () => {
    // A message of this size is heard by the session that asks.
    async function answerTo(headers: string[], size: number): Promise<RawAnswer> {
      const room = await current.peer.room();
      const polling = await RawPolling.open(current.url);
      await polling.connect(tokenOfSomebody());
      await polling.post(`42["room:join",${JSON.stringify(room)}]`);
      for (let heard = ''; !heard.includes('room:members'); heard = (await polling.packets()).join());
      const sender = await Visitor.join(current.url, room, 'sender', { transports: ['websocket'] });
      await polling.packets();
      sender.send('x'.repeat(size));
      const answer = await exchange(current.url, {
        query: `${POLLING}&sid=${polling.handshake.sid}`,
        headers,
      });
      sender.close();
      return answer;
    }

    test.each([
      ['Accept-Encoding: gzip', 'gzip'],
      ['Accept-Encoding: gzip, deflate, br', 'gzip'],
    ])('of more than 1 KB is gzipped when asked for (%s)', async (line, encoding) => {
      const answer = await answerTo([line], 3_000);

      expect(answer).toMatchObject({ status: 200, headers: { 'content-encoding': encoding } });
      expect(answer.headers['cache-control']).toBe('no-store');
      expect(answer.body.length).toBeLessThan(1_500);
      expect(gunzipSync(answer.body).toString()).toContain('x'.repeat(3_000));
    });

    test.each([
      ['not asked for', []],
      ['refused', ['Accept-Encoding: gzip;q=0']],
      ['unknown', ['Accept-Encoding: br']],
    ])('of more than 1 KB is plain when gzip is %s', async (_, headers) => {
      const answer = await answerTo(headers, 3_000);

      expect(answer.status).toBe(200);
      expect(answer.headers['content-encoding']).toBeUndefined();
      expect(answer.body.toString()).toContain('x'.repeat(3_000));
    });

    test('a small answer is plain, asked for or not', async () => {
      const answer = await answerTo(['Accept-Encoding: gzip'], 10);

      expect(answer.status).toBe(200);
      expect(answer.headers['content-encoding']).toBeUndefined();
    });
  });
});
