// The id of a session is a secret: who knows it can read and write as its owner. The public id of a socket is another.
import { describe, expect, test } from 'vitest';
import { RawPolling, RawWebSocket, request } from '../support/raw';
import { tokenOf } from '../support/tokens';
import { recordFigures } from './figures';
import { ChatoxidePeer, onEachPeer, PEERS, type PeerName } from './peers';
import { exchange, exchangeUpgrade } from './raw_http';
import { Visitor } from './visitor';

const UNKNOWN = { code: 1, message: 'Session ID unknown' };
const TRANSPORTS = [['polling'], ['websocket'], ['polling', 'websocket']];

/** By claim, what each server was seen to do; a claim that failed stays `no`. */
const seen = new Map<string, Record<PeerName, string>>();

async function claim(name: PeerName, text: string, check: () => Promise<void>): Promise<void> {
  const answers = seen.get(text) ?? { Node: 'no', chatoxide: 'no' };
  seen.set(text, answers);
  await check();
  answers[name] = 'yes';
  const rows = [...seen].map(([claim, answers]) => ({ claim, ...answers }));
  await recordFigures('ids', rows);
}

onEachPeer('session ids', {}, (current) => {
  const { name } = current;

  test.each(TRANSPORTS.map((transports) => [transports.join(', then '), transports] as const))(
    'socket.id is not the session id, over %s',
    (way, transports) =>
      claim(name, `\`socket.id\` is not the session's id (${way})`, async () => {
        const visitor = await Visitor.join(current.url, await current.peer.room(), 'alice', { transports });

        // 96 bits, so that nobody guesses it.
        expect(visitor.sid.length).toBeGreaterThanOrEqual(16);
        expect(visitor.socket.id).toBeTruthy();
        expect(visitor.socket.id).not.toBe(visitor.sid);
        visitor.close();
      }),
  );

  test('neither id is part of the other, and no two are alike', async () => {
    const ids = await Promise.all(
      Array.from({ length: 20 }, async () => {
        const raw = await RawWebSocket.open(current.url);
        const { sid } = JSON.parse((await raw.next()).slice(1)) as { sid: string };
        raw.send(`40${JSON.stringify({ token: tokenOf({ id: 'alice', name: 'Alice' }) })}`);
        const answer = JSON.parse((await raw.next()).slice(2)) as { sid: string };
        raw.cut();
        return [sid, answer.sid];
      }),
    );

    expect(new Set(ids.flat()).size).toBe(40);
    for (const [secret, shown] of ids) {
      expect(secret).not.toContain(shown);
      expect(shown).not.toContain(secret);
    }
  });

  test.each(TRANSPORTS.map((transports) => [transports.join(', then '), transports] as const))(
    "another's socket.id opens nothing, over %s",
    (way, transports) =>
      claim(name, `another's \`socket.id\` opens nothing (${way})`, async () => {
        const visitor = await Visitor.join(current.url, await current.peer.room(), 'alice', { transports });
        const query = (transport: string) => `EIO=4&transport=${transport}&sid=${visitor.socket.id}`;

        const polled = await exchange(current.url, { query: query('polling') });
        const posted = await exchange(current.url, { method: 'POST', query: query('polling'), body: '41' });
        const plain = await exchange(current.url, { query: query('websocket') });
        const upgraded = await exchangeUpgrade(current.url, { query: query('websocket') });

        for (const answer of [polled, posted, plain])
          expect(answer).toMatchObject({ status: 400, json: UNKNOWN });
        expect(upgraded.status).toBe(400);
        // Node refuses a websocket in plain text.
        if (name === 'chatoxide') expect(upgraded.json).toEqual(UNKNOWN);
        else expect(upgraded.body.toString()).toBe(UNKNOWN.message);
        visitor.send('still here');
        await visitor.until(() => visitor.acked.length > 0, 4_000);
        expect(visitor.acked).toEqual(['still here']);
        expect(visitor.disconnects).toEqual([]);
        visitor.close();
      }),
  );
});

describe('the log of chatoxide', () => {
  test.each(['debug', 'trace'])('holds no id of a session at RUST_LOG=%s', async (level) => {
    const peer = await ChatoxidePeer.start({ RUST_LOG: level });
    const room = await peer.room();
    const visitors = await Promise.all(
      TRANSPORTS.map((transports) => Visitor.join(peer.url, room, 'alice', { transports })),
    );
    const secrets = visitors.map(({ sid }) => sid);
    // Faults are logged, too: an upgrade that fails, garbage, a session that is cut.
    const polling = await RawPolling.open(peer.url);
    const raw = await RawWebSocket.open(peer.url, { query: `&sid=${polling.handshake.sid}` });
    raw.send('2wrong');
    await raw.whenClosed();
    await polling.post('x');
    secrets.push(polling.handshake.sid);
    await request(`${peer.url}/socket.io/?EIO=4&transport=polling&sid=${polling.handshake.sid}`);
    visitors.forEach((visitor) => visitor.send('hello'));
    for (const visitor of visitors) await visitor.until(() => visitor.acked.length > 0, 4_000);
    visitors.forEach((visitor) => visitor.close());
    await peer.stop();

    expect(peer.log.join('').length).toBeGreaterThan(0);
    const lines = peer.log.join('').split('\n');
    expect(lines.filter((line) => secrets.some((secret) => line.includes(secret)))).toEqual([]);
  });
});

test('every claim about ids was checked on both servers', () => {
  expect([...seen.values()]).toEqual(Array.from({ length: 6 }, () => ({ Node: 'yes', chatoxide: 'yes' })));
  expect(PEERS).toHaveLength(2);
});
