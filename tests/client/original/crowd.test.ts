// All of the contract's table against the original and against chatoxide: chatoxide says all that the original says, step
// by step, to the same sockets, in the same order; but for what the table below lists, which is all that differs on purpose.
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Transport, TRANSPORTS } from '../support/client';
import { BACKENDS, createDatabase, createPostgres } from '../support/databases';
import { Server } from '../support/server';
import { Among, lacking, named, TEXT, unheard } from './agreement';
import { CAST, furnish, type Line, perform, type Who } from './crowd';
import { Original } from './node_server';

type Change = (value: unknown) => unknown;

interface Difference {
  /** Its number in the list of deliberate differences. */
  number: number;
  step: string;
  who: Who[];
  what: string[];
  /** Computes chatoxide's value from the original's. Undefined when chatoxide does not send this event. */
  instead?: Change;
}

const withError: Change = (value) => ({ ...(value as object), error: TEXT });

// The original's cache has the text from before an edit, and it hides messages that are older than the cache.
const fromCache: Change = (value) => {
  const { roomId, messages } = value as { roomId: string; messages: Record<string, unknown>[] };
  const fresh = messages.map((message) =>
    message.id === '<message 1>'
      ? { ...message, content: 'Grüße an alle', updatedAt: '<now>' }
      : { ...message },
  );
  return { roomId, messages: new Among(fresh) };
};

// The original's cache still has deleted messages. In this step it has no others.
const deleted: Change = (value) => {
  const { roomId, messages } = value as { roomId: string; messages: { id: string }[] };
  const ids = messages.map(({ id }) => ({ id }));
  return { roomId, messages: new Among([], ids) };
};

const JOINED = ['room:user-joined'];
const LEFT = ['room:user-left'];

const DIFFERENCES: Difference[] = [
  { number: 2, step: 'carol joins', who: ['carol'], what: ['room:history'], instead: fromCache },
  { number: 2, step: 'a second tab joins', who: ['bobsTab'], what: ['room:history'], instead: deleted },
  { number: 5, step: 'bob reacts again', who: ['alice', 'bob'], what: ['reaction:added'] },
  { number: 5, step: 'bob takes it back again', who: ['alice', 'bob'], what: ['reaction:removed'] },
  { number: 7, step: 'carol joins the secret', who: ['carol'], what: ['room:history', 'room:members'] },
  { number: 7, step: 'carol joins the secret', who: ['alice', 'bob'], what: JOINED },
  { number: 7, step: 'carol types in the secret', who: ['alice', 'bob'], what: ['typing:user'] },
  { number: 7, step: 'carol leaves the secret', who: ['alice', 'bob'], what: LEFT },
  { number: 8, step: 'a second tab joins', who: ['alice', 'bob', 'carol'], what: JOINED },
  { number: 8, step: 'a second tab leaves', who: ['alice', 'bob', 'carol'], what: LEFT },
  { number: 10, step: 'bob names a wrong room', who: ['alice', 'bob'], what: ['message:deleted'] },
  // The original passes on Prisma's error text, which contains the place in the code.
  ...['an unknown room', 'an unknown type', 'no content'].map((step) => ({
    number: 11,
    step,
    who: ['alice' as const],
    what: ['ack message:send'],
    instead: withError,
  })),
];

const differenceOf = ({ step, who, what }: Omit<Line, 'value'>) =>
  DIFFERENCES.find(
    (difference) =>
      difference.step === step && difference.who.includes(who) && difference.what.includes(what),
  );

const unsaid = (line: Omit<Line, 'value'>) => {
  const difference = differenceOf(line);
  // Difference 10: the event is still sent, but with the message's real room.
  return difference !== undefined && !difference.instead && difference.number !== 10;
};

/** The lines expected of chatoxide, computed from the original's lines and the table of differences. */
function wanted(theirs: Line[]): Line[] {
  return theirs.flatMap((line) => {
    const difference = differenceOf(line);
    if (!difference) return [line];
    return difference.instead ? [{ ...line, value: difference.instead(line.value) }] : [];
  });
}

const ends: (() => Promise<unknown>)[] = [];
let original: Original;
beforeAll(async () => {
  original = await Original.build();
  ends.push(original.remove);
});
afterAll(async () => {
  for (const end of ends.splice(0).reverse()) await end();
});

describe.each(Object.keys(TRANSPORTS) as Transport[])('what everybody hears over %s', (transport) => {
  let theirs: Line[];

  beforeAll(async () => {
    const database = await createPostgres();
    ends.push(database.drop);
    await new Server(database).migrate();
    await furnish(database);
    const node = await original.start(database);
    ends.push(() => node.stop());
    const forgetCache = () => database.redis.flushdb();
    const since = Date.now();
    const { lines } = await perform({ url: node.url, transport, forgetCache, unsaid: () => false });
    theirs = named(lines, since);
  });

  test('each difference of the table is one', () => {
    for (const { step, who, what } of DIFFERENCES) {
      for (const one of who) {
        const lines = theirs.filter((line) => line.step === step && line.who === one);
        expect(lines.map((line) => line.what).filter((name) => what.includes(name))).toEqual(what);
      }
    }
  });

  test.each(BACKENDS)('chatoxide on %s says all of it', async (backend) => {
    const database = await createDatabase(backend);
    const server = new Server(database);
    ends.push(() => server.remove());
    await server.migrate();
    await furnish(database);
    await server.start();
    const since = Date.now();
    const forgetCache = () => Promise.resolve();

    const crowd = await perform({ url: server.url, transport, forgetCache, unsaid });

    const ours = named(crowd.lines, since);
    expect([...new Set(crowd.faults)]).toEqual([]);
    const steps = new Set(theirs.map((line) => line.step));
    const found: string[] = [];
    for (const step of steps) {
      for (const who of Object.keys(CAST) as Who[]) {
        const of = (line: Line) => line.step === step && line.who === who;
        found.push(...unheard(wanted(theirs.filter(of)), ours.filter(of)));
      }
    }
    expect(found).toEqual([]);
    const dropped = theirs.filter((line) => differenceOf(line) && !differenceOf(line)?.instead);
    const said = dropped.filter((line) =>
      ours.some(
        ({ step, who, what, value }) =>
          step === line.step &&
          who === line.who &&
          what === line.what &&
          lacking(line.value, value).length === 0,
      ),
    );
    expect(said).toEqual([]);
  });
});
