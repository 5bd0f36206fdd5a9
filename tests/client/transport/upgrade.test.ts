// The upgrade to websocket through proxies that spoil it: the conversation goes on over polling, as it does on Node.
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Fault, FAULTS, FAULTS_OF_THE_FIRST } from './bad_middle';
import { recordFigures } from './figures';
import { type Peer, PEERS, type PeerName, type Settings, startPeers } from './peers';
import { converse, MESSAGES, type Outcome } from './upgrade_story';

// A client that is stuck between two transports finds out by the ping that does not come.
const QUICK_PINGS: Settings = { PING_INTERVAL: '2000', PING_TIMEOUT: '2000' };

const started: Peer[] = [];
const outcomes = new Map<string, PromiseSettledResult<Outcome>>();

// All of them at once: each takes longer than an upgrade may, and nearly all of it is waiting.
beforeAll(async () => {
  const [usual, quick] = await Promise.all([startPeers(), startPeers(QUICK_PINGS)]);
  started.push(...Object.values(usual), ...Object.values(quick));
  const runs = PEERS.flatMap((name) => [
    ...FAULTS.map((fault) => ({ name, fault, peer: usual[name] })),
    ...FAULTS_OF_THE_FIRST.map((fault) => ({ name, fault, peer: quick[name] })),
  ]);
  const settled = await Promise.allSettled(runs.map(({ peer, fault }) => converse(peer, fault)));
  runs.forEach(({ name, fault }, index) => outcomes.set(`${name} ${fault}`, settled[index]));
  await recordFigures('upgrade', [...FAULTS, ...FAULTS_OF_THE_FIRST].map(rowOf));
}, 60_000);

afterAll(async () => {
  await Promise.all(started.map((peer) => peer.stop()));
});

function outcomeOf(name: PeerName, fault: Fault): Outcome {
  const outcome = outcomes.get(`${name} ${fault}`);
  if (outcome?.status === 'fulfilled') return outcome.value;
  throw new Error(`${fault} on ${name}`, { cause: outcome?.reason });
}

function rowOf(fault: Fault): { fault: Fault; Node: string; chatoxide: string } {
  const summary = (name: PeerName) => {
    const outcome = outcomes.get(`${name} ${fault}`);
    return outcome?.status === 'fulfilled' ? summaryOf(outcome.value) : 'failed';
  };
  return { fault, Node: summary('Node'), chatoxide: summary('chatoxide') };
}

function summaryOf({ disconnects, sent, heardByOther, sentByOther, heardByVisitor, gets }: Outcome): string {
  const all = sent.length + sentByOther.length;
  const lost = all - new Set([...heardByOther, ...heardByVisitor]).size;
  const reasons = [...new Set(disconnects)].join(', ');
  const stayed = disconnects.length === 0 ? 'stayed' : `reconnected ${disconnects.length} × (${reasons})`;
  return `${stayed}; ${lost} of ${all} lost; ${gets} GETs`;
}

describe.each(PEERS)('on %s, when a proxy', (name) => {
  test.each(FAULTS)('%s, the client stays connected and nothing is lost or said twice', (fault) => {
    const outcome = outcomeOf(name, fault);

    expect(outcome.disconnects).toEqual([]);
    expect(outcome.joins).toBe(1);
    expect(outcome.sent).toHaveLength(MESSAGES);
    expect(outcome.acked).toEqual(outcome.sent);
    expect(outcome.heardByOther).toEqual(outcome.sent);
    expect(outcome.ackedByOther).toEqual(outcome.sentByOther);
    expect(outcome.heardByVisitor).toEqual(outcome.sentByOther);
  });

  test.each(FAULTS)('%s, the session ends with the right transport and can be upgraded again', (fault) => {
    const { transport, secondUpgrade } = outcomeOf(name, fault);

    const isLateOnly = fault === 'passes the 101 after 3 s';
    expect(transport).toBe(isLateOnly ? 'websocket' : 'polling');
    expect(secondUpgrade).toBe(isLateOnly ? 'none: upgraded already' : 'succeeded');
  });

  test.each(FAULTS_OF_THE_FIRST)('%s, the client comes back once and goes on', (fault) => {
    const outcome = outcomeOf(name, fault);

    expect(outcome.disconnects.length).toBeLessThanOrEqual(1);
    expect(outcome.transport).toBe('websocket');
    // It is the client that loses what it sent while it was stuck; what was acked has been heard, and once.
    expect(outcome.acked.length).toBeGreaterThan(0);
    expect(outcome.acked.at(-1)).toBe(outcome.sent.at(-1));
    expect(outcome.heardByVisitor.at(-1)).toBe(outcome.sentByOther.at(-1));
    expect(outcome.heardByOther).toEqual(expect.arrayContaining(outcome.acked));
    expect(new Set(outcome.heardByOther).size).toBe(outcome.heardByOther.length);
    expect(new Set(outcome.heardByVisitor).size).toBe(outcome.heardByVisitor.length);
  });
});

// An answer may hold several packets on one server and one of them on the other: so many more GETs are no fault.
test.each([...FAULTS, ...FAULTS_OF_THE_FIRST])('%s: chatoxide is polled about as often as Node', (fault) => {
  const node = outcomeOf('Node', fault);
  const chatoxide = outcomeOf('chatoxide', fault);

  expect(chatoxide.gets).toBeLessThanOrEqual(node.gets + MESSAGES);
});
