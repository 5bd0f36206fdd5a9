// The user's own edits, deletions and reactions: shown at once, and taken back when the server refuses them.
import { offline } from './errors.js';
import type { Message } from './protocol.js';
import type { RoomHost } from './roomHost.js';
import * as timeline from './timeline.js';

/** Applied twice, it is the same as once. */
type Change = (messages: timeline.Timeline) => timeline.Timeline;

export class MessageChanges {
  /** Those that are not answered, oldest first. */
  private unanswered: readonly Change[] = [];

  /**
   * `apply` changes the messages that the server has told by what it has acked, if it has, and shows them with what is not
   * answered.
   */
  constructor(
    private readonly roomId: string,
    private readonly host: RoomHost,
    private readonly apply: (acked?: Change) => void,
  ) {}

  /** The messages with all unanswered changes; the same object when there are none. */
  over(sent: timeline.Timeline): timeline.Timeline {
    return this.unanswered.reduce((shown, change) => change(shown), sent);
  }

  async edit(messageId: string, content: string): Promise<Message> {
    const updatedAt = new Date().toISOString();
    const { message } = await this.make(
      (messages) => timeline.change(messages, messageId, (there) => ({ ...there, content, updatedAt })),
      // The event, which comes before the answer, has the time of the server.
      undefined,
      () => this.host.ask('message:edit', { messageId, content }),
    );
    return message;
  }

  async remove(messageId: string): Promise<void> {
    const change: Change = (messages) => timeline.remove(messages, messageId);
    await this.make(change, change, () =>
      this.host.ask('message:delete', { messageId, roomId: this.roomId }),
    );
  }

  async react(event: 'reaction:add' | 'reaction:remove', messageId: string, emoji: string): Promise<void> {
    const userId = this.host.author()?.id;
    if (userId === undefined) throw offline();
    const isAdded = event === 'reaction:add';
    const change: Change = (messages) =>
      timeline.setReaction(messages, messageId, { emoji, userId }, isAdded);
    await this.make(change, change, () => this.host.ask(event, { messageId, roomId: this.roomId, emoji }));
  }

  private async make<T>(change: Change, acked: Change | undefined, ask: () => Promise<T>): Promise<T> {
    if (!this.host.socket.connected) throw offline();
    let outcome: Change | undefined;
    this.unanswered = [...this.unanswered, change];
    this.apply();
    try {
      const answer = await ask();
      outcome = acked;
      return answer;
    } finally {
      // Without an answer nothing is known: a change that was made is heard.
      this.unanswered = this.unanswered.filter((other) => other !== change);
      this.apply(outcome);
    }
  }
}
