// One socket of a user, with a record of all that it hears, in order. Every event and every ack is compared with its
// fixture as it arrives; what differs is kept in `faults`, which the world asserts to be empty after each test.
import { setTimeout as timer } from 'node:timers';
import { io, type Socket } from 'socket.io-client';
import type { Answer, ClientEvent, Heard } from './protocol';
import { ackFaults, eventFaults } from './shape';
import { tokenOf, type User } from './tokens';

export const TRANSPORTS = {
  websocket: ['websocket'],
  polling: ['polling'],
  upgrade: ['polling', 'websocket'],
};
export type Transport = keyof typeof TRANSPORTS;

/** How long anything may take that must happen. */
export const PATIENCE = 8_000;

export interface Entry {
  /** The event's name, or `ack` and the name of the event that was answered. */
  name: string;
  value: unknown;
}

interface Waiter {
  name: string;
  resolve: (value: unknown) => void;
}

export interface ConnectOptions {
  transport?: Transport;
  token?: unknown;
  claims?: Record<string, unknown>;
  reconnection?: boolean;
  /** Where Socket.IO is on the server. */
  path?: string;
  /** More of the CONNECT payload, in place of a token. */
  auth?: Record<string, unknown>;
  query?: Record<string, string>;
  headers?: Record<string, string>;
}

export class Client {
  readonly faults: string[] = [];
  private log: Entry[] = [];
  private forgotten = 0;
  private readonly read = new Map<string, number>();
  private waiters: Waiter[] = [];

  private constructor(
    readonly user: User,
    readonly socket: Socket,
  ) {
    socket.onAny((event: string, ...args: unknown[]) => {
      this.faults.push(...eventFaults(event, args));
      this.record(event, args[0]);
    });
  }

  /** A socket that is on its way: to be told apart from `connect`, which waits. */
  static open(url: string, user: User, options: ConnectOptions = {}): Client {
    const socket = io(url, {
      transports: TRANSPORTS[options.transport ?? 'websocket'],
      path: options.path,
      query: options.query,
      extraHeaders: options.headers,
      auth: options.auth ?? { token: 'token' in options ? options.token : tokenOf(user, options.claims) },
      forceNew: true,
      reconnection: options.reconnection ?? false,
      reconnectionDelay: 50,
      reconnectionDelayMax: 200,
      timeout: PATIENCE,
    });
    return new Client(user, socket);
  }

  static async connect(url: string, user: User, options: ConnectOptions = {}): Promise<Client> {
    const client = Client.open(url, user, options);
    await client.connected();
    return client;
  }

  get id(): string {
    return this.user.id;
  }

  connected(): Promise<void> {
    if (this.socket.connected) return Promise.resolve();
    return within(`${this.id} to connect`, (resolve, reject) => {
      this.socket.once('connect', () => resolve());
      this.socket.once('connect_error', reject);
    });
  }

  /** Resolves when the client has come back by itself, however often it had to try. */
  reconnected(): Promise<void> {
    return within(`${this.id} to come back`, (resolve) => this.socket.once('connect', resolve));
  }

  /** Resolves with the reason when the connection ends. */
  disconnected(): Promise<string> {
    return within(`${this.id} to be disconnected`, (resolve) => this.socket.once('disconnect', resolve));
  }

  /** Sends an event with an ack callback; resolves with the ack. */
  ask(event: ClientEvent, ...args: unknown[]): Promise<Answer> {
    return within(`the ack of ${event} to ${this.id}`, (resolve) => {
      this.socket.emit(event, ...args, (...answer: unknown[]) => {
        this.faults.push(...ackFaults(event, answer[0]));
        if (answer.length !== 1) this.faults.push(`the ack of ${event} came with ${answer.length} arguments`);
        this.record(`ack ${event}`, answer[0]);
        resolve(answer[0] as Answer);
      });
    });
  }

  /** Sends an event without an ack callback. */
  tell(event: ClientEvent, ...args: unknown[]): void {
    this.socket.emit(event, ...args);
  }

  /** The next event of this name that has not been read yet; waits for it when it has not come. */
  async next<E extends keyof Heard>(event: E): Promise<Heard[E]> {
    const from = Math.max(this.read.get(event) ?? 0, this.forgotten);
    const index = this.log.findIndex((entry, place) => place >= from && entry.name === event);
    if (index >= 0) {
      this.read.set(event, index + 1);
      return this.log[index].value as Heard[E];
    }
    const value = await within<unknown>(
      () => `${event} at ${this.id}, who heard ${this.names().join(', ') || 'nothing'}`,
      (resolve) => this.waiters.push({ name: event, resolve }),
    );
    return value as Heard[E];
  }

  /** All that was heard since `forget`, in order. */
  heard(): Entry[] {
    return this.log.slice(this.forgotten);
  }

  /** The names of all that was heard since `forget`, in order, acks among them. */
  names(): string[] {
    return this.heard().map((entry) => entry.name);
  }

  /** The names of the events that were heard since `forget`, in order. */
  events(): string[] {
    return this.names().filter((name) => !name.startsWith('ack '));
  }

  /** The arguments of every event of this name that was heard since `forget`. */
  all<E extends keyof Heard>(event: E): Heard[E][] {
    return this.heard()
      .filter((entry) => entry.name === event)
      .map((entry) => entry.value as Heard[E]);
  }

  forget(): void {
    this.forgotten = this.log.length;
  }

  /**
   * A round trip that changes nothing and that nobody hears of. What the server had sent to this socket before has
   * arrived when it is done, so what has not been heard by then was not sent.
   */
  async settle(): Promise<void> {
    await within(`a round trip of ${this.id}`, (resolve) => {
      this.socket.emit('messages:load', {}, resolve);
    });
  }

  close(): void {
    this.socket.disconnect();
  }

  private record(name: string, value: unknown): void {
    this.log.push({ name, value });
    const index = this.waiters.findIndex((waiter) => waiter.name === name);
    if (index < 0) return;
    const [waiter] = this.waiters.splice(index, 1);
    this.read.set(name, this.log.length);
    waiter.resolve(value);
  }
}

/** A promise that fails when it takes longer than anything may. */
export function within<T>(
  what: string | (() => string),
  work: (resolve: (value: T) => void, reject: (error: Error) => void) => void,
  patience = PATIENCE,
): Promise<T> {
  return new Promise<T>((resolve, reject) => {
    const late = timer(() => {
      const text = typeof what === 'string' ? what : what();
      reject(new Error(`waited ${patience} ms for ${text}`));
    }, patience);
    const done = () => clearTimeout(late);
    work(
      (value) => (done(), resolve(value)),
      (error) => (done(), reject(error)),
    );
  });
}
