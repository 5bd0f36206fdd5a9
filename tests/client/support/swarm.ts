// A swarm: many clients of one server at little cost. Onlookers see a room as the original's hook shows it, and come
// through proxies that cut them off; an author in each room writes without being cut off, and knows what was acked.
import { setInterval as interval } from 'node:timers';
import { io, type Socket } from 'socket.io-client';
import { type Client, within } from './client';
import { CuttingProxy } from './cutting_proxy';
import { type Database, sql } from './databases';
import type { Answer, ClientEvent, Heard, Message, Reaction } from './protocol';
import { seedUsers } from './seed';
import { tokenOf, type User } from './tokens';
import type { World } from './world';

/** How long a swarm may take for what one client does in no time. */
const SWARM_PATIENCE = 60_000;

/** The onlookers that are cut off together. */
interface Group {
  proxy: CuttingProxy;
  onlookers: Onlooker[];
}

interface Cast {
  room: string;
  author: User;
  members: User[];
}

export class Swarm {
  groups: Group[] = [];
  authors: Author[] = [];

  constructor(private readonly world: World) {}

  get onlookers(): Onlooker[] {
    return this.groups.flatMap((group) => group.onlookers);
  }

  /** Fills new rooms with so many onlookers each, as many of one group as of another; all of them see their room. */
  async gather({
    rooms,
    members,
    groups,
  }: {
    rooms: number;
    members: number;
    groups: number;
  }): Promise<void> {
    const casts = Array.from({ length: rooms }, () => ({
      room: this.world.unique('room'),
      author: this.world.user('author'),
      members: Array.from({ length: members }, () => this.world.user('onlooker')),
    }));
    await seed(this.world.database, casts);
    this.authors = await Promise.all(
      casts.map(async ({ room, author }) => new Author(await this.world.connect(author), room)),
    );
    for (let group = 0; group < groups; group += 1) {
      const proxy = await CuttingProxy.create(this.world.server.url);
      const onlookers = casts.flatMap((cast, index) =>
        cast.members
          .filter((_, member) => member % groups === group)
          .map((user) => new Onlooker(proxy.url, user, this.authors[index])),
      );
      this.groups.push({ proxy, onlookers });
      await Promise.all(onlookers.map((onlooker) => onlooker.shown(1)));
    }
  }

  /** Ends the writing; resolves when everybody sees the last message of their room. */
  async settle(): Promise<void> {
    await Promise.all(this.authors.map((author) => author.stop()));
    await Promise.all(this.onlookers.map((onlooker) => onlooker.seesTheLast()));
  }

  async disperse(): Promise<void> {
    this.authors.forEach((author) => author.pause());
    this.onlookers.forEach((onlooker) => onlooker.close());
    await Promise.all(this.groups.map(({ proxy }) => proxy.remove()));
  }
}

// A statement for each table, however many there are.
async function seed(database: Database, casts: Cast[]): Promise<void> {
  const everybody = casts.flatMap(({ author, members }) => [author, ...members]);
  await seedUsers(
    database,
    everybody.map(({ id, name = id }) => ({ id, name })),
  );
  const rooms = casts.map(({ room }) => `(${sql(room)}, ${sql(`About ${room}`)}, 'public')`);
  const members = casts.flatMap(({ room, author, members }) =>
    [author, ...members].map((user) => `(${sql(room)}, ${sql(user.id)})`),
  );
  await database.execute(`
    INSERT INTO "Room" ("id", "name", "type") VALUES ${rooms.join(', ')};
    INSERT INTO "_RoomMembers" ("A", "B") VALUES ${members.join(', ')}`);
}

/** `room:history` as it was shown. */
interface Picture {
  seq: number;
  /** The oldest first. */
  ids: string[];
  /** How many of these messages were not seen before. */
  unseen: number;
}

/** A user who reads one room, and comes back to it by itself. */
export class Onlooker {
  /** The messages that the user sees now, oldest first. */
  messages: Message[] = [];
  /** Every `room:history` that was received: the first after joining, the others after a reconnect. */
  readonly pictures: Picture[] = [];
  /** Gaps in the room's log: changes whose `seq` is not the one after the last change or history. */
  private readonly holes: string[] = [];
  private seq = 0;
  private waiters: { isDone: () => boolean; resolve: () => void }[] = [];
  private readonly socket: Socket;

  constructor(
    url: string,
    readonly user: User,
    private readonly author: Author,
  ) {
    this.socket = io(url, {
      transports: ['websocket'],
      auth: { token: tokenOf(user) },
      forceNew: true,
      reconnectionDelay: 100,
      reconnectionDelayMax: 400,
    });
    this.merge();
  }

  /** Resolves when the room's history has been shown so many times. */
  async shown(times: number): Promise<void> {
    await this.until(`history ${times}`, () => this.pictures.length >= times);
  }

  /** Resolves when the author's last message is seen. */
  async seesTheLast(): Promise<void> {
    const last = this.author.conversation.at(-1)?.id;
    await this.until('the last message', () => this.messages.at(-1)?.id === last);
  }

  /** The differences of the histories and of the final messages from the changes that were acked. */
  differences(): string[] {
    const { conversation, deleted } = this.author;
    const lines = this.pictures.flatMap(({ seq, ids }, number) => {
      // The history may contain messages that were deleted later.
      const kept = ids.filter((id) => !deleted.has(id));
      const acked = conversation.filter((message) => message.seq <= seq).map(({ id }) => id);
      return [...compared(`history ${number}`, kept, acked), ...repeated(`history ${number}`, ids)];
    });
    lines.push(...compared('in the end', this.messages.map(digest), conversation.map(digest)), ...this.holes);
    return lines.map((line) => `${this.user.id} in ${this.author.room}: ${line}`);
  }

  close(): void {
    this.socket.disconnect();
  }

  // Merges as the original's hook does: a history replaces all messages. A new message is appended without a check.
  private merge(): void {
    this.socket.on('connect', () => this.socket.emit('room:join', this.author.room));
    this.socket.on('room:history', ({ messages, seq }: { messages: Message[]; seq: number }) => {
      const before = new Set(this.messages.map(({ id }) => id));
      this.messages = messages.reverse();
      const ids = this.messages.map(({ id }) => id);
      this.pictures.push({ seq, ids, unseen: ids.filter((id) => !before.has(id)).length });
      this.seq = seq;
      this.changed();
    });
    this.hears('message:new', (message) => this.messages.push(message));
    this.hears('message:updated', (message) => this.replace(message.id, () => message));
    this.hears('message:deleted', ({ messageId }) => {
      this.messages = this.messages.filter(({ id }) => id !== messageId);
    });
    this.hears('reaction:added', ({ messageId, userId, emoji }) =>
      this.replace(messageId, (there) => ({ ...there, reactions: [...there.reactions, { userId, emoji }] })),
    );
    this.hears('reaction:removed', ({ messageId, userId, emoji }) =>
      this.replace(messageId, (there) => ({
        ...there,
        reactions: there.reactions.filter((one) => !(one.userId === userId && one.emoji === emoji)),
      })),
    );
  }

  private hears<E extends keyof Heard>(event: E, change: (value: Heard[E]) => void): void {
    const listener = (value: Heard[E] & { seq: number }) => {
      if (value.seq !== this.seq + 1) this.holes.push(`${event} number ${value.seq} after ${this.seq}`);
      this.seq = value.seq;
      change(value);
      this.changed();
    };
    this.socket.on<string>(event, listener);
  }

  private replace(id: string, change: (message: Message) => Message): void {
    this.messages = this.messages.map((message) => (message.id === id ? change(message) : message));
  }

  private until(what: string, isDone: () => boolean): Promise<void> {
    return within(
      () => `${what} at ${this.user.id}, ${this.socket.connected ? '' : 'not '}connected`,
      (resolve) => {
        this.waiters.push({ isDone, resolve: () => resolve() });
        this.changed();
      },
      SWARM_PATIENCE,
    );
  }

  private changed(): void {
    if (this.waiters.length === 0) return;
    const done = this.waiters.filter((waiter) => waiter.isDone());
    this.waiters = this.waiters.filter((waiter) => !done.includes(waiter));
    done.forEach((waiter) => waiter.resolve());
  }
}

/** A message as it must be seen by what was acked. */
interface Written {
  id: string;
  seq: number;
  content: string;
  reactions: Reaction[];
}

/** Writes in one room at a steady pace: of ten changes seven are new messages, the others concern earlier ones. */
export class Author {
  readonly deleted = new Set<string>();
  private readonly written = new Map<string, Written>();
  /** The messages without a pending change. Only these can be picked for the next one. */
  private readonly idle: Written[] = [];
  private readonly pending = new Set<Promise<void>>();
  private readonly failures: unknown[] = [];
  private pace: NodeJS.Timeout | undefined;
  private changes = 0;

  constructor(
    private readonly client: Client,
    readonly room: string,
  ) {}

  /** All that was acked and not deleted, in the order of the room's log. */
  get conversation(): Written[] {
    return [...this.written.values()].sort((one, other) => one.seq - other.seq);
  }

  /** Makes a change every so many milliseconds, and in all no more than `limit`. */
  start(every: number, limit = Infinity): void {
    this.pace = interval(() => {
      if (this.changes >= limit) return;
      const change = this.change(this.changes++).catch((error: unknown) => void this.failures.push(error));
      this.pending.add(change);
      void change.then(() => this.pending.delete(change));
    }, every);
  }

  pause(): void {
    clearInterval(this.pace);
  }

  /** Ends with one more message, when all before is acked. */
  async stop(): Promise<void> {
    this.pause();
    await Promise.all(this.pending);
    await this.send('the last');
    if (this.failures.length > 0) throw new AggregateError(this.failures, `${this.room}: not acked`);
  }

  // A message goes through one change at a time, so that the acks alone say what it must be in the end.
  private async change(number: number): Promise<void> {
    const kind = number % 10;
    const place = Math.floor(this.idle.length / 2);
    const earlier = kind < 7 ? undefined : this.idle.splice(place, 1).at(0);
    if (!earlier) this.idle.push(await this.send(`number ${number}`));
    else if (kind === 7) await this.edit(earlier, `edited by ${number}`);
    else if (kind === 8) await this.react(earlier);
    else await this.delete(earlier);
  }

  private async send(content: string): Promise<Written> {
    const { message } = await this.ask('message:send', { content });
    const written = { id: message.id, seq: message.seq ?? 0, content, reactions: [] };
    this.written.set(message.id, written);
    return written;
  }

  private async edit(message: Written, content: string): Promise<void> {
    await this.ask('message:edit', { messageId: message.id, content });
    message.content = content;
    this.idle.push(message);
  }

  private async react(message: Written): Promise<void> {
    const reaction = { emoji: '👍', userId: this.client.id };
    const isThere = message.reactions.length > 0;
    await this.ask(isThere ? 'reaction:remove' : 'reaction:add', { messageId: message.id, emoji: '👍' });
    message.reactions = isThere ? [] : [reaction];
    this.idle.push(message);
  }

  private async delete({ id }: Written): Promise<void> {
    await this.ask('message:delete', { messageId: id });
    this.written.delete(id);
    this.deleted.add(id);
  }

  private async ask(event: ClientEvent, argument: Record<string, unknown>): Promise<Answer> {
    const answer = await this.client.ask(event, { roomId: this.room, ...argument });
    if (!answer.success) throw new Error(`${event}: ${answer.error}`);
    return answer;
  }
}

function compared(where: string, seen: string[], acked: string[]): string[] {
  const places = Array.from({ length: Math.max(seen.length, acked.length) }, (_, place) => place);
  const place = places.find((place) => seen[place] !== acked[place]);
  if (place === undefined) return [];
  return [
    `${where}: ${seen.length} messages, ${acked.length} acked; ${seen[place]} instead of ${acked[place]}`,
  ];
}

function repeated(where: string, ids: string[]): string[] {
  return ids.filter((id, index) => ids.indexOf(id) < index).map((id) => `${where}: ${id} twice`);
}

function digest({ id, content, reactions }: Pick<Written, 'id' | 'content' | 'reactions'>): string {
  return `${id} (${content}${reactions.map(({ emoji, userId }) => `, ${emoji} of ${userId}`).join('')})`;
}
