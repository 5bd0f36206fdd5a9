// The cut-over of docs/migrating-from-node.md, with the original server, chatoxide and nginx: users who send all the time come
// over by themselves, and back again, and nothing that was acked is lost.
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { within } from '../support/client';
import { createPostgres, type PostgresDatabase } from '../support/databases';
import { seedRoom, seedUsers } from '../support/seed';
import { Server } from '../support/server';
import { Commuter, type Message, Room } from './commuter';
import { Original, type OriginalServer } from './node_server';
import { SwitchingNginx } from './switching_nginx';

const ROOMS = ['general', 'random', 'lunch', 'news'];
const USERS_OF_A_ROOM = 6;
// As browsers do; as many front ends are told to; and behind a proxy that lets no upgrade through.
const TRANSPORTS = [undefined, ['websocket'], ['polling']];
/** Messages that each user has sent, at least, to each server in turn. */
const LOAD = 5;
const PATIENCE = 25_000;

let original: Original;
beforeAll(async () => {
  original = await Original.build();
});
afterAll(() => original.remove());

/** Users, rooms and servers on one database, and all that was opened. */
class Move {
  readonly rooms = ROOMS.map((id) => new Room(id));
  readonly users: Commuter[] = [];
  private readonly watchers = new Set<() => void>();
  private readonly ends: (() => unknown)[] = [];

  private constructor(
    readonly database: PostgresDatabase,
    readonly server: Server,
  ) {}

  static async begin(): Promise<Move> {
    const database = await createPostgres();
    const move = new Move(database, new Server(database));
    move.endsWith(() => move.server.remove());
    await move.server.migrate();
    const members = ROOMS.map((room) => Array.from({ length: USERS_OF_A_ROOM }, (_, n) => `${room}-${n}`));
    const ids = [...members.flat(), 'late'];
    await seedUsers(
      database,
      ids.map((id) => ({ id, name: id })),
    );
    for (const [index, id] of ROOMS.entries())
      await seedRoom(database, { id, name: id, type: 'public', members: members[index] });
    return move;
  }

  endsWith(end: () => unknown): void {
    this.ends.push(end);
  }

  async end(): Promise<void> {
    this.users.forEach((user) => user.close());
    for (const end of this.ends.splice(0).reverse()) await end();
  }

  async node(): Promise<OriginalServer> {
    const node = await original.start(this.database);
    this.endsWith(() => node.stop());
    return node;
  }

  async nginx(server: string, shutdown?: string): Promise<SwitchingNginx> {
    const nginx = await SwitchingNginx.start(server, shutdown);
    this.endsWith(() => nginx.stop());
    return nginx;
  }

  open(url: string, id: string, room: Room, transports?: string[]): Commuter {
    const changed = () => this.watchers.forEach((look) => look());
    const user = new Commuter(url, id, room, changed, transports);
    this.users.push(user);
    return user;
  }

  /** Opens the page of each member of each room. */
  openAll(url: string): void {
    for (const room of this.rooms)
      for (let n = 0; n < USERS_OF_A_ROOM; n += 1)
        this.open(url, `${room.id}-${n}`, room, TRANSPORTS[n % TRANSPORTS.length]);
  }

  until(what: string, isTrue: () => boolean): Promise<void> {
    return within<void>(
      what,
      (resolve) => {
        const look = () => {
          if (!isTrue()) return;
          this.watchers.delete(look);
          resolve();
        };
        this.watchers.add(look);
        look();
      },
      PATIENCE,
    );
  }

  /** All have come to a server for the `joins`th time, and each has had more messages acked since. */
  async work(joins: number): Promise<void> {
    await this.until(`everybody to join ${joins} times`, () =>
      this.users.every((user) => user.joins >= joins),
    );
    const before = this.users.map((user) => user.acked.length);
    const hasMore = (user: Commuter, index: number) => user.acked.length >= before[index] + LOAD;
    await this.until('everybody to get acks', () => this.users.every(hasMore));
  }
}

const isOfChatoxide = (message: Message) => message.seq !== undefined;

/** By which server, and how often in turn, a user's messages were acked. */
function turns(user: Commuter): string[] {
  const servers = user.acked.map((message) => (isOfChatoxide(message) ? 'chatoxide' : 'node'));
  return servers.filter((server, index) => server !== servers[index - 1]);
}

describe('users who send all the time', () => {
  test('come over to chatoxide and back to Node, and lose nothing that was acked', async () => {
    const move = await Move.begin();
    try {
      const node = await move.node();
      const nginx = await move.nginx(node.url);
      move.openAll(nginx.url);
      await move.until('everybody to join', () => move.users.every((user) => user.isHere));
      move.users.forEach((user) => user.start());
      await move.work(1);

      // The document's order: the new server starts, the old one ends, nginx switches.
      await move.server.start();
      await nginx.point(move.server.url);
      await node.stop('SIGTERM');
      await nginx.reload();
      await move.work(2);

      const nodeAgain = await move.node();
      await nginx.point(nodeAgain.url);
      expect(await move.server.stop()).toBe(0);
      await nginx.reload();
      await move.work(3);

      move.users.forEach((user) => user.finish());
      await move.until('the last acks', () => move.users.every((user) => user.isIdle));
      // On Node, the answer to a later request comes after all that was sent before.
      await Promise.all(move.users.map((user) => user.settle()));
      expect(move.users.flatMap((user) => user.faults)).toEqual([]);
      expect(move.users.map((user) => user.joins)).toEqual(move.users.map(() => 3));
      for (const user of move.users) expect(turns(user), user.id).toEqual(['node', 'chatoxide', 'node']);
      for (const room of move.rooms) {
        const acked = room.users.flatMap((user) => user.acked);
        for (const user of room.users)
          expect(
            acked.filter(({ id }) => !user.seen.has(id)).map(({ content }) => content),
            user.id,
          ).toEqual([]);
      }

      // Somebody who comes when all is over reads the rooms' histories, page by page.
      await move.server.start();
      for (const room of move.rooms) {
        const late = move.open(move.server.url, 'late', new Room(room.id));
        await move.until('the last one to join', () => late.isHere);
        const history = (await late.wholeHistory()).reverse();
        expect(new Set(history.map(({ id }) => id)).size).toBe(history.length);
        for (const user of room.users) {
          const own = new Set(user.acked.map(({ id }) => id));
          expect(history.filter(({ id }) => own.has(id)).map(({ content }) => content)).toEqual(
            user.acked.map(({ content }) => content),
          );
          const sent = history.filter(({ senderId }) => senderId === user.id).map(({ content }) => content);
          expect(sent.length).toBe(new Set(sent).size);
        }
      }
    } finally {
      await move.end();
    }
  }, 60_000);
});

describe('websockets that nginx has open when it is reloaded', () => {
  test('stay with the old server, until worker_shutdown_timeout ends them and their clients come over', async () => {
    const move = await Move.begin();
    try {
      const node = await move.node();
      const limited = await move.nginx(node.url, 'worker_shutdown_timeout 1s;');
      const unlimited = await move.nginx(node.url, '');
      const [room] = move.rooms;
      const moves = move.open(limited.url, 'general-0', room, ['websocket']);
      const stays = move.open(unlimited.url, 'general-1', room, ['websocket']);
      await move.until('both to join', () => moves.isHere && stays.isHere);

      await move.server.start();
      for (const nginx of [limited, unlimited]) {
        await nginx.point(move.server.url);
        await nginx.reload();
      }
      await move.until('one to come over', () => moves.joins === 2);
      for (const user of [moves, stays]) user.start();
      await move.until('both to get acks', () => moves.acked.length > 0 && stays.acked.length > 0);

      expect(moves.acked.every(isOfChatoxide)).toBe(true);
      expect(stays.joins).toBe(1);
      expect(stays.acked.some(isOfChatoxide)).toBe(false);

      // Its websocket ends with its server, whatever nginx does.
      const count = stays.acked.length;
      await node.stop('SIGTERM');
      await move.until('the other to come over', () => stays.joins === 2);
      await move.until('its acks', () => stays.acked.slice(count).some(isOfChatoxide));
    } finally {
      await move.end();
    }
  }, 60_000);
});
