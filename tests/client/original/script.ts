// A script of two users, step by step. It records every event and every ack that each of their sockets receives.
import { io, type Socket } from 'socket.io-client';
import { tokenOf } from '../support/tokens';

export const ROOM = 'general';
export const USERS = { alice: 'Alice', bob: 'Bob' } as const;
export type Who = keyof typeof USERS;

/** A line of a record: an event, or the ack of an event, and its arguments. */
export interface Line {
  what: string;
  arguments: unknown[];
}

export type Transcript = Record<Who, Line[]>;

const PATIENCE = 10_000;

/** Runs the script against a server and returns the record. */
export async function play(url: string, transport: 'websocket' | 'polling'): Promise<Transcript> {
  const stage = new Stage(url, transport);
  try {
    await stage.play();
    return stage.transcript;
  } finally {
    stage.close();
  }
}

class Stage {
  readonly transcript: Transcript = { alice: [], bob: [] };
  private readonly sockets = new Map<Who, Socket>();
  private readonly watchers = new Set<() => void>();

  constructor(
    private readonly url: string,
    private readonly transport: string,
  ) {}

  close(): void {
    this.sockets.forEach((socket) => socket.disconnect());
  }

  async play(): Promise<void> {
    await this.enter('alice');
    await this.enter('bob');
    await this.heard('alice', 'room:user-joined');
    const first = await this.ask('alice', 'message:send', { roomId: ROOM, content: 'hello' });
    const id = (first as { message: { id: string } }).message.id;
    await this.heard('bob', 'message:new');
    await this.ask('bob', 'message:send', {
      roomId: ROOM,
      content: 'an answer',
      type: 'image',
      metadata: { width: 3, tags: ['a'] },
      replyTo: id,
    });
    await this.heard('alice', 'message:new', 2);
    await this.ask('alice', 'message:edit', { messageId: id, content: 'hello again' });
    await this.heard('bob', 'message:updated');
    await this.ask('bob', 'message:edit', { messageId: id, content: 'not his' });
    this.tell('bob', 'reaction:add', { messageId: id, roomId: ROOM, emoji: '👍' });
    await this.heard('alice', 'reaction:added');
    this.tell('bob', 'reaction:remove', { messageId: id, roomId: ROOM, emoji: '👍' });
    await this.heard('alice', 'reaction:removed');
    this.tell('alice', 'typing:start', ROOM);
    await this.heard('bob', 'typing:user');
    this.tell('alice', 'typing:stop', ROOM);
    await this.heard('bob', 'typing:stopped');
    await this.ask('alice', 'messages:load', { roomId: ROOM, before: '2026-01-31T10:00:02.500Z', limit: 2 });
    await this.ask('alice', 'messages:load', { roomId: ROOM, before: '2026-01-01T00:00:00.000Z' });
    this.tell('bob', 'room:read', ROOM);
    await this.heard('alice', 'room:user-read');
    await this.ask('bob', 'message:delete', { messageId: id, roomId: ROOM });
    await this.ask('alice', 'message:delete', { messageId: id, roomId: ROOM });
    await this.heard('bob', 'message:deleted');
    this.tell('bob', 'room:leave', ROOM);
    await this.heard('alice', 'room:user-left');
    this.tell('bob', 'room:join', ROOM);
    await this.heard('bob', 'room:members', 2);
    await this.heard('alice', 'room:user-joined', 2);
    this.sockets.get('bob')?.disconnect();
    await this.heard('alice', 'room:user-left', 2);
  }

  private async enter(who: Who): Promise<void> {
    const token = tokenOf({ id: who, name: USERS[who] });
    const socket = io(this.url, {
      auth: { token },
      transports: [this.transport],
      forceNew: true,
      reconnection: false,
    });
    this.sockets.set(who, socket);
    socket.onAny((event: string, ...args: unknown[]) => this.write(who, event, args));
    await this.until(`${who} connects`, () => socket.connected);
    this.tell(who, 'room:join', ROOM);
    await this.heard(who, 'room:members');
  }

  private write(who: Who, what: string, args: unknown[]): void {
    this.transcript[who].push({ what, arguments: args });
    this.watchers.forEach((look) => look());
  }

  private tell(who: Who, event: string, argument: unknown): void {
    this.sockets.get(who)?.emit(event, argument);
  }

  private async ask(who: Who, event: string, argument: unknown): Promise<unknown> {
    const answer: unknown = await this.sockets.get(who)?.timeout(PATIENCE).emitWithAck(event, argument);
    this.write(who, `ack of ${event}`, [answer]);
    return answer;
  }

  private heard(who: Who, what: string, times = 1): Promise<void> {
    const count = () => this.transcript[who].filter((line) => line.what === what).length;
    return this.until(`${who} hears ${what} ${times} times`, () => count() >= times);
  }

  private until(what: string, done: () => boolean): Promise<void> {
    return new Promise((resolve, reject) => {
      const late = setTimeout(
        () => finish(() => reject(new Error(`waited ${PATIENCE} ms until ${what}`))),
        PATIENCE,
      );
      const look = () => done() && finish(resolve);
      const finish = (end: () => void) => {
        clearTimeout(late);
        this.watchers.delete(look);
        end();
      };
      this.watchers.add(look);
      this.sockets.forEach((socket) => socket.once('connect', look));
      look();
    });
  }
}
