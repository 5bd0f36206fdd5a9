// Measures the latency of events in a room of five thousand messages and in one of five million, on both databases.
// `make bench-flat` prints the table. It takes some minutes, most of them to fill the rooms.
import { createRequire } from 'node:module';
import path from 'node:path';
import { token, withServer } from './servers.mjs';

const require = createRequire(path.join(import.meta.dirname, '../node/package.json'));
const { io } = require('socket.io-client');

const COUNTS = [5_000, 5_000_000];
const TIMES = 300;
const LAYOUT = { rooms: 1, members: 2 };
const ROOM = 'room0';
const BEGIN = Date.UTC(2025, 0, 1);
const FILL = {
  chatoxide: {
    at: `timestamp '2025-01-01' + n * interval '1 second'`,
    series: (count) => `generate_series(1, ${count}) AS series (n)`,
    own: 'chatoxide.',
    end: 'VACUUM ANALYZE; CHECKPOINT;',
  },
  'chatoxide on SQLite': {
    at: `strftime('%Y-%m-%d %H:%M:%f', ${BEGIN / 1000} + n, 'unixepoch')`,
    series: (count) => `(WITH RECURSIVE s (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM s WHERE n < ${count}) SELECT n FROM s)`,
    own: 'chatoxide_',
    end: 'ANALYZE; PRAGMA wal_checkpoint(TRUNCATE);',
  },
};

function fill(kind, count) {
  const { at, series, own, end } = FILL[kind];
  return `
    INSERT INTO "Message" ("id", "roomId", "senderId", "content", "createdAt")
      SELECT 'm-' || n, '${ROOM}', 'u0-0', 'What was said as number ' || n || ' of the evening', ${at} FROM ${series(count)};
    INSERT INTO ${own}room_log (room_id, seq, kind, message_id, actor_id, at)
      SELECT '${ROOM}', n, 'new', 'm-' || n, 'u0-0', ${at} FROM ${series(count)};
    INSERT INTO ${own}room_head (room_id, seq, at) SELECT '${ROOM}', ${count}, max(at) FROM ${own}room_log;
    ${end}`;
}

/** The requests that are measured. Each is repeated, where possible at another position in the room each time. */
const QUESTIONS = {
  'room:join of a room that is not live': async (ask) => {
    await ask('room:join', ROOM);
    return () => ask('room:leave', ROOM);
  },
  'messages:load, the newest': (ask, count, n) => ask('messages:load', { roomId: ROOM, before: moment(count - n) }),
  'messages:load, in the middle': (ask, count, n) => ask('messages:load', { roomId: ROOM, before: moment(count / 2 + n) }),
  'messages:load, the oldest': (ask, _, n) => ask('messages:load', { roomId: ROOM, before: moment(100 + n) }),
  'messages:sync, 50 entries': (ask, count) => ask('messages:sync', { roomId: ROOM, since: count - 50 }),
  'room:read with an ack': (ask) => ask('room:read', ROOM),
  'message:send': (ask, _, n) => ask('message:send', { roomId: ROOM, content: `One more, ${n}` }),
};

const moment = (n) => new Date(BEGIN + n * 1000).toISOString();

async function measure(kind, count) {
  const settings = { LIVE_ROOM_IDLE: '0', LOG_RETENTION: '0' };
  const run = { settings, fill: (database) => database.execute(fill(kind, count)) };
  return withServer(kind, LAYOUT, run, async ({ address }) => {
    const auth = { token: token('u0-1', 'Measured') };
    const socket = io(`http://${address}`, { transports: ['websocket'], auth });
    const ask = async (event, argument) => {
      const answer = await socket.timeout(20_000).emitWithAck(event, argument);
      if (!answer.success) throw new Error(`${event}: ${JSON.stringify(answer)}`);
    };
    const medians = {};
    for (const [name, question] of Object.entries(QUESTIONS)) {
      const took = [];
      for (let n = 0; n < TIMES; n++) {
        const begun = performance.now();
        const undo = await question(ask, count, n);
        took.push(performance.now() - begun);
        await undo?.();
      }
      medians[name] = took.sort((one, other) => one - other)[TIMES / 2];
    }
    socket.disconnect();
    return medians;
  });
}

const figure = (value) => value.toFixed(2);
for (const kind of Object.keys(FILL)) {
  const [few, many] = [await measure(kind, COUNTS[0]), await measure(kind, COUNTS[1])];
  const heads = COUNTS.map((count) => `${count.toLocaleString('en-US')} messages, ms`);
  console.log(`| ${kind} | ${heads.join(' | ')} | ratio |\n| --- | ---: | ---: | ---: |`);
  for (const name of Object.keys(QUESTIONS)) {
    console.log(`| ${name} | ${figure(few[name])} | ${figure(many[name])} | ${figure(many[name] / few[name])} |`);
  }
  console.log('');
}
