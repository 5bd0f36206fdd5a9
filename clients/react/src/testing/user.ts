// Another user of the server in memory, for whom a test speaks.
import { ChatError } from '../core/errors.js';
import type { Answer, Message, SendRequest, ServerToClientEvents } from '../core/protocol.js';
import type { Asked } from '../core/wire.js';
import type { Told } from './peer.js';
import type { MemorySocket } from './socket.js';

export type { Told };

export class TestUser {
  constructor(
    readonly id: string,
    private readonly socket: MemorySocket,
  ) {}

  /** Sends any event. Resolves with the answer once others have been told; rejects with a `ChatError` when it was refused. */
  async ask<Event extends keyof Asked>(
    event: Event,
    argument: Asked[Event]['argument'],
  ): Promise<Asked[Event]['answer']> {
    const answer = (await this.socket.emitWithAck(event, argument)) as Answer;
    if (answer.success === false) throw ChatError.from(answer);
    return answer;
  }

  /** Sends a message to a room, joined or not. */
  async send(
    roomId: string,
    content: string,
    options?: Omit<SendRequest, 'roomId' | 'content'>,
  ): Promise<Message> {
    return (await this.ask('message:send', { roomId, content, ...options })).message;
  }

  /** Calls the listener with each event of this name that the user receives. */
  on<Name extends keyof ServerToClientEvents>(event: Name, listener: (data: Told<Name>) => void): void {
    this.socket.on(event, listener);
  }

  disconnect(): void {
    this.socket.disconnect();
  }

  /** Resolves when the server has taken the connection. */
  connect(): Promise<void> {
    return new Promise((resolve, reject) => {
      this.socket.on('connect', () => resolve());
      this.socket.on('connect_error', (error: Error) => reject(error));
      this.socket.connect();
    });
  }
}
