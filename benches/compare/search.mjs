// Measures messages:search over millions of messages, on both databases, beside ILIKE. `make bench-search` writes the tables
// into benches/README.md; with MESSAGES set to fewer than five million it prints them. It takes half an hour, most of it to fill
// and to index.
import { execFile } from 'node:child_process';
import { readFile, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { cpus } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { chatoxide, token, withServer } from './servers.mjs';

const run = promisify(execFile);
const require = createRequire(path.join(import.meta.dirname, '../node/package.json'));
const { io } = require('socket.io-client');

const ALL = 5_000_000;
const COUNT = Number(process.env.MESSAGES ?? ALL);
const TIMES = Number(process.env.TIMES ?? 40);
const BAR = 50;
const README = path.join(import.meta.dirname, '../README.md');
const BEGIN_MARK = '<!-- search: written by make bench-search -->';
const END_MARK = '<!-- search: end -->';

// A user of each room. The one who searches is in twenty rooms; the others are private.
const LAYOUT = { rooms: 200, members: 1 };
const SEARCHER = 'u0-0';
const OWN_ROOMS = 20;

const DATABASES = {
  chatoxide: {
    at: `timestamp '2025-01-01' + n * interval '3 seconds'`,
    series: `generate_series(1, ${COUNT}) AS series (n)`,
    like: 'ILIKE',
    end: 'VACUUM ANALYZE "Message"; CHECKPOINT;',
    settle: 'VACUUM ANALYZE chatoxide.search_message; CHECKPOINT;',
  },
  'chatoxide on SQLite': {
    at: `strftime('%Y-%m-%d %H:%M:%f', 1735689600 + n * 3, 'unixepoch')`,
    series: `(WITH RECURSIVE s (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM s WHERE n < ${COUNT}) SELECT n FROM s)`,
    like: 'LIKE',
    end: 'ANALYZE; PRAGMA wal_checkpoint(TRUNCATE);',
    settle: 'PRAGMA wal_checkpoint(TRUNCATE);',
  },
};

// Every second message has `common`, one in a hundred `some`, one in ten thousand `few`, and each hundred `rare` in all. The
// other words come from some ten thousand, the lower numbers more often.
const word = (prime) => `'w' || ((n % 1000003) * ${prime} % (1 + (n % 100003) * 7919 % 10007))`;
// A room has each 200th message, so that a word that each second message has is in all rooms.
const sometimes = (every, text, number = `n / ${LAYOUT.rooms}`) =>
  `CASE (${number}) % ${every} WHEN 0 THEN ' ${text}' ELSE '' END`;
const CONTENT = [
  [101, 211, 307, 401].map(word).join(` || ' ' || `),
  sometimes(2, 'common'),
  sometimes(100, 'some'),
  sometimes(10_000, 'few'),
  sometimes(Math.ceil(COUNT / 100) + 1, 'rare', 'n'),
  [503, 601, 701, 809].map((prime) => `' ' || ${word(prime)}`).join(' || '),
].join(' || ');

const QUERIES = {
  'a word in every second message': { query: 'common' },
  'a word in one of 100': { query: 'some' },
  'a word in one of 10,000': { query: 'few' },
  'a word in 100 messages of all': { query: 'rare' },
  'a word in none': { query: 'absent' },
  'two words, one in every second message': { query: 'common few' },
  'a phrase with a common word': { query: '"w1 common"' },
  'a prefix': { query: 'w12*' },
  'a common word of one room': { query: 'common in:room7' },
  'a common word before a day': { query: 'common before:2025-02-01' },
  'a common word by relevance': { query: 'common', order: 'relevance' },
};
const LIKED = { 'a word in every second message': 'common', 'a word in 100 messages of all': 'rare' };

const median = (values) => values.sort((one, other) => one - other)[Math.floor(values.length / 2)];

async function timed(times, work) {
  const took = [];
  for (let n = 0; n < times; n++) {
    const begun = performance.now();
    await work();
    took.push(performance.now() - begun);
  }
  return median(took);
}

async function measure(kind) {
  const { at, series, like, end, settle } = DATABASES[kind];
  const seconds = {};
  const medians = {};
  let filled;
  const fill = async (database) => {
    filled = database;
    await database.execute(`
      UPDATE "Room" SET "type" = 'private';
      INSERT INTO "_RoomMembers" ("A", "B") SELECT "id", '${SEARCHER}' FROM "Room"
        WHERE "id" IN (${Array.from({ length: OWN_ROOMS - 1 }, (_, n) => `'room${n + 1}'`)});
      INSERT INTO "Message" ("id", "roomId", "senderId", "content", "createdAt")
        SELECT 'm-' || n, 'room' || (n % ${LAYOUT.rooms}), 'u' || (n % ${LAYOUT.rooms}) || '-0', ${CONTENT}, ${at} FROM ${series};
      ${end}`);
    const begun = performance.now();
    const env = { PATH: process.env.PATH, ...database.env, DATABASE_TIMEOUT: '60000' };
    await run(chatoxide, ['reindex'], { env, cwd: '/' });
    seconds.index = (performance.now() - begun) / 1000;
    await database.execute(settle);
  };
  await withServer(kind, LAYOUT, { settings: {}, fill }, async ({ address }) => {
    const socket = io(`http://${address}`, { transports: ['websocket'], auth: { token: token(SEARCHER, 'Searcher') } });
    for (const [name, question] of Object.entries(QUERIES)) {
      let found;
      const ask = async () => {
        const answer = await socket.timeout(20_000).emitWithAck('messages:search', question);
        if (!answer.success) throw new Error(`${name}: ${JSON.stringify(answer)}`);
        found = answer.results.length;
      };
      medians[name] = { ours: await timed(TIMES, ask) };
      medians[name].found = found;
      if (LIKED[name]) {
        const mine = Array.from({ length: OWN_ROOMS }, (_, n) => `'room${n}'`);
        const sql = `SELECT "id" FROM "Message" WHERE "roomId" IN (${mine}) AND "content" ${like} '%${LIKED[name]}%'
          ORDER BY "createdAt" DESC LIMIT 20;`;
        medians[name].like = await timed(3, () => filled.execute(sql));
      }
    }
    socket.disconnect();
  });
  return { medians, seconds };
}

const figure = (value) => (value === undefined ? '' : value.toFixed(1));
const tables = [];
for (const kind of Object.keys(DATABASES)) {
  const { medians, seconds } = await measure(kind);
  const table = [
    `| ${kind}, ${COUNT.toLocaleString('en-US')} messages | median ms | results | ILIKE, ms |`,
    '| --- | ---: | ---: | ---: |',
  ];
  for (const [name, { ours, found, like }] of Object.entries(medians)) {
    table.push(`| ${name} | ${figure(ours)} | ${found} | ${figure(like)} |`);
  }
  const rate = Math.round(COUNT / seconds.index).toLocaleString('en-US');
  table.push('', `Indexed by \`chatoxide reindex\` in ${Math.round(seconds.index)} s, ${rate} messages/s.`);
  const slow = Object.entries(medians).filter(([name, { ours }]) => !name.endsWith('relevance') && ours > BAR);
  const missed = slow.map(([name]) => name).join(', ');
  table.push('', `- ${missed ? `missed (${missed})` : 'met'}: newest first in at most ${BAR} ms`);
  tables.push(table.join('\n'));
  console.log(`${table.join('\n')}\n`);
}
if (COUNT === ALL) {
  const text = await readFile(README, 'utf8');
  const [before, rest] = text.split(BEGIN_MARK);
  const after = rest.slice(rest.indexOf(END_MARK));
  const day = new Date().toISOString().slice(0, 10);
  const head = `${cpus().length} × ${cpus()[0].model}. ${day}, medians of ${TIMES}.`;
  await writeFile(README, `${before}${BEGIN_MARK}\n\n${head}\n\n${tables.join('\n\n')}\n\n${after}`);
}
