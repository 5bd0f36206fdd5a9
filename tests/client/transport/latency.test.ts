// The time from nothing to the history of a room, near and far away, is not longer than on Node.
import { afterAll, beforeAll, expect, test } from 'vitest';
import { within } from '../support/client';
import { recordFigures } from './figures';
import { type Peer, PEERS, type PeerName, startPeers } from './peers';
import { SlowMiddle } from './slow_middle';
import { Visitor } from './visitor';

const ROUND_TRIPS = [0, 100, 300];
const TRANSPORTS: { label: string; transports?: string[] }[] = [
  { label: 'polling', transports: ['polling'] },
  { label: 'polling, then websocket' },
  { label: 'websocket', transports: ['websocket'] },
];
const RUNS = 5;
const WARM_UPS = 3;
const CASES = ROUND_TRIPS.flatMap((roundTrip) => TRANSPORTS.map((way) => ({ roundTrip, ...way })));

type Times = Record<PeerName, number[]>;

let peers: Record<PeerName, Peer>;
const measured = new Map<string, Times>();
const keyOf = (roundTrip: number, label: string) => `${label} at ${roundTrip} ms`;

async function timeToHistory(url: string, room: string, transports?: string[]): Promise<number> {
  const start = performance.now();
  const visitor = Visitor.open(url, room, 'alice', { transports });
  await within('room:history', (resolve) => visitor.socket.once('room:history', resolve));
  const millis = performance.now() - start;
  visitor.close();
  return millis;
}

// Both servers are asked at the same moment, so that what disturbs one disturbs the other.
async function measure({ roundTrip, label, transports }: (typeof CASES)[number]): Promise<void> {
  const ways = await Promise.all(
    PEERS.map(async (name) => ({
      name,
      middle: await SlowMiddle.create(peers[name].url, roundTrip),
      room: await peers[name].room(),
    })),
  );
  const times: Times = { Node: [], chatoxide: [] };
  for (let run = 0; run < RUNS; run += 1) {
    await Promise.all(
      ways.map(async ({ name, middle, room }) =>
        times[name].push(await timeToHistory(middle.url, room, transports)),
      ),
    );
  }
  await Promise.all(ways.map(({ middle }) => middle.remove()));
  measured.set(keyOf(roundTrip, label), times);
}

beforeAll(async () => {
  peers = await startPeers();
  for (let run = 0; run < WARM_UPS; run += 1) {
    for (const name of PEERS) {
      const { url } = peers[name];
      for (const { transports } of TRANSPORTS) await timeToHistory(url, await peers[name].room(), transports);
    }
  }
  // Far away nearly all is waiting, and may be side by side; near by, one disturbs the other.
  await Promise.all(CASES.filter(({ roundTrip }) => roundTrip > 0).map(measure));
  for (const near of CASES.filter(({ roundTrip }) => roundTrip === 0)) await measure(near);
  await recordFigures('latency', CASES.map(rowOf));
}, 60_000);

afterAll(async () => {
  await Promise.all(PEERS.map((name) => peers[name].stop()));
});

function timesOf(roundTrip: number, label: string): Times {
  const times = measured.get(keyOf(roundTrip, label));
  if (!times) throw new Error(`${keyOf(roundTrip, label)} was not measured`);
  return times;
}

const sorted = (times: number[]) => [...times].sort((one, other) => one - other);
const median = (times: number[]) => sorted(times)[Math.floor(times.length / 2)];
const spread = (times: number[]) => Math.max(...times) - Math.min(...times);

function rowOf({ roundTrip, label }: (typeof CASES)[number]): Record<string, string> {
  const { Node, chatoxide } = timesOf(roundTrip, label);
  const text = (times: number[]) => `${median(times).toFixed(0)} ms`;
  return { transports: label, roundTrip: `${roundTrip} ms`, Node: text(Node), chatoxide: text(chatoxide) };
}

const TITLES = CASES.map(({ roundTrip, label }) => [label, roundTrip] as const);

test.each(TITLES)('%s, %d ms away: the history comes as soon as on Node', (label, roundTrip) => {
  const { Node, chatoxide } = timesOf(roundTrip, label);

  // Medians of five differ by chance: by a timer's grain and a busy processor, which Node's own spread shows. A round trip
  // too many is far more.
  const noise = 10 + 0.05 * median(Node) + spread(Node);
  expect(median(chatoxide)).toBeLessThanOrEqual(median(Node) + noise);
});

test.each(TITLES.filter(([, roundTrip]) => roundTrip === 300))(
  '%s, %d ms away: it takes no more round trips than on Node',
  (label, roundTrip) => {
    const { Node, chatoxide } = timesOf(roundTrip, label);

    // The quickest of five has met the least noise. One more round trip adds all of it.
    expect(Math.min(...chatoxide) - Math.min(...Node)).toBeLessThan(0.75 * roundTrip);
  },
);
