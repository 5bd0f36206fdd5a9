// One's own messages of a room that the server has not acked yet.
import type { Message, SendRequest } from './protocol.js';
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
  private readonly all = new Map<string, Pending>();

  /** Those to be shown after all others, in the order in which they were written. */
  shown(): ChatMessage[] {
    const shown = [...this.all.values()].filter(({ heardAs }) => !heardAs);
    return shown.sort((one, other) => one.at - other.at).map(({ message }) => message);
  }

  has(clientId: string): boolean {
    return this.all.has(clientId);
  }

  add(request: SendRequest & { clientId: string }, at: number, author: Author): void {
    const { clientId, roomId, content, type = 'text', metadata = {}, replyTo = null } = request;
    const message: ChatMessage = {
      id: clientId,
      key: clientId,
      status: 'sending',
      roomId,
      senderId: author.id,
      senderName: author.name,
      sender: { name: author.name },
      content,
      type,
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

  /** The one that a message must be which was heard of oneself; if there is one, it is shown no more. */
  hear(message: Message): string | undefined {
    for (const [clientId, there] of this.all) {
      const its = there.message;
      const isSame =
        its.status === 'sending' &&
        !there.heardAs &&
        its.content === message.content &&
        its.type === message.type &&
        its.replyTo === message.replyTo;
      if (!isSame) continue;
      there.heardAs = message.id;
      return clientId;
    }
    return undefined;
  }
}
