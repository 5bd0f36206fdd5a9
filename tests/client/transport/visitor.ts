// A user of a room with the real socket.io-client and its defaults, who counts what the connection goes through.
import type { Agent } from 'node:http';
import { setTimeout as timer } from 'node:timers';
import { io, type ManagerOptions, type Socket } from 'socket.io-client';
import { within } from '../support/client';
import { tokenOf } from '../support/tokens';

interface Message {
  content: string;
}

interface VisitorOptions {
  /** The client's own default when absent: polling, then the upgrade to websocket. */
  transports?: ManagerOptions['transports'];
  /** Keeps the connections; when it is absent, each request opens its own. */
  agent?: Agent;
}

let serial = 0;

export class Visitor {
  /** The reasons of all disconnects. */
  readonly disconnects: string[] = [];
  /** All messages of the room, in the order in which they arrived. */
  readonly heard: string[] = [];
  /** The own messages that the server acked, in that order. */
  readonly acked: string[] = [];
  readonly sent: string[] = [];
  /** Counts how often the room's members came, after its history. */
  joins = 0;

  private constructor(
    readonly socket: Socket,
    private readonly room: string,
  ) {
    socket.on('message:new', ({ content }: Message) => this.heard.push(content));
    socket.on('disconnect', (reason) => this.disconnects.push(reason));
    // As front ends do: join on each connect.
    socket.on('connect', () => socket.emit('room:join', room));
    socket.on('room:members', () => (this.joins += 1));
  }

  static open(url: string, room: string, name: string, { transports, agent }: VisitorOptions = {}): Visitor {
    const socket = io(url, {
      auth: { token: tokenOf({ id: `${name}-${process.pid}-${++serial}`, name }) },
      forceNew: true,
      ...(transports ? { transports } : {}),
      // The type is that of a browser's client, which has none.
      ...(agent ? { agent: agent as unknown as string } : {}),
    });
    return new Visitor(socket, room);
  }

  /** A visitor who has joined the room. */
  static async join(url: string, room: string, name: string, options: VisitorOptions = {}): Promise<Visitor> {
    const visitor = Visitor.open(url, room, name, options);
    await within('room:members', (resolve) => visitor.socket.once('room:members', resolve));
    return visitor;
  }

  get transport(): string {
    return this.socket.io.engine.transport.name;
  }

  /** The session's secret id, as the handshake gave it. */
  get sid(): string {
    const { id } = this.socket.io.engine as unknown as { id: string | null };
    return id ?? '';
  }

  send(content: string): void {
    this.sent.push(content);
    this.socket.emit('message:send', { roomId: this.room, content }, (answer: { success: boolean }) => {
      if (answer.success) this.acked.push(content);
    });
  }

  /** Resolves once this has come true, or when `patience` milliseconds have passed. */
  async until(isTrue: () => boolean, patience: number): Promise<void> {
    const end = Date.now() + patience;
    while (!isTrue() && Date.now() < end) await elapsed(20);
  }

  close(): void {
    this.socket.disconnect();
  }
}

export function elapsed(millis: number): Promise<void> {
  return new Promise((resolve) => timer(resolve, millis));
}
