// The benchmark scenarios: each with the servers that it is run against, the columns of its table, and its bars.
import { availableParallelism } from 'node:os';

const TWENTY = { rooms: 10, members: 20 };
const SECONDS = ['--seconds', '5'];
const messages = ({ rooms, members }, ...more) =>
  ['messages', '--rooms', rooms, '--members', members, ...more, ...SECONDS].map(String);

const ACKED = ['acked/s', (report) => report.acked_per_second, 0];
const ACK_P50 = ['ack p50 ms', (report) => report.ack.p50_ms, 2];
const ACK_P95 = ['p95', (report) => report.ack.p95_ms, 2];
const ACK_P99 = ['p99', (report) => report.ack.p99_ms, 2];
const DELIVERY_P50 = ['delivery p50 ms', (report) => report.delivery.p50_ms, 2];
const DELIVERY_P95 = ['p95 ', (report) => report.delivery.p95_ms, 2];
const DELIVERY_P99 = ['p99 ', (report) => report.delivery.p99_ms, 2];
const PER_MESSAGE = ['server µs/message', (report) => report.server_cpu_us_per_message, 0];
const PER_DELIVERY = ['server µs/delivery', (report) => report.server_cpu_us_per_delivery, 2];
const DATABASE = ['database µs/message', (report) => report.database_cpu_us_per_message, 0];
const GENERATOR = ['generator µs/delivery', (report) => report.generator_cpu_us_per_delivery, 2];
const MEMORY = ['server MiB', (report) => report.server_kib_after / 1024, 0];
const FAULTS = ['lost, doubled, unordered', (report) => faults(report), 0];

const OF_MESSAGES = [
  ACKED, ACK_P50, ACK_P95, ACK_P99, DELIVERY_P50, DELIVERY_P95, DELIVERY_P99,
  PER_MESSAGE, PER_DELIVERY, DATABASE, GENERATOR, MEMORY, FAULTS,
];

/** The errors of a run: refused, unacked, missing, doubled, out of order, disagreements, lost connections. */
export function faults(report) {
  const counts = Object.values(report.verdict ?? {}).filter((value) => typeof value === 'number');
  const others = [report.refused, report.failed, report.unanswered, report.lost_connections];
  return [...counts, ...others].reduce((sum, value) => sum + (value ?? 0), 0);
}

const ours = (of) => of.chatoxide;
const times = (of, column) => column[1](of.chatoxide) / column[1](of.Node);
const atLeast = (text, value, bar, unit = '×') => ({ text, value, unit, met: value >= bar });
const atMost = (text, value, bar, unit) => ({ text, value, unit, met: value <= bar });

const fanOut = (members, rate) => {
  const layout = { rooms: 1, members };
  return {
    title: `Fan-out: one room of ${members}, ${rate} messages/s`,
    layout,
    load: messages(layout, '--rate', rate),
    servers: ['chatoxide', 'bare', 'Node'],
    columns: OF_MESSAGES,
    bars: (of) => [
      atMost(
        'at most 1.5 × the server CPU per delivery of Socket.IO alone (`bare`)',
        PER_DELIVERY[1](of.chatoxide) / PER_DELIVERY[1](of.bare), 1.5, '×',
      ),
    ],
  };
};

export const SCENARIOS = {
  // This runs first. Its latency is mostly the disk's, and the disk is slow for a while after other scenarios' bursts.
  'open-200': {
    title: 'Open loop: 200 messages/s',
    layout: TWENTY,
    load: messages(TWENTY, '--rate', 200),
    servers: ['chatoxide', 'Node'],
    columns: OF_MESSAGES,
    bars: (of) => [
      atMost('ack p50 at most 3 ms', ours(of).ack.p50_ms, 3, 'ms'),
      atLeast("ack p50 at most 1/3 of Node's", 1 / times(of, ACK_P50), 3, '× less'),
      atLeast("ack p99 at most 1/3 of Node's", 1 / times(of, ACK_P99), 3, '× less'),
    ],
  },
  saturated: {
    title: 'Saturated: each of 10 senders keeps 8 messages in flight',
    layout: TWENTY,
    load: messages(TWENTY, '--window', 8),
    servers: ['chatoxide', 'Node', 'bare'],
    columns: OF_MESSAGES,
    bars: (of) => [
      atLeast('at least 10 × the acked messages/s of Node', times(of, ACKED), 10),
      atLeast("at most 1/10 of Node's server CPU per acked message", 1 / times(of, PER_MESSAGE), 10, '× less'),
      atLeast("ack p99 at most 1/5 of Node's", 1 / times(of, ACK_P99), 5, '× less'),
    ],
  },
  'one-in-flight': {
    title: 'Each of 10 senders waits for its ack',
    layout: TWENTY,
    load: messages(TWENTY, '--window', 1),
    servers: ['chatoxide', 'Node', 'bare'],
    columns: OF_MESSAGES,
    bars: (of) => [atLeast('at least 5 × the acked messages/s of Node', times(of, ACKED), 5)],
  },
  'open-3000': {
    title: 'Open loop: 3,000 messages/s (60,000 deliveries/s)',
    layout: TWENTY,
    load: messages(TWENTY, '--rate', 3000),
    servers: ['chatoxide', 'bare'],
    columns: OF_MESSAGES,
    bars: (of) => [
      atMost('nothing unacked, nothing lost', faults(ours(of)), 0, ''),
      atMost('at most 10 µs of server CPU per delivery', PER_DELIVERY[1](ours(of)), 10, 'µs'),
    ],
  },
  'fan-out-10': fanOut(10, 1000),
  'fan-out-100': fanOut(100, 300),
  'fan-out-1000': fanOut(1000, 40),
  'send-heavy': {
    title: 'Send-heavy: 200 rooms of two, one of whom waits for each ack',
    layout: { rooms: 200, members: 2 },
    load: messages({ rooms: 200, members: 2 }, '--window', 1),
    servers: ['chatoxide', 'Node'],
    columns: OF_MESSAGES,
    bars: () => [],
  },
  typing: {
    title: 'Typing: 3,000 events/s (57,000 deliveries/s)',
    layout: TWENTY,
    load: ['typing', '--rooms', '10', '--members', '20', '--rate', '3000', ...SECONDS],
    servers: ['chatoxide', 'bare', 'Node'],
    columns: [
      ['deliveries/s', (report) => report.deliveries_per_second, 0],
      ['heard', (report) => report.heard_share, 3],
      PER_DELIVERY, GENERATOR,
    ],
    bars: (of) => [atMost('at most 4 µs of server CPU per delivery', PER_DELIVERY[1](ours(of)), 4, 'µs')],
  },
  joins: {
    title: 'Joins of live rooms with history, 8 at any moment',
    layout: TWENTY,
    load: ['joins', '--rooms', '10', '--members', '20', '--in-flight', '8', ...SECONDS],
    servers: ['chatoxide', 'Node'],
    columns: [
      ['joins/s', (report) => report.joins_per_second, 0],
      ['join p50 ms', (report) => report.join.p50_ms, 2],
      ['p99', (report) => report.join.p99_ms, 2],
      ['server µs/join', (report) => report.server_cpu_us_per_join, 0],
      ['database µs/join', (report) => report.database_cpu_us_per_join, 0],
      ['messages of history', (report) => report.longest_history, 0],
      ['failed', (report) => faults(report), 0],
    ],
    bars: (of) => [atLeast('at least 10 × the joins/s of Node', ours(of).joins_per_second / of.Node.joins_per_second, 10)],
  },
  storm: {
    title: 'Connection storm: 5,000 connect, sign in and join, 1,000 being opened at any moment; a thread for each core',
    layout: { rooms: 250, members: 20 },
    load: ['storm', '--connections', '5000', '--in-flight', '1000'],
    // This measures how soon all clients are back, so the server runs with its default settings.
    settings: { TOKIO_WORKER_THREADS: String(availableParallelism()) },
    servers: ['chatoxide', 'Node'],
    columns: [
      ['connections/s', (report) => report.connections_per_second, 0],
      ['p50 ms', (report) => report.join.p50_ms, 0],
      ['p99', (report) => report.join.p99_ms, 0],
      ['slower than 1 s', (report) => report.slower_than_1s, 0],
      ['server µs/connection', (report) => report.server_cpu_us_per_connection, 0],
      ['failed or unanswered', (report) => faults(report), 0],
    ],
    bars: (of) => [
      atLeast('at least 4,000 connections/s', ours(of).connections_per_second, 4000, ''),
      atMost('none slower than 1 s', ours(of).slower_than_1s, 0, ''),
      atMost('every join answered', faults(ours(of)), 0, ''),
    ],
  },
  idle: {
    title: 'Idle: 10,000 connections',
    once: true,
    layout: { rooms: 500, members: 20 },
    load: ['idle', '--connections', '10000'],
    servers: ['chatoxide', 'bare', 'Node'],
    columns: [
      ['KiB/connection', (report) => report.kib_per_connection, 1],
      ['server cores', (report) => report.cores.server, 3],
      ['lost', (report) => report.lost_connections, 0],
    ],
    bars: (of) => [atMost('at most 32 KiB resident each', ours(of).kib_per_connection, 32, 'KiB')],
  },
  sqlite: {
    title: 'Saturated on SQLite (`synchronous=FULL`): 8 in flight a sender',
    layout: TWENTY,
    load: messages(TWENTY, '--window', 8),
    servers: ['chatoxide on SQLite'],
    columns: OF_MESSAGES,
    bars: (of) => [atLeast('at least 5,000 acked messages/s', ACKED[1](of['chatoxide on SQLite']), 5000, '/s')],
  },
  soak: {
    title: 'Soak: saturated for a minute, every delivery checked',
    once: true,
    layout: TWENTY,
    load: ['messages', '--rooms', '10', '--members', '20', '--window', '8', '--seconds', '60'],
    servers: ['chatoxide'],
    columns: [['deliveries', (report) => report.deliveries, 0], ACKED, ACK_P99, PER_MESSAGE, MEMORY, FAULTS],
    bars: (of) => [
      atLeast('at least 10,000,000 deliveries', ours(of).deliveries, 10_000_000, ''),
      atMost('nothing lost, doubled or reordered', faults(ours(of)), 0, ''),
      atMost('no more memory than after a few seconds: at most 64 MiB', MEMORY[1](ours(of)), 64, 'MiB'),
    ],
  },
};
