// The user's own edits, deletions and reactions: shown at once, and taken back when the server refuses them.
import { ChatError, offline } from './errors.js';
import type { Message, Reaction } from './protocol.js';
import * as timeline from './timeline.js';
import type { Ask } from './wire.js';

/** What the changes need of their room. */
export interface ChangesHost {
  readonly roomId: string;
  readonly ask: Ask;
  isConnected(): boolean;
  author(): { id: string } | null;
  /** The messages as the server has told them. */
  sent(): timeline.Timeline;
  /** Replaces these, and shows them. */
  replace(sent: timeline.Timeline): void;
  /** Shows the messages anew. */
  refresh(): void;
}

interface Edit {
  content: string;
  at: string;
}

export class MessageChanges {
  /** Unanswered edits by message id, the newest last. */
  private edits = new Map<string, readonly Edit[]>();
  /** The number of unanswered deletions by message id. */
  private deletions = new Map<string, number>();

  constructor(private readonly host: ChangesHost) {}

  /** The messages with all unanswered edits and deletions; the same object when there are none. */
  over(sent: timeline.Timeline): timeline.Timeline {
    if (this.edits.size === 0 && this.deletions.size === 0) return sent;
    return sent
      .filter(({ id }) => !this.deletions.has(id))
      .map((message) => {
        const edit = this.edits.get(message.id)?.at(-1);
        return edit ? { ...message, content: edit.content, updatedAt: edit.at } : message;
      });
  }

  /** Another user is here. */
  clear(): void {
    this.edits.clear();
    this.deletions.clear();
  }

  async edit(messageId: string, content: string): Promise<Message> {
    if (!this.host.isConnected()) throw offline();
    const edit = { content, at: new Date().toISOString() };
    this.edits.set(messageId, [...(this.edits.get(messageId) ?? []), edit]);
    this.host.refresh();
    try {
      return (await this.host.ask('message:edit', { messageId, content })).message;
    } finally {
      const others = (this.edits.get(messageId) ?? []).filter((other) => other !== edit);
      if (others.length > 0) this.edits.set(messageId, others);
      else this.edits.delete(messageId);
      this.host.refresh();
    }
  }

  async remove(messageId: string): Promise<void> {
    const { host, deletions } = this;
    if (!host.isConnected()) throw offline();
    deletions.set(messageId, (deletions.get(messageId) ?? 0) + 1);
    host.refresh();
    try {
      await host.ask('message:delete', { messageId, roomId: host.roomId });
      host.replace(timeline.remove(host.sent(), messageId));
    } finally {
      const others = (deletions.get(messageId) ?? 1) - 1;
      if (others > 0) deletions.set(messageId, others);
      else deletions.delete(messageId);
      host.refresh();
    }
  }

  async react(event: 'reaction:add' | 'reaction:remove', messageId: string, emoji: string): Promise<void> {
    const { host } = this;
    const author = host.author();
    if (!author || !host.isConnected()) throw offline();
    const reaction: Reaction = { emoji, userId: author.id };
    const [change, undo] =
      event === 'reaction:add'
        ? [timeline.addReaction, timeline.removeReaction]
        : [timeline.removeReaction, timeline.addReaction];
    const before = host.sent();
    const changed = change(before, messageId, reaction);
    host.replace(changed);
    try {
      await host.ask(event, { messageId, roomId: host.roomId, emoji });
    } catch (error) {
      // Without an answer nothing is known: the change is heard if it was made.
      if (changed !== before && error instanceof ChatError && !error.isPassing)
        host.replace(undo(host.sent(), messageId, reaction));
      throw error;
    }
  }
}
