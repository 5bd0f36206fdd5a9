// A user of the original's front end over the real socket.io-client with its defaults: joins the room on each connect, awaits
// the ack of each message, and sends no message twice.
import { io, type ManagerOptions, type Socket } from 'socket.io-client';
import { tokenOf } from '../support/tokens';

export interface Message {
  id: string;
  senderId: string;
  content: string;
  createdAt: string;
  /** chatoxide's number of the change; Node has none. */
  seq?: number;
}

interface Answer {
  success: boolean;
  message: Message;
  error?: string;
  code?: string;
}

/** Messages that each user may send from its break until all of its room are back: the room's sum is less than a page. */
const ALLOWED_ALONE = 6;

/** Messages that a user may send more than any other of the room: a busy machine is left to the slowest. */
const ALLOWED_AHEAD = 20;

/** The users of one room. */
export class Room {
  readonly users: Commuter[] = [];

  constructor(readonly id: string) {}

  /** The smallest number of messages that a user has sent. */
  get least(): number {
    return Math.min(...this.users.map((user) => user.serial));
  }

  isTogether(): boolean {
    return this.users.every((user) => user.isHere);
  }
}

export class Commuter {
  /** The ids of the messages that it heard or saw in a history. */
  readonly seen = new Set<string>();
  /** The messages that were acked, in the order of sending. */
  readonly acked: Message[] = [];
  /** The messages that were refused. */
  readonly faults: string[] = [];
  /** The messages of the last history, newest first. */
  history: Message[] = [];
  /** How often the history came. */
  joins = 0;
  /** It is connected, and the room's history has come. */
  isHere = false;
  private sentAlone = 0;
  /** How many messages it has sent. */
  serial = 0;
  private isSending = false;
  private isWorking = false;
  private readonly socket: Socket;

  constructor(
    readonly url: string,
    readonly id: string,
    readonly room: Room,
    private readonly changed: () => void,
    transports?: ManagerOptions['transports'],
  ) {
    room.users.push(this);
    this.socket = io(url, {
      auth: { token: tokenOf({ id, name: id }) },
      forceNew: true,
      ...(transports ? { transports } : {}),
    });
    this.socket.on('connect', () => this.socket.emit('room:join', room.id));
    this.socket.on('message:new', (message: Message) => this.seen.add(message.id));
    this.socket.on('room:history', ({ messages }: { messages: Message[] }) => {
      this.history = messages;
      messages.forEach((message) => this.seen.add(message.id));
      this.joins += 1;
      this.isHere = true;
      room.users.forEach((user) => user.work());
      this.changed();
    });
    this.socket.on('disconnect', () => {
      this.isHere = false;
      this.sentAlone = 0;
      // The ack of a message on its way never comes. What is written without a network waits in the client for it.
      this.isSending = false;
      this.work();
    });
  }

  /** Sends message after message from now on, each when the last was acked. */
  start(): void {
    this.isWorking = true;
    this.work();
  }

  /** Sends no more; once it is idle, all that it sent was acked. */
  finish(): void {
    this.isWorking = false;
  }

  get isIdle(): boolean {
    return !this.isSending;
  }

  close(): void {
    this.socket.disconnect();
  }

  /** Resolves when all that the server had sent before has come. */
  async settle(): Promise<void> {
    const before = '2020-01-01T00:00:00.000Z';
    await this.socket.timeout(10_000).emitWithAck('messages:load', { roomId: this.room.id, before });
  }

  /** The whole history, newest first, page by page. */
  async wholeHistory(): Promise<Message[]> {
    const all = [...this.history];
    for (;;) {
      const before = all.at(-1)?.createdAt;
      const page = (await this.socket
        .timeout(10_000)
        .emitWithAck('messages:load', { roomId: this.room.id, before })) as { messages: Message[] };
      if (page.messages.length === 0) return all;
      all.push(...page.messages);
    }
  }

  /** Sends the next message, if there is nothing to wait for. */
  private work(): void {
    if (!this.isWorking || this.isSending || this.serial >= this.room.least + ALLOWED_AHEAD) return;
    if (!this.room.isTogether()) {
      if (this.sentAlone >= ALLOWED_ALONE) return;
      this.sentAlone += 1;
    }
    this.isSending = true;
    const content = `${this.id} ${(this.serial += 1)}`;
    const message = { roomId: this.room.id, content };
    this.socket.emit('message:send', message, (answer: Answer) => {
      // A server that ends may say so: whoever reads that waits for the connection to come back.
      if (answer.code === 'shutting_down') return;
      if (answer.success) this.acked.push(answer.message);
      else this.faults.push(`${content}: ${answer.error}`);
      this.isSending = false;
      this.changed();
      this.room.users.forEach((user) => user.work());
    });
  }
}
