// HTTP connections under /socket.io/: they serve many requests, bodies of every framing, and refusals that do not end more
// than they must.
import http from 'node:http';
import { Fetch, NodeWebSocket } from 'socket.io-client';
import { describe, expect, test } from 'vitest';
import { within } from '../support/client';
import { RawPolling } from '../support/raw';
import { tokenOf } from '../support/tokens';
import { onEachPeer } from './peers';
import { exchange } from './raw_http';
import { Visitor } from './visitor';

const LIMIT = 20_000;
const POLLING = 'EIO=4&transport=polling';
const token = () => tokenOf({ id: 'alice', name: 'Alice' });

onEachPeer('an HTTP connection', { MAX_PAYLOAD: String(LIMIT) }, (current) => {
  const isNode = current.name === 'Node';

  /** One request over the agent's connections; resolves with the status and the client's port. */
  function over(agent: http.Agent, query: string, body?: string): Promise<{ status: number; port: number }> {
    return within('an answer', (resolve, reject) => {
      const method = body === undefined ? 'GET' : 'POST';
      const outgoing = http.request(`${current.url}/socket.io/?${query}`, { method, agent }, (incoming) => {
        const port = incoming.socket.localPort ?? 0;
        incoming.resume();
        incoming.once('end', () => resolve({ status: incoming.statusCode ?? 0, port }));
      });
      outgoing.once('error', reject);
      outgoing.end(body);
    });
  }

  test('serves requests of several sessions, and goes on after a refusal', async () => {
    const agent = new http.Agent({ keepAlive: true, maxSockets: 1 });
    const one = await RawPolling.open(current.url);
    const two = await RawPolling.open(current.url);

    const answers = [];
    for (const { handshake } of [one, two]) {
      const query = `${POLLING}&sid=${handshake.sid}`;
      answers.push(await over(agent, query, `40${JSON.stringify({ token: token() })}`));
      answers.push(await over(agent, query));
      answers.push(await over(agent, `${POLLING}&sid=nobody`));
    }
    agent.destroy();

    expect(answers.map(({ status }) => status)).toEqual([200, 200, 400, 200, 200, 400]);
    expect(new Set(answers.map(({ port }) => port)).size).toBe(1);
  });

  test('a client that keeps its connections has a conversation over polling', async () => {
    const agent = new http.Agent({ keepAlive: true });
    const room = await current.peer.room();
    const options = { transports: ['polling'], agent };
    const alice = await Visitor.join(current.url, room, 'alice', options);
    const bob = await Visitor.join(current.url, room, 'bob');

    for (let index = 0; index < 20; index += 1) {
      alice.send(`alice ${index}`);
      bob.send(`bob ${index}`);
    }
    await alice.until(() => alice.heard.length >= 40 && alice.acked.length >= 20, 8_000);

    expect(alice.acked).toEqual(alice.sent);
    expect(alice.heard.filter((content) => content.startsWith('bob'))).toEqual(bob.sent);
    expect(alice.disconnects).toEqual([]);
    alice.close();
    bob.close();
    agent.destroy();
  });

  // This way of the client asks for compression, undoes it, and keeps connections, all as a browser does.
  test.each([
    ['polling', [Fetch]],
    ['websocket', [Fetch, NodeWebSocket]],
  ])('a client that fetches, as browsers do, sends long messages over %s', async (transport, transports) => {
    const room = await current.peer.room();
    const alice = await Visitor.join(current.url, room, 'alice', { transports });
    const bob = await Visitor.join(current.url, room, 'bob');
    await alice.until(() => alice.transport === transport, 4_000);

    for (let index = 0; index < 10; index += 1) {
      alice.send(`alice ${index} ${'x'.repeat(3_000)}`);
      bob.send(`bob ${index} ${'é'.repeat(3_000)}`);
    }
    await alice.until(() => alice.heard.length >= 20 && alice.acked.length >= 10, 8_000);

    expect(alice.transport).toBe(transport);
    expect(alice.acked).toEqual(alice.sent);
    expect(alice.heard.filter((content) => content.startsWith('bob'))).toEqual(bob.sent);
    expect(alice.disconnects).toEqual([]);
    alice.close();
    bob.close();
  });

  describe('takes a body', () => {
    const packet = () => `40${JSON.stringify({ token: token() })}`;
    const chunked = (text: string) => `${Buffer.byteLength(text).toString(16)}\r\n${text}\r\n0\r\n\r\n`;

    test.each([
      ['of a length', 'Content-Type: text/plain;charset=UTF-8', false],
      ['of a length and of no type', 'X-Type: none', false],
      ['in chunks', 'Transfer-Encoding: chunked', true],
    ])('%s', async (_, header, isChunked) => {
      const polling = await RawPolling.open(current.url);
      const query = `${POLLING}&sid=${polling.handshake.sid}`;

      const text = isChunked ? chunked(packet()) : packet();
      const length = isChunked ? [] : [`Content-Length: ${Buffer.byteLength(text)}`];
      const answer = await exchange(current.url, {
        method: 'POST',
        query,
        headers: [header, ...length],
        raw: text,
      });

      expect(answer).toMatchObject({ status: 200 });
      expect((await polling.packets())[0].slice(0, 2)).toBe('40');
    });

    test('but none of bytes, which ends the session', async () => {
      const polling = await RawPolling.open(current.url);
      const query = `${POLLING}&sid=${polling.handshake.sid}`;

      const headers = ['Content-Type: application/octet-stream'];
      const answer = await exchange(current.url, { method: 'POST', query, headers, body: packet() });

      expect(answer.status).toBe(400);
      expect((await polling.get()).status).toBe(400);
    });

    test.each([
      ['by its length', false],
      ['in chunks', true],
    ])('but none over the limit, told %s: 413, and the session goes on', async (_, isChunked) => {
      const polling = await RawPolling.open(current.url);
      await polling.connect(token());
      const query = `${POLLING}&sid=${polling.handshake.sid}`;
      const text = `42["room:join","${'x'.repeat(LIMIT)}"]`;

      const answer = await exchange(current.url, {
        method: 'POST',
        query,
        headers: isChunked ? ['Transfer-Encoding: chunked'] : [`Content-Length: ${text.length}`],
        raw: isChunked ? chunked(text) : text,
      });

      expect(answer.status).toBe(413);
      if (!isNode) expect(answer.headers['cache-control']).toBe('no-store');
      await polling.post('42["room:join","nowhere"]');
      expect((await polling.packets()).join()).toContain('nowhere');
    });
  });

  test("a page's preflight is answered, and not stored by others", async () => {
    const headers = [
      'Origin: http://localhost:5173',
      'Access-Control-Request-Method: POST',
      'Access-Control-Request-Headers: content-type',
    ];

    const answer = await exchange(current.url, { method: 'OPTIONS', query: POLLING, headers });

    expect([200, 204]).toContain(answer.status);
    expect(answer.headers['access-control-allow-origin']).toBe('*');
    if (!isNode) expect(answer.headers['cache-control']).toBe('no-store');
  });
});
