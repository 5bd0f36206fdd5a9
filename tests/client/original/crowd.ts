// Three users, one of them with two tabs, do all that the contract's table has, step by step: in a public room, a private
// one and a direct one. What each of their sockets heard and was answered is recorded, step by step.
import { Client, PATIENCE, type Transport, within } from '../support/client';
import type { Database } from '../support/databases';
import type { ClientEvent } from '../support/protocol';
import { seedMessages, seedRoom, seedUsers } from '../support/seed';

export const CAST = { alice: 'alice', bob: 'bob', carol: 'carol', bobsTab: 'bob' } as const;
export type Who = keyof typeof CAST;

export interface Line {
  step: string;
  who: Who;
  /** The event's name, or `ack` and the name of the event that was answered. */
  what: string;
  value: unknown;
}

export interface Play {
  url: string;
  transport: Transport;
  /** Empties the original's cache, if there is one. */
  forgetCache: () => Promise<unknown>;
  /** Whether this server omits that event on purpose. */
  unsaid: (line: Omit<Line, 'value'>) => boolean;
}

type Audience = Partial<Record<Who, string[]>>;

const ROOM = 'general';
const SECRET = 'secret';
const DIRECT = 'dm:alice:bob';
const LONG_AGO = Date.parse('2026-01-31T09:05:07.042Z');
const ENTERED = ['room:history', 'room:members'];

/** Fills the database with the users, rooms and messages that exist before the first client connects. */
export async function furnish(database: Database): Promise<void> {
  const avatar = 'https://example.org/bob.png';
  await seedUsers(database, [
    { id: 'alice', name: 'Alice of the database' },
    { id: 'bob', name: 'Bob of the database', avatar },
    { id: 'carol', name: 'Carol of the database' },
  ]);
  await seedRoom(database, { id: ROOM, name: 'General', type: 'public', members: ['alice', 'bob'] });
  await seedRoom(database, { id: SECRET, name: 'Secret', type: 'private', members: ['alice', 'bob'] });
  await seedRoom(database, {
    id: DIRECT,
    name: 'Direct Message',
    type: 'direct',
    members: ['alice', 'bob'],
  });
  const messages = Array.from({ length: 60 }, (_, index) => ({
    id: `old-${index}`,
    senderId: index % 2 === 0 ? 'alice' : 'bob',
    content: `old ${index}`,
    at: LONG_AGO + index * 1001,
  }));
  await seedMessages(database, ROOM, messages);
  await database.execute(
    `UPDATE "Message" SET "type" = 'file', "metadata" = '{"size": 1.5}', "replyTo" = 'old-1',
     "updatedAt" = '2026-02-01 00:00:00.5' WHERE "id" = 'old-58';
     UPDATE "Room" SET "createdAt" = '2026-01-01 00:00:00'`,
  );
}

/** Runs all steps on one server. */
export async function perform(play: Play): Promise<Crowd> {
  const crowd = new Crowd(play);
  try {
    await conversation(crowd);
    await upkeep(crowd);
    await otherRooms(crowd);
    await departures(crowd);
    return crowd;
  } finally {
    crowd.close();
  }
}

export class Crowd {
  readonly lines: Line[] = [];
  private readonly present = new Map<Who, Client>();
  private readonly all: Client[] = [];

  constructor(readonly play: Play) {}

  /** The differences between the events and acks and their fixtures. */
  get faults(): string[] {
    return this.all.flatMap((client) => client.faults);
  }

  close(): void {
    this.all.forEach((client) => client.close());
  }

  async enter(who: Who): Promise<void> {
    const id = CAST[who];
    const name = id.charAt(0).toUpperCase() + id.slice(1);
    const client = await Client.connect(this.play.url, { id, name }, { transport: this.play.transport });
    this.present.set(who, client);
    this.all.push(client);
  }

  client(who: Who): Client {
    const client = this.present.get(who);
    if (!client) throw new Error(`${who} is not there`);
    return client;
  }

  /** Emits an event without an ack callback. The step ends when the audience has received its expected events. */
  async tell(step: string, who: Who, event: ClientEvent, argument: unknown, audience: Audience) {
    this.client(who).tell(event, argument);
    await this.over(step, audience);
  }

  /** Emits an event with an ack callback and returns the ack. */
  async ask(step: string, who: Who, event: ClientEvent, argument: unknown, audience: Audience = {}) {
    const answer = await this.client(who).ask(event, argument);
    await this.over(step, audience);
    return answer;
  }

  /** Sends a message and returns its id. */
  async send(step: string, who: Who, message: object, audience: Audience): Promise<string> {
    const answer = await this.ask(step, who, 'message:send', message, audience);
    return answer.message.id;
  }

  /** Removes a client and waits until the audience has received the events of that. */
  async part(step: string, who: Who, how: (client: Client) => unknown, audience: Audience): Promise<void> {
    const client = this.client(who);
    this.present.delete(who);
    how(client);
    await this.over(step, audience);
  }

  private async over(step: string, audience: Audience): Promise<void> {
    const waits = (Object.entries(audience) as [Who, string[]][]).flatMap(([who, events]) =>
      events
        .filter((what) => !this.play.unsaid({ step, who, what }))
        .map((what) => this.client(who).next(what as 'message:new')),
    );
    await within(
      () => `the end of "${step}"`,
      (resolve, reject) => void Promise.all(waits).then(resolve, reject),
      2 * PATIENCE,
    );
    // Wait for events beyond the expected ones, so that they are recorded under this step.
    await Promise.all([...this.present.values()].map((client) => client.settle()));
    for (const [who, client] of this.present) {
      for (const { name, value } of client.heard()) this.lines.push({ step, who, what: name, value });
      client.forget();
    }
  }
}

async function conversation(crowd: Crowd): Promise<void> {
  const both = (...events: string[]) => ({ alice: events, bob: events });
  await crowd.enter('alice');
  await crowd.enter('bob');
  await crowd.tell('alice joins', 'alice', 'room:join', ROOM, { alice: ENTERED });
  await crowd.tell('bob joins', 'bob', 'room:join', ROOM, { bob: ENTERED, alice: ['room:user-joined'] });
  await crowd.tell('alice types', 'alice', 'typing:start', ROOM, { bob: ['typing:user'] });
  await crowd.tell('alice stops', 'alice', 'typing:stop', ROOM, { bob: ['typing:stopped'] });

  const plain = { roomId: ROOM, content: 'Grüße 👋 <b>\n' };
  const first = await crowd.send('alice sends', 'alice', plain, both('message:new'));
  const metadata = { width: 3, nested: { tags: ['a', null, true] } };
  const image = { roomId: ROOM, content: 'an image', type: 'image', metadata, replyTo: first };
  await crowd.send('bob sends an image', 'bob', image, both('message:new'));
  for (const [index, given] of [[1, 'two', null], 'text', 7, 0, null, false].entries()) {
    const message = { roomId: ROOM, content: `odd ${index}`, metadata: given };
    await crowd.send(`bob sends odd metadata ${index}`, 'bob', message, both('message:new'));
  }
  await crowd.ask('an unknown room', 'alice', 'message:send', { roomId: 'nowhere', content: 'hello' });
  await crowd.ask('an unknown type', 'alice', 'message:send', { ...plain, type: 'video' });
  await crowd.ask('no content', 'alice', 'message:send', { roomId: ROOM });

  const edit = { messageId: first, content: 'Grüße an alle' };
  await crowd.ask('alice edits', 'alice', 'message:edit', edit, both('message:updated'));
  await crowd.ask("bob edits alice's", 'bob', 'message:edit', edit);
  await crowd.ask('an edit of nothing', 'bob', 'message:edit', { ...edit, messageId: 'nothing' });
  const thumb = { messageId: first, roomId: ROOM, emoji: '👍' };
  for (const step of ['bob reacts', 'bob reacts again']) {
    await crowd.tell(step, 'bob', 'reaction:add', thumb, both('reaction:added'));
  }
  await crowd.tell('alice reacts', 'alice', 'reaction:add', thumb, both('reaction:added'));
  for (const step of ['bob takes it back', 'bob takes it back again']) {
    await crowd.tell(step, 'bob', 'reaction:remove', thumb, both('reaction:removed'));
  }
}

async function upkeep(crowd: Crowd): Promise<void> {
  const pages: [string, object][] = [
    ['the newest page', { before: '2999-01-01T00:00:00.000Z' }],
    ['two messages', { before: '2026-02-15', limit: 2 }],
    ['no limit', { before: new Date(LONG_AGO + 5005).toISOString(), limit: 0 }],
    ['before a date with an offset', { before: '2026-01-31T11:05:07.043+02:00' }],
    ['before a number', { before: LONG_AGO + 2002, limit: 5 }],
    ['before the first', { before: new Date(LONG_AGO).toISOString() }],
  ];
  for (const [step, page] of pages) {
    await crowd.ask(step, 'bob', 'messages:load', { roomId: ROOM, ...page });
  }
  await crowd.enter('carol');
  const joined = ['room:user-joined'];
  const join = { carol: ENTERED, alice: joined, bob: joined };
  await crowd.tell('carol joins', 'carol', 'room:join', ROOM, join);
  const left = ['room:user-left'];
  await crowd.tell('bob leaves', 'bob', 'room:leave', ROOM, { alice: left, carol: left });
  await crowd.play.forgetCache();
  const back = { bob: ENTERED, alice: joined, carol: joined };
  await crowd.tell('bob comes back', 'bob', 'room:join', ROOM, back);
  const read = ['room:user-read'];
  await crowd.tell('bob reads', 'bob', 'room:read', ROOM, { alice: read, carol: read });

  const all = (event: string) => ({ alice: [event], bob: [event], carol: [event] });
  const slip = { roomId: ROOM, content: 'a slip' };
  const id = await crowd.send('alice slips', 'alice', slip, all('message:new'));
  const target = { messageId: id, roomId: ROOM };
  await crowd.ask("bob deletes alice's", 'bob', 'message:delete', target);
  await crowd.ask('alice deletes', 'alice', 'message:delete', target, all('message:deleted'));
  await crowd.ask('alice deletes again', 'alice', 'message:delete', target);
}

async function otherRooms(crowd: Crowd): Promise<void> {
  const joined = ['room:user-joined'];
  await crowd.tell('alice joins the secret', 'alice', 'room:join', SECRET, { alice: ENTERED });
  await crowd.tell('bob joins the secret', 'bob', 'room:join', SECRET, { bob: ENTERED, alice: joined });
  const slip = { roomId: ROOM, content: 'in the wrong room' };
  const all = ['message:new'];
  const id = await crowd.send('bob slips', 'bob', slip, { alice: all, bob: all, carol: all });
  const gone = ['message:deleted'];
  const elsewhere = { messageId: id, roomId: SECRET };
  await crowd.ask('bob names a wrong room', 'bob', 'message:delete', elsewhere, { alice: gone, bob: gone });

  await crowd.tell('carol joins the secret', 'carol', 'room:join', SECRET, {
    carol: ENTERED,
    alice: joined,
    bob: joined,
  });
  const typing = { alice: ['typing:user'], bob: ['typing:user'] };
  await crowd.tell('carol types in the secret', 'carol', 'typing:start', SECRET, typing);
  const left = { alice: ['room:user-left'], bob: ['room:user-left'] };
  await crowd.tell('carol leaves the secret', 'carol', 'room:leave', SECRET, left);

  await crowd.ask('alice starts a direct chat', 'alice', 'dm:start', 'bob', { bob: ['dm:started'] });
  const whisper = { roomId: DIRECT, content: 'psst' };
  await crowd.send('alice whispers', 'alice', whisper, { alice: all });
  await crowd.tell('bob joins the direct chat', 'bob', 'room:join', DIRECT, { bob: ENTERED, alice: joined });
  await crowd.send('bob whispers', 'bob', whisper, { alice: all, bob: all });
}

async function departures(crowd: Crowd): Promise<void> {
  const left = ['room:user-left'];
  const joined = ['room:user-joined'];
  await crowd.enter('bobsTab');
  await crowd.tell('a second tab joins', 'bobsTab', 'room:join', ROOM, {
    bobsTab: ENTERED,
    alice: joined,
    bob: joined,
    carol: joined,
  });
  const tabLeft = { alice: left, bob: left, carol: left };
  await crowd.tell('a second tab leaves', 'bobsTab', 'room:leave', ROOM, tabLeft);
  await crowd.part('a second tab is closed', 'bobsTab', (client) => client.close(), {});
  await crowd.tell('bob leaves for good', 'bob', 'room:leave', ROOM, { alice: left, carol: left });
  const last = { roomId: ROOM, content: 'without bob' };
  await crowd.send('carol sends', 'carol', last, { alice: ['message:new'], carol: ['message:new'] });
  await crowd.part('carol disconnects', 'carol', (client) => client.close(), { alice: left });
  await crowd.tell('bob leaves the direct chat', 'bob', 'room:leave', DIRECT, { alice: left });
  const breaks = (client: Client) => client.socket.io.engine.close();
  await crowd.part("bob's connection breaks", 'bob', breaks, { alice: left });
}
