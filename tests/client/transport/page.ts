// Writes docs/transport.md from what the tests of this folder measured, at the end of a run with WRITE_TRANSPORT_TABLE=1.
import { readFile, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { FIGURES, type Section, SECTIONS } from './figures';

export const PAGE = path.join(import.meta.dirname, '../../../docs/transport.md');

type Row = Record<string, string>;

const TEST_OF: Record<Section, string> = {
  upgrade: 'upgrade.test.ts',
  ids: 'session_id.test.ts',
  heartbeat: 'heartbeat.test.ts',
  latency: 'latency.test.ts',
};

const isWanted = () => Boolean(process.env.WRITE_TRANSPORT_TABLE);

/** Before any test: what an earlier run measured does not count. */
export async function setup(): Promise<void> {
  if (isWanted()) await rm(FIGURES, { recursive: true, force: true });
}

/** After all tests. */
export async function teardown(): Promise<void> {
  if (!isWanted()) return;
  const sections = {} as Record<Section, Row[]>;
  for (const section of SECTIONS) {
    sections[section] = JSON.parse(await readFile(path.join(FIGURES, `${section}.json`), 'utf8')) as Row[];
  }
  await writeFile(PAGE, render(sections));
}

function table(title: string, section: Section, rows: Row[], first: (row: Row) => string): string {
  const test = `[${TEST_OF[section]}](../tests/client/transport/${TEST_OF[section]})`;
  const lines = rows.map((row) => `| ${first(row)} | ${row.chatoxide} | ${row.Node} | ${test} |`);
  return [`| ${title} | chatoxide | Node | Both run by the test |`, '|---|---|---|---|', ...lines].join('\n');
}

function render({ upgrade, ids, heartbeat, latency }: Record<Section, Row[]>): string {
  return `# The transport beside Node

The same client, the same network and the same script meet chatoxide and a plain server on Node's \`socket.io\` 4.8. The
tests assert every claim of this page in each run of \`make test\`. The figures come from one run on one machine: they
compare the two servers and say nothing of yours. To write the page anew, after \`cargo build --release --locked\`:

\`\`\`sh
cd tests/client
CHATOXIDE_BIN=$PWD/../../target/release/chatoxide WRITE_TRANSPORT_TABLE=1 \\
    ../support/with-services npx vitest run transport
\`\`\`

## The upgrade to websocket

A client begins with polling and tries a websocket. A proxy that spoils this attempt must cost nothing but the websocket:
the client stays connected over polling, each message arrives once, and the client does not poll faster than it needs to.
Two users talk for 12.5 seconds, which is longer than the 10 seconds that a server gives an upgrade. \`GETs\` counts the
requests for packets.

${table('The proxy …', 'upgrade', upgrade, ({ fault }) => fault)}

In the last two rows the client has left polling already when the websocket goes, so that it must connect anew. What it
said in the meantime it has not been acked for.

## Session ids

The id of a session, which is in the handshake and in URLs, lets its holder read and write as its owner. It is secret. The
id that others may see, \`socket.id\`, is another one and opens nothing.

${table('Claim', 'ids', ids, ({ claim }) => claim)}

## The heartbeat

The first ping comes after \`PING_INTERVAL\`, here 700 ms. A session that leaves it unanswered ends after \`PING_TIMEOUT\`,
here 1200 ms.

${table('After', 'heartbeat', heartbeat, ({ subject }) => subject)}

## The time to the history of a room

The time from \`io(...)\` to \`room:history\`, with \`room:join\` sent on \`connect\`, through a proxy that adds the
round trip. It is the median of five. The client opens a connection for each request, and each costs a round trip more.

${table('Transports, round trip', 'latency', latency, ({ transports, roundTrip }) => `${transports}, ${roundTrip}`)}
`;
}
