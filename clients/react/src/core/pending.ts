// One's own messages of a room that the server has not acked yet.
import type { Message, MessageType, SendRequest } from './protocol.js';
import type { ChatMessage, Refusal } from './types.js';

interface Pending {
  message: ChatMessage;
  /** When it was written, in milliseconds. */
  at: number;
  /** The id of what was heard and must be this one: `message:new` comes before the ack and does not name it. */
  heardAs: string | undefined;
}

export interface Author {
  id: string;
  name: string;
}

export class PendingMessages {
  protected readonly all = new Map<string, Pending>();
  /** By the ids of the server, the client ids under which messages were shown before they had one. */
  readonly keys = new Map<string, string>();

  /** Those to be shown after all others, in the order in which they were written. */
  shown(): ChatMessage[] {
    const shown = [...this.all.values()].sort((one, other) => one.at - other.at);
    return shown.flatMap(({ message, heardAs }) => (heardAs ? [] : message));
  }

  add(request: SendRequest & { clientId: string }, at: number, author: Author): void {
    const { clientId, type = 'text', metadata = {}, replyTo = null } = request;
    const message: ChatMessage = {
      ...request,
      id: clientId,
      key: clientId,
      status: 'sending',
      senderId: author.id,
      senderName: author.name,
      sender: { name: author.name },
      type: type as MessageType,
      metadata,
      replyTo,
      createdAt: new Date(at).toISOString(),
      updatedAt: null,
      reactions: [],
    };
    // In its old place if it is sent again.
    this.all.set(clientId, { message, at, heardAs: undefined });
  }

  fail(clientId: string, failure: Refusal): void {
    const there = this.all.get(clientId);
    if (!there) return;
    there.heardAs = undefined;
    there.message = { ...there.message, status: 'failed', failure };
  }

  remove(clientId: string): void {
    this.all.delete(clientId);
  }

  clear(): void {
    this.all.clear();
  }

  /** Which of them, if it was written `by` then, a message of one's own must be; it is shown as that from now on. */
  hear(message: Message, by = Infinity): void {
    if (this.keys.has(message.id)) return;
    for (const [clientId, there] of this.all) {
      if (there.at > by || !isSame(there, message)) continue;
      there.heardAs = message.id;
      this.keys.set(message.id, clientId);
      return;
    }
  }

  /** The same of messages that may be older than they are: those of a history, as after a reload. */
  find(messages: readonly Message[], authorId: string | undefined): void {
    for (const message of messages)
      if (message.senderId === authorId) this.hear(message, Date.parse(message.createdAt));
  }

  /** The server has it under this id. */
  arrived(clientId: string, id: string): void {
    this.all.delete(clientId);
    this.keys.set(id, clientId);
  }

  /** The id of what was taken for it and is another: of the same words, from another page of the same user. */
  mistaken(clientId: string, rightId?: string): string | undefined {
    for (const [id, key] of this.keys) {
      if (key !== clientId || id === rightId) continue;
      this.keys.delete(id);
      return id;
    }
    return undefined;
  }
}

function isSame({ message: its, heardAs }: Pending, message: Message): boolean {
  return (
    its.status === 'sending' &&
    !heardAs &&
    // An excerpt has only the beginning.
    its.content.slice(0, message.truncated && message.content.length) === message.content &&
    its.type === message.type &&
    its.replyTo === message.replyTo
  );
}
