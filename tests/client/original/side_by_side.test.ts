// The original server and chatoxide on one database at the same time. Every client of chatoxide hears each change of
// the original's clients once, all in one order, and history is what was heard.
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { Client } from '../support/client';
import { createPostgres, type PostgresDatabase } from '../support/databases';
import type { Message, ReactionChange } from '../support/protocol';
import { seedRoom, seedUsers } from '../support/seed';
import { Server } from '../support/server';
import { Original, type OriginalServer } from './node_server';

const ROOM = 'general';
const NAMES = ['ann', 'ben', 'cid', 'nora', 'nils'];
/** The turns of each writer. In a turn they send two messages, edit one, delete the other, and react. */
const TURNS = 8;

const ends: (() => unknown)[] = [];
let original: Original;
beforeAll(async () => {
  original = await Original.build();
});
afterAll(async () => {
  for (const end of ends.splice(0).reverse()) await end();
  await original.remove();
});

interface Stage {
  database: PostgresDatabase;
  server: Server;
  node: OriginalServer;
}

async function start(settings: Record<string, string>, ...flags: string[]): Promise<Stage> {
  const database = await createPostgres();
  const server = new Server(database, settings);
  ends.push(() => server.remove());
  await server.migrate(...flags);
  await seedUsers(
    database,
    NAMES.map((id) => ({ id, name: `${id} of the database` })),
  );
  await seedRoom(database, { id: ROOM, name: 'General', type: 'public', members: NAMES });
  const node = await original.start(database);
  ends.push(() => node.stop());
  await server.start();
  return { database, server, node };
}

async function join(url: string, name: string): Promise<Client> {
  const client = await Client.connect(url, { id: name, name });
  ends.push(() => client.close());
  client.tell('room:join', ROOM);
  await client.next('room:history');
  return client;
}

/** The entries of the room's log that a client has heard, each as its event and what it is about, in order. */
const CHANGES = ['message:new', 'message:updated', 'message:deleted', 'reaction:added', 'reaction:removed'];
function changes(client: Client): { event: string; seq: number; about: string }[] {
  return client
    .heard()
    .filter(({ name }) => CHANGES.includes(name))
    .map(({ name, value }) => {
      const { seq, id, messageId, emoji } = value as Message & ReactionChange & { seq: number };
      return { event: name, seq, about: [id ?? messageId, emoji].filter(Boolean).join(' ') };
    });
}

/** Resolves when the client has heard the event about this message. */
async function heard(client: Client, event: string, id: string): Promise<void> {
  while (!changes(client).some((change) => change.event === event && change.about.startsWith(id))) {
    await client.next(event as 'message:new');
  }
}

/** One writer's turns. Returns what each client must hear of them. `reader` is a client of chatoxide's. */
async function write(writer: Client, reader: Client): Promise<string[]> {
  const expected: string[] = [];
  for (let turn = 0; turn < TURNS; turn++) {
    const send = async (content: string) => {
      const { message } = await writer.ask('message:send', { roomId: ROOM, content });
      await heard(reader, 'message:new', message.id);
      expected.push(`message:new ${message.id}`);
      return message.id;
    };
    const [kept, gone] = [await send(`${writer.id} ${turn}`), await send('soon gone')];
    await writer.ask('message:edit', { messageId: kept, content: `${writer.id} ${turn}, edited` });
    writer.tell('reaction:add', { messageId: kept, roomId: ROOM, emoji: 'x' });
    writer.tell('reaction:add', { messageId: kept, roomId: ROOM, emoji: 'y' });
    await heard(reader, 'reaction:added', `${kept} x`);
    writer.tell('reaction:remove', { messageId: kept, roomId: ROOM, emoji: 'x' });
    await heard(reader, 'reaction:removed', `${kept} x`);
    await writer.ask('message:delete', { messageId: gone, roomId: ROOM });
    expected.push(`message:updated ${kept}`, `reaction:added ${kept} x`, `reaction:added ${kept} y`);
    expected.push(`reaction:removed ${kept} x`, `message:deleted ${gone}`);
  }
  return expected;
}

const shownIn = (messages: Message[]) =>
  messages.map(({ id, content, reactions }) => ({ id, content, reactions }));

/** The room as somebody has it who has only what was heard, newest first. */
function replayed(client: Client): ReturnType<typeof shownIn> {
  const room = new Map<string, Message>();
  for (const { name, value } of client.heard()) {
    const message = value as Message;
    const { messageId, emoji, userId } = value as ReactionChange;
    const on = room.get(messageId);
    if (name === 'message:new' || name === 'message:updated') room.set(message.id, structuredClone(message));
    if (name === 'message:deleted') room.delete(messageId);
    if (name === 'reaction:added') on?.reactions.push({ emoji, userId });
    if (name === 'reaction:removed' && on) {
      on.reactions = on.reactions.filter(
        (reaction) => reaction.emoji !== emoji || reaction.userId !== userId,
      );
    }
  }
  const newest = (one: Message, other: Message) =>
    other.createdAt.localeCompare(one.createdAt) || other.id.localeCompare(one.id);
  return shownIn([...room.values()].sort(newest));
}

describe('the original and chatoxide, side by side', () => {
  test('in a watched database, each change is heard once, in one order, as it is made', async () => {
    const { server, node } = await start({ EXTERNAL_CHANGES: 'off' }, '--watch');
    await server.logged('listening for changes by other programs');
    const [ann, ben] = [await join(server.url, 'ann'), await join(server.url, 'ben')];
    const [nora, nils] = [await join(node.url, 'nora'), await join(node.url, 'nils')];

    const written = await Promise.all([write(ann, ben), write(ben, ann), write(nora, ann), write(nils, ben)]);
    const { message: end } = await ann.ask('message:send', { roomId: ROOM, content: 'the end' });
    await Promise.all([ann, ben].map((client) => heard(client, 'message:new', end.id)));

    const all = changes(ann);
    expect(changes(ben)).toEqual(all);
    expect(all.map(({ seq }) => seq)).toEqual(all.map((_, index) => index + 1));
    const expected = [...written.flat(), `message:new ${end.id}`];
    expect(all.map(({ event, about }) => `${event} ${about}`).sort()).toEqual(expected.sort());

    // A client that joins now is shown what the others have heard.
    const cid = await Client.connect(server.url, { id: 'cid', name: 'Cid' });
    ends.push(() => cid.close());
    cid.tell('room:join', ROOM);
    const shown = shownIn((await cid.next('room:history')).messages);
    expect(shown).toEqual(replayed(ann));
    expect(replayed(ben)).toEqual(shown);
    const { messages } = await cid.ask('messages:load', { roomId: ROOM });
    expect(shownIn(messages)).toEqual(shown);
    const answer = await cid.ask('messages:sync', { roomId: ROOM, since: 0 });
    expect(answer).toMatchObject({ complete: true, seq: all.length });
    expect([ann, ben, cid].flatMap(({ faults }) => faults)).toEqual([]);
  });

  test('in another database, changes are heard once when somebody joins or syncs', async () => {
    const { server, node } = await start({ MEMBERSHIP_TTL: '0' });
    const ann = await join(server.url, 'ann');
    const nora = await join(node.url, 'nora');
    const send = async (content: string) =>
      (await nora.ask('message:send', { roomId: ROOM, content })).message.id;
    const [one, two, three] = [await send('one'), await send('two'), await send('three')];
    expect(changes(ann)).toEqual([]);

    const ben = await join(server.url, 'ben');
    await ann.settle();
    await nora.ask('message:edit', { messageId: one, content: 'ONE' });
    nora.tell('reaction:add', { messageId: two, roomId: ROOM, emoji: 'x' });
    await nora.next('reaction:added');
    await nora.ask('message:delete', { messageId: three, roomId: ROOM });
    await ben.ask('messages:sync', { roomId: ROOM, since: 3 });
    await ann.settle();
    expect(changes(ann).map(({ event, about }) => `${event} ${about}`)).toEqual([
      ...[one, two, three].map((id) => `message:new ${id}`),
      `message:updated ${one}`,
      `reaction:added ${two} x`,
      `message:deleted ${three}`,
    ]);
    expect(changes(ann).map(({ seq }) => seq)).toEqual([1, 2, 3, 4, 5, 6]);
    const { messages } = await ben.ask('messages:load', { roomId: ROOM });
    expect(shownIn(messages)).toEqual(replayed(ann));
    expect([...ann.faults, ...ben.faults]).toEqual([]);
  });
});
