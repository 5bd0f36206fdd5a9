// Both servers behind the real nginx and HAProxy: the upgrade where it is configured, polling where it is not, and no
// cache that gives one user's session to another.
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { within } from '../support/client';
import { type Handshake, RawPolling, request, type Response } from '../support/raw';
import { tokenOf } from '../support/tokens';
import { onEachPeer } from './peers';
import { Visitor } from './visitor';
import { KIND_NAMES, type KindName, WebProxy } from './web_proxies';

const MESSAGES = Array.from({ length: 20 }, (_, index) => `message ${index}`);
const CACHES = KIND_NAMES.filter((name) => name.includes('cache'));
const PATIENCE = 8_000;

onEachPeer('behind a web proxy,', {}, (current) => {
  const proxies = new Map<KindName, WebProxy>();

  beforeAll(async () => {
    for (const name of KIND_NAMES) proxies.set(name, await WebProxy.start(name, current.url));
  });
  afterAll(() => Promise.all([...proxies.values()].map((proxy) => proxy.stop())));

  const urlOf = (name: KindName) => proxies.get(name)?.url ?? '';

  async function conversation(name: KindName) {
    const room = await current.peer.room();
    const alice = Visitor.open(urlOf(name), room, 'alice');
    const upgraded = within<void>(
      'the upgrade or its failure',
      (resolve) =>
        alice.socket.io.engine.once('open', () => {
          alice.socket.io.engine.once('upgrade', () => resolve());
          alice.socket.io.engine.once('upgradeError', () => resolve());
        }),
      PATIENCE,
    );
    const bob = await Visitor.join(urlOf(name), room, 'bob');
    await alice.until(() => alice.joins > 0, PATIENCE);
    await upgraded;
    for (const content of MESSAGES) {
      alice.send(`alice ${content}`);
      bob.send(`bob ${content}`);
    }
    const hasAll = (visitor: Visitor) => visitor.heard.length >= 2 * MESSAGES.length;
    await alice.until(() => hasAll(alice) && hasAll(bob) && alice.acked.length >= MESSAGES.length, PATIENCE);
    const seen = { transport: alice.transport, disconnects: alice.disconnects, alice, bob };
    alice.close();
    bob.close();
    return seen;
  }

  test.each(KIND_NAMES)('%s, the default client talks over what the proxy lets through', async (name) => {
    const { transport, alice, bob } = await conversation(name);

    expect(transport).toBe(name === 'nginx as it is by default' ? 'polling' : 'websocket');
    expect(alice.disconnects.filter((reason) => reason !== 'io client disconnect')).toEqual([]);
    expect(alice.acked).toEqual(alice.sent);
    for (const { heard } of [alice, bob]) {
      expect(heard.filter((content) => content.startsWith('alice'))).toEqual(alice.sent);
      expect(heard.filter((content) => content.startsWith('bob'))).toEqual(bob.sent);
    }
  });

  describe.each(CACHES)('%s', (name) => {
    test('never gives one session to two users', async () => {
      const url = `${urlOf(name)}/socket.io/?EIO=4&transport=polling`;

      const answers: Response[] = [];
      for (let visit = 0; visit < 5; visit += 1) answers.push(await request(url));

      const ids = answers.map(({ body }) => (JSON.parse(body.slice(1)) as Handshake).sid);
      expect(new Set(ids).size).toBe(5);
      for (const { headers } of answers) expect(headers['x-cache'] ?? 'MISS').toBe('MISS');
    });

    test('never gives what one user hears to another', async () => {
      const users = await Promise.all(['alice', 'bob'].map(() => RawPolling.open(urlOf(name))));
      for (const [index, polling] of users.entries()) {
        await polling.connect(tokenOf({ id: `user-${index}`, name: 'Somebody' }));
        await polling.post(`42["room:join","nowhere-${index}"]`);
      }

      // The same URL, asked again, has the session's next packets and not the last ones.
      const [first, second] = await Promise.all(users.map((polling) => polling.packets()));

      expect(first.join()).toContain('nowhere-0');
      expect(second.join()).toContain('nowhere-1');
    });
  });

  if (current.name === 'chatoxide') {
    test.each(KIND_NAMES)('%s, a message of a megabyte comes in chunks and goes out whole', async (name) => {
      const room = await current.peer.room();
      const alice = await Visitor.join(urlOf(name), room, 'alice');
      const bob = await Visitor.join(urlOf(name), room, 'bob');
      const part = '語'.repeat(87_381);
      let answer: { chunk?: object; message?: { content: string } } = {};
      for (let index = 0; index < 4; index += 1) {
        const chunk = { id: 'long', index, count: 4 };
        const request = { roomId: room, content: part, chunk };
        answer = (await alice.socket.timeout(PATIENCE).emitWithAck('message:send', request)) as typeof answer;
      }

      expect(answer.message?.content === part.repeat(4)).toBe(true);
      await bob.until(() => bob.heard.length > 0, PATIENCE);
      expect(bob.heard.map((content) => content === part.repeat(4))).toEqual([true]);
      expect([...alice.disconnects, ...bob.disconnects]).toEqual([]);
      alice.close();
      bob.close();
    });
  }

  // Node's refusals do not forbid to be stored, so that a cache that is told to store everything keeps them; see
  // http_answers.test.ts.
  if (current.name === 'chatoxide') {
    test.each(CACHES)('%s: a refusal is not kept for others', async (name) => {
      const url = `${urlOf(name)}/socket.io/?EIO=4&transport=polling&sid=nobody`;

      const answers = [await request(url), await request(url)];

      for (const { status, headers } of answers) {
        expect(status).toBe(400);
        expect(headers['cache-control']).toBe('no-store');
        expect(headers['x-cache'] ?? 'MISS').toBe('MISS');
      }
    });
  }
});
