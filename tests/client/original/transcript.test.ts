// The same script against the original server and against chatoxide: every event and ack of the original comes from
// chatoxide too, to the same socket, in the same order, with at least the same keys and the same values.
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createPostgres, type PostgresDatabase } from '../support/databases';
import { seedMessages, seedRoom, seedUsers } from '../support/seed';
import { Server } from '../support/server';
import { Original } from './node_server';
import { play, ROOM, type Line, type Transcript, USERS, type Who } from './script';

/** The tables, and in them two users, a room, and three old messages of which two share a second. */
async function filled(): Promise<{ database: PostgresDatabase; server: Server }> {
  const database = await createPostgres();
  const server = new Server(database);
  await server.migrate();
  await seedUsers(
    database,
    Object.entries(USERS).map(([id, name]) => ({ id, name })),
  );
  await seedRoom(database, { id: ROOM, name: 'General', type: 'public', members: Object.keys(USERS) });
  const at = Date.parse('2026-01-31T10:00:00.000Z');
  await seedMessages(
    database,
    ROOM,
    [0, 1000, 2000].map((later, index) => ({
      id: `old-${index}`,
      senderId: 'alice',
      content: `old ${index}`,
      at: at + later,
    })),
  );
  return { database, server };
}

// Deliberate differences: the number of one in docs/migrating-from-node.md, and the line of the original that is then not to be
// found in chatoxide's record.
const DIFFERENCES: [number, Who, (line: Line) => boolean][] = [
  // The original's history comes from a short cache once anybody has sent: the old messages are missing in it, and the
  // deleted one and the first wording of the edited one are not.
  [2, 'bob', ({ what, arguments: [first] }) => what === 'room:history' && isOfCache(first)],
];

function isOfCache(history: unknown): boolean {
  const { messages } = history as { messages: { id: string; sender?: unknown }[] };
  return messages.every((message) => message.sender === undefined);
}

/** Ids and times as they came, so that two runs can be compared. */
function normalised(lines: Line[]): Line[] {
  const names = new Map<string, string>();
  const text = (value: string) => {
    if (/^\d{4}-\d\d-\d\dT[\d:.]+Z$/.test(value)) return value < '2026-06' ? value : '<now>';
    if (!/^[0-9a-f]{8}-[0-9a-f]{4}-/.test(value)) return value;
    if (!names.has(value)) names.set(value, `<id ${names.size + 1}>`);
    return names.get(value);
  };
  const change = (value: unknown): unknown => {
    if (typeof value === 'string') return text(value);
    if (Array.isArray(value)) return value.map(change);
    if (value === null || typeof value !== 'object') return value;
    return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, change(inner)]));
  };
  return lines.map((line) => ({ what: line.what, arguments: line.arguments.map(change) }));
}

/** `ours` has each of `theirs`, in order, perhaps with more keys and with more lines between. */
function expectSuperset(who: Who, theirs: Line[], ours: Line[]): void {
  let from = 0;
  for (const line of theirs) {
    if (DIFFERENCES.some(([, whose, differs]) => whose === who && differs(line))) continue;
    const found = ours.slice(from).findIndex((other) => other.what === line.what);
    expect(found, `${who} hears ${line.what}, after line ${from}`).not.toBe(-1);
    from += found + 1;
    expect(ours[from - 1], `${who}: ${line.what}`).toMatchObject(line);
  }
}

describe.each(['websocket', 'polling'] as const)('the transcript over %s', (transport) => {
  let original: Original;
  let theirs: Transcript;
  let ours: Transcript;
  const ends: (() => Promise<void>)[] = [];

  beforeAll(async () => {
    original = await Original.build();
    ends.push(original.remove);
    const node = await filled();
    ends.push(node.database.drop);
    const running = await original.start(node.database);
    ends.push(() => running.stop());
    theirs = await play(running.url, transport);

    const { server } = await filled();
    ends.push(() => server.remove());
    await server.start();
    ours = await play(server.url, transport);
  });
  afterAll(async () => {
    for (const end of ends.reverse()) await end();
  });

  test.each(Object.keys(USERS) as Who[])('%s hears from chatoxide all that the original says', (who) => {
    expect(theirs[who].length).toBeGreaterThan(10);
    expectSuperset(who, normalised(theirs[who]), normalised(ours[who]));
  });

  test('the one line that the original has otherwise is the stale history', () => {
    const otherwise = (Object.keys(USERS) as Who[]).flatMap((who) =>
      theirs[who].filter((line) => DIFFERENCES.some(([, whose, differs]) => whose === who && differs(line))),
    );
    expect(otherwise.map((line) => line.what)).toEqual(['room:history']);
  });
});
