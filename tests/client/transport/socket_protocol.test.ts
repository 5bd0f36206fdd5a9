// The cases of Socket.IO's own test suite (protocol 5) that need no server of a particular kind, in our words, for both.
import { describe, expect, test } from 'vitest';
import { PING, RawPolling, RawWebSocket } from '../support/raw';
import { tokenOf } from '../support/tokens';
import { onEachPeer } from './peers';

const SETTINGS = {
  PING_INTERVAL: '300',
  PING_TIMEOUT: '2000',
  CONNECT_TIMEOUT: '1000',
  MAX_PAYLOAD: '20000',
};

const auth = () => JSON.stringify({ token: tokenOf({ id: 'alice', name: 'Alice' }) });

onEachPeer('the Socket.IO protocol', SETTINGS, (current) => {
  /** A websocket that has had its Engine.IO handshake. */
  async function opened(options = {}): Promise<RawWebSocket> {
    const raw = await RawWebSocket.open(current.url, options);
    expect((await raw.next())[0]).toBe('0');
    return raw;
  }

  /** A websocket in the namespace. */
  async function connected(options = {}): Promise<RawWebSocket> {
    const raw = await opened(options);
    raw.send(`40${auth()}`);
    expect((await raw.next()).slice(0, 2)).toBe('40');
    return raw;
  }

  describe('connecting', () => {
    test('to the namespace gives the socket an id', async () => {
      const raw = await opened();

      raw.send(`40${auth()}`);

      const answer = await raw.next();
      expect(answer.slice(0, 2)).toBe('40');
      expect(JSON.parse(answer.slice(2))).toMatchObject({ sid: expect.any(String) as string });
      raw.cut();
    });

    test('gives the socket an id over polling, too', async () => {
      const polling = await RawPolling.open(current.url);
      await polling.post(`40${auth()}`);

      const [answer] = await polling.packets();

      expect(JSON.parse(answer.slice(2))).toMatchObject({ sid: expect.any(String) as string });
    });

    test('by the written-out name of the namespace is the same', async () => {
      const raw = await opened();

      raw.send(`40/,${auth()}`);

      expect((await raw.next()).slice(0, 2)).toBe('40');
      raw.cut();
    });

    test.each(['40', '40{}', '40{"token":"no token"}'])('with %s is refused, readably', async (packet) => {
      const raw = await opened();

      raw.send(packet);

      expect(await raw.next()).toBe('44{"message":"Authentication failed"}');
      raw.cut();
    });

    test('to an unknown namespace is refused, by name', async () => {
      const raw = await opened();

      raw.send('40/random');

      expect(await raw.next()).toBe('44/random,{"message":"Invalid namespace"}');
      raw.cut();
    });

    test('to an unknown namespace leaves the namespace that is there usable', async () => {
      const raw = await opened();
      raw.send(`40/random,${auth()}`);
      await raw.next();

      raw.send(`40${auth()}`);

      expect((await raw.next()).slice(0, 2)).toBe('40');
      raw.cut();
    });

    test.each(['4abc', '4', '49', '40{', '42["room:join","early"]'])(
      'by %s closes the connection',
      async (packet) => {
        const raw = await opened();

        raw.send(packet);

        await raw.whenClosed();
      },
    );

    test('that does not happen closes the connection', async () => {
      const raw = await opened();

      await raw.whenClosed();
    });
  });

  describe('disconnecting', () => {
    test('leaves the namespace and keeps the connection, whose heartbeat goes on', async () => {
      const raw = await connected({ answersPings: false });

      raw.send('41');

      expect(await raw.next()).toBe(PING);
      raw.cut();
    });
  });

  describe('after connecting', () => {
    test.each([
      ['of an unknown kind', '4abc'],
      ['without an array', '42{}'],
      ['with an ack id that is no number', '42abc["room:join","somewhere"]'],
      ['that ends early', '42["room:join"'],
      ['of attachments that does not say how many', '45["room:join"]'],
      ['with a reserved name', '42["disconnect"]'],
    ])('a packet %s (%s) closes the connection', async (_, packet) => {
      const raw = await connected();

      raw.send(packet);

      await raw.whenClosed();
    });

    test('an attachment that nobody announced closes the connection', async () => {
      const raw = await connected();

      raw.send(Buffer.from('unasked'));

      await raw.whenClosed();
    });

    test('a packet over the limit closes a websocket', async () => {
      const raw = await connected();

      raw.send(`42["room:join","${'x'.repeat(20_000)}"]`);

      await raw.whenClosed();
    });

    test('a packet over the limit is refused over polling with 413', async () => {
      const polling = await RawPolling.open(current.url);
      await polling.connect(tokenOf({ id: 'alice', name: 'Alice' }));

      const answer = await polling.post(`42["room:join","${'x'.repeat(20_000)}"]`);

      expect(answer.status).toBe(413);
    });
  });
});
