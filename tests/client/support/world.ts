// A world for stories: one server on a fresh database, rooms and users of its own for each test, and the sockets that a
// test opens, closed when it ends.
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect } from 'vitest';
import { Client, type ConnectOptions, TRANSPORTS, type Transport } from './client';
import { BACKENDS, type Backend, type Database } from './databases';
import { type SeedMessage, seedMessages, seedRoom, seedUsers } from './seed';
import { Server } from './server';
import { tokenOf, type User } from './tokens';

interface RoomOptions {
  id?: string;
  type?: 'public' | 'private' | 'direct';
  members?: User[];
}

interface MeetingOptions {
  type?: 'public' | 'private';
  /** So many messages of the first who is named, from before anybody came. */
  messages?: number;
  /** When the first of these messages was written. */
  from?: number;
}

type Meeting<Name extends string> = { room: string; seeded: SeedMessage[] } & Record<Name, Client>;

let serial = 0;

export class World {
  transport: Transport = 'websocket';
  private current: Server | undefined;
  private clients: Client[] = [];

  constructor(
    readonly backend: Backend,
    private readonly settings: Record<string, string> = {},
  ) {}

  get server(): Server {
    if (!this.current) throw new Error('the server has not started');
    return this.current;
  }

  get database(): Database {
    return this.server.database;
  }

  async start(): Promise<void> {
    this.current = await Server.start(this.backend, this.settings);
  }

  /** Starts on a server that was made elsewhere. */
  async startOn(server: Server): Promise<void> {
    this.current = server;
    await server.migrate();
    await server.start();
  }

  async stop(): Promise<void> {
    await this.current?.remove();
  }

  /** Ends what the test opened; whatever the server said must have had the right shape. */
  closeClients(): void {
    const faults = this.clients.flatMap((client) => client.faults);
    this.clients.forEach((client) => client.close());
    this.clients = [];
    expect([...new Set(faults)]).toEqual([]);
  }

  /** An id that no other test uses. */
  unique(name: string): string {
    return `${name}-${++serial}`;
  }

  /** A user whom nothing knows yet. The name is the token's. */
  user(id: string, name: string | undefined = capital(id)): User {
    return { id: this.unique(id), name };
  }

  /** A user with no name claim. */
  nameless(id: string): User {
    return { id: this.unique(id) };
  }

  /** Puts users into the database, by the names of their tokens. */
  async known(...users: User[]): Promise<void> {
    const rows = users.map((user) => ({ id: user.id, name: user.name ?? user.id }));
    if (rows.length > 0) await seedUsers(this.database, rows);
  }

  /** A new room; its members become known. */
  async room({ id = this.unique('room'), type = 'public', members = [] }: RoomOptions = {}): Promise<string> {
    await this.known(...members);
    await seedRoom(this.database, { id, name: `About ${id}`, type, members: members.map((user) => user.id) });
    return id;
  }

  /** `count` messages of the sender, a second apart, the oldest first; the ids come back in that order. */
  async messages(
    room: string,
    sender: User,
    count: number,
    from = Date.now() - 3_600_000,
  ): Promise<SeedMessage[]> {
    await this.known(sender);
    const messages = Array.from({ length: count }, (_, index) => ({
      id: this.unique('message'),
      senderId: sender.id,
      content: `message ${index}`,
      at: from + index * 1000,
    }));
    await seedMessages(this.database, room, messages);
    return messages;
  }

  /** A connected socket of the user; a second call is a second tab. */
  async connect(user: User, options: ConnectOptions = {}): Promise<Client> {
    const client = this.open(user, options);
    await client.connected();
    return client;
  }

  /** A socket of the user that has only begun to connect. */
  open(user: User, options: ConnectOptions = {}): Client {
    const client = Client.open(this.server.url, user, { transport: this.transport, ...options });
    this.clients.push(client);
    return client;
  }

  tokenOf(user: User, claims: Record<string, unknown> = {}): string {
    return tokenOf(user, claims);
  }

  /** Joins a room with all of these sockets, and forgets what they heard of it. */
  async join(room: string, ...clients: Client[]): Promise<void> {
    for (const client of clients) await client.ask('room:join', room);
    await forgotten(...clients);
  }

  /** New users in a new room of which all are members: connected, joined, and with nothing heard yet. */
  meet<Name extends string>(...names: Name[]): Promise<Meeting<Name>> {
    return this.meetIn({}, ...names);
  }

  async meetIn<Name extends string>(options: MeetingOptions, ...names: Name[]): Promise<Meeting<Name>> {
    const { type, messages = 0, from } = options;
    const users = names.map((name) => this.user(name));
    const room = await this.room({ type, members: users });
    const seeded = messages > 0 ? await this.messages(room, users[0], messages, from) : [];
    const clients = await Promise.all(users.map((user) => this.connect(user)));
    await this.join(room, ...clients);
    const named = Object.fromEntries(names.map((name, index) => [name, clients[index]]));
    return { room, seeded, ...(named as Record<Name, Client>) };
  }
}

/** Waits until no more events are in flight to any of these sockets. */
export async function settled(...clients: Client[]): Promise<void> {
  await Promise.all(clients.map((client) => client.settle()));
}

/** Drops the events that these sockets have received so far, including those that are still in flight. */
export async function forgotten(...clients: Client[]): Promise<void> {
  await settled(...clients);
  clients.forEach((client) => client.forget());
}

/** Expects that none of these sockets received an event. */
export async function expectSilence(...clients: Client[]): Promise<void> {
  await settled(...clients);
  for (const client of clients) expect(client.events(), `heard by ${client.id}`).toEqual([]);
}

/** Runs the tests on every database, and there over every transport. */
export function everywhere(title: string, stories: (world: World) => void): void {
  describe.each(BACKENDS)(`${title} on %s`, (backend) => {
    const world = aWorld(backend);
    describe.each(Object.keys(TRANSPORTS) as Transport[])('over %s', (transport) => {
      beforeEach(() => void (world.transport = transport));
      stories(world);
    });
  });
}

/** The world of the enclosing `describe`. */
export function aWorld(backend: Backend, settings: Record<string, string> = {}): World {
  const world = new World(backend, settings);
  beforeAll(() => world.start());
  afterAll(() => world.stop());
  beforeEach(({ onTestFailed }) => {
    onTestFailed(() => console.error(`the server's last words:\n${world.server.lastLog}`));
  });
  afterEach(() => world.closeClients());
  return world;
}

function capital(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}
