// A server in place of socket.io-client: it takes every token, and answers what a test has told it to.
// In a test's file: `vi.mock('socket.io-client', async () => ({ io: (await import('./fakeServer.js')).io }))`.
import { ownerOf } from '../src/core/token.js';

interface Options {
  path?: string;
  auth: (give: (auth: { token: string; protocol: number }) => void) => void;
}
type Listener = (...heard: unknown[]) => void;
type Answer = (argument: unknown, socket: FakeSocket) => unknown;

/** Every socket that has tried to connect since the last `reset`. */
export const sockets: FakeSocket[] = [];
/** The handlers that answer events, by event name. Other events get no ack. */
export const answers = new Map<string, Answer>();

/** Whether the server can be reached. */
export const network = { isAway: false };

export function reset(): void {
  network.isAway = false;
  sockets.length = 0;
  answers.clear();
}

export const tokenOf = (id: string, serial = 0) =>
  `x.${btoa(JSON.stringify({ sub: id, name: id, serial }))}.x`;

export const message = (id: string, content: string, senderId: string, seq?: number) => ({
  id,
  roomId: 'general',
  senderId,
  senderName: senderId,
  sender: { name: senderId },
  content,
  type: 'text',
  metadata: {},
  replyTo: null,
  createdAt: '2026-01-31T09:05:00.000Z',
  updatedAt: null,
  reactions: [],
  seq,
});

export class FakeSocket {
  connected = false;
  active = false;
  /** The user id of the token of its last connection. */
  user: string | undefined;
  /** The protocol version of its last handshake. */
  protocol: number | undefined;
  /** The events that the page emitted without an ack, such as `room:join general`. */
  readonly said: string[] = [];
  /** How often it connected. */
  connections = 0;
  private readonly unanswered: ((error: Error) => void)[] = [];
  private readonly listeners = new Map<string, Listener[]>();

  constructor(
    readonly url: string,
    readonly options: Options,
  ) {}

  on(event: string, listener: Listener): void {
    this.listeners.set(event, [...(this.listeners.get(event) ?? []), listener]);
  }

  off(event: string, listener: Listener): void {
    this.listeners.set(
      event,
      (this.listeners.get(event) ?? []).filter((other) => other !== listener),
    );
  }

  /** The number of listeners, of all events. */
  get listening(): number {
    return [...this.listeners.values()].flat().length;
  }

  connect(): void {
    this.active = true;
    if (!sockets.includes(this)) sockets.push(this);
    if (network.isAway) {
      void Promise.resolve().then(() => this.hears('connect_error', new Error('no route')));
      return;
    }
    this.options.auth(({ token, protocol }) => {
      this.protocol = protocol;
      void Promise.resolve().then(() => this.greet(token));
    });
  }

  private greet(token: string): void {
    if (!this.active) return;
    this.user = ownerOf(token)?.id;
    this.connections += 1;
    this.connected = true;
    this.hears('connect');
  }

  disconnect(): void {
    this.active = false;
    if (this.connected) this.lose('io client disconnect');
  }

  /** Breaks the connection. The socket reconnects at once, as socket.io-client does by itself. */
  breaks(): void {
    this.lose('transport close');
    this.connect();
  }

  private lose(reason: string): void {
    this.connected = false;
    this.unanswered.splice(0).forEach((reject) => reject(new Error('socket has been disconnected')));
    this.hears('disconnect', reason);
  }

  emit(event: string, argument: unknown): void {
    this.said.push(`${event} ${String(argument)}`);
  }

  timeout() {
    return {
      emitWithAck: (event: string, argument: unknown): Promise<unknown> => {
        const answer = answers.get(event);
        return new Promise((resolve, reject) => {
          this.unanswered.push(reject);
          if (answer) void Promise.resolve(answer(argument, this)).then(resolve, reject);
        });
      },
    };
  }

  /** Calls the page's listeners as if the server had sent this event. */
  hears(event: string, ...said: unknown[]): void {
    this.listeners.get(event)?.forEach((listener) => listener(...said));
  }
}

export function io(url: string, options: Options): FakeSocket {
  return new FakeSocket(url, options);
}
