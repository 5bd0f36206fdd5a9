// One end of a connection to the server in memory, with the part of Socket.IO's interface that a client uses.
import { uuid } from '../core/uuid.js';

type Listener = (...heard: never[]) => void;
export type GiveAuth = (give: (auth: { token?: unknown }) => void) => void;
export type Answered = (answer: unknown) => void;

/** The part of the server that a socket uses. */
export interface Door {
  connect: (socket: MemorySocket, token: unknown) => void;
  receive: (socket: MemorySocket, event: string, argument: unknown, answer?: Answered) => void;
  disconnected: (socket: MemorySocket) => void;
}

/** As on a network, nothing is heard before the caller's own code has run. */
const soon = (work: () => void): void => void Promise.resolve().then(work);

export class MemorySocket {
  id: string | undefined;
  connected = false;
  /** It connects by itself when the server can be reached. */
  active = false;
  private readonly listeners = new Map<string, Set<Listener>>();
  private readonly unanswered = new Set<(error: Error) => void>();
  /** Events that were sent before there was a connection. */
  private waiting: (() => void)[] = [];

  constructor(
    private readonly door: Door,
    private readonly auth: GiveAuth,
  ) {}

  on(event: string, listener: Listener): this {
    this.listeners.set(event, new Set(this.listeners.get(event)).add(listener));
    return this;
  }

  off(event: string, listener?: Listener): this {
    if (listener) this.listeners.get(event)?.delete(listener);
    else this.listeners.delete(event);
    return this;
  }

  connect(): this {
    if (this.connected) return this;
    this.active = true;
    this.auth(({ token }) => soon(() => this.active && !this.connected && this.door.connect(this, token)));
    return this;
  }

  disconnect(): this {
    this.active = false;
    this.end('io client disconnect');
    return this;
  }

  emit(event: string, argument?: unknown, answer?: Answered): this {
    this.send(event, argument, answer);
    return this;
  }

  emitWithAck(event: string, argument?: unknown): Promise<unknown> {
    return new Promise((resolve, reject) => {
      this.unanswered.add(reject);
      this.send(event, argument, (answer) => {
        this.unanswered.delete(reject);
        resolve(answer);
      });
    });
  }

  /** The server in memory always answers. */
  timeout(): { emitWithAck: (event: string, argument?: unknown) => Promise<unknown> } {
    return { emitWithAck: (event, argument) => this.emitWithAck(event, argument) };
  }

  // The server's side.

  accept(): void {
    this.id = uuid();
    this.connected = true;
    this.tell('connect');
    for (const send of this.waiting.splice(0)) send();
  }

  refuse(error: Error): void {
    this.tell('connect_error', error);
  }

  hear(event: string, ...data: unknown[]): void {
    // Each listener has data of its own, as after a network.
    const copies = data.map(copyOf);
    soon(() => this.connected && this.tell(event, ...copies));
  }

  /** The connection is gone. */
  end(reason: string): void {
    this.waiting = [];
    if (!this.connected) return;
    this.connected = false;
    this.id = undefined;
    for (const reject of this.unanswered) reject(new Error('socket has been disconnected'));
    this.unanswered.clear();
    this.door.disconnected(this);
    this.tell('disconnect', reason);
  }

  private send(event: string, argument: unknown, answer?: Answered): void {
    if (!this.connected) {
      this.waiting.push(() => this.send(event, argument, answer));
      return;
    }
    const copy = copyOf(argument);
    const { id } = this;
    const answerHere = answer && ((said: unknown) => soon(() => this.id === id && answer(copyOf(said))));
    soon(() => this.id === id && this.door.receive(this, event, copy, answerHere));
  }

  private tell(event: string, ...data: unknown[]): void {
    for (const listener of [...(this.listeners.get(event) ?? [])])
      (listener as (...heard: unknown[]) => void)(...data);
  }
}

/** The value as it arrives: without keys that are undefined, and not the object that the sender still holds. */
function copyOf(value: unknown): unknown {
  return value === undefined ? undefined : (JSON.parse(JSON.stringify(value)) as unknown);
}
