// What of a room is unread. `firstUnreadId` stands where the reading stopped: it stays when the room is read, so that a
// divider does not vanish under the reader's eyes, and goes when one answers, or to the next message that is missed.
import type { ChatMessage } from './types.js';
import type { Reading } from './reading.js';

interface State {
  unreadCount: number;
  firstUnreadId: string | null;
}

export class Unread {
  private ids = new Set<string>();
  /** Unread before the room was opened, and older than what is shown of it. */
  private older = 0;
  private first: string | null = null;
  /** The newest message when the last was shown. */
  private newest = '';

  constructor(
    private readonly reading: Reading,
    private readonly changed: (state: State) => void,
  ) {}

  /** The room is shown for the first time; so many messages of others were unread. */
  begin(messages: readonly ChatMessage[], me: string | undefined, count: number): void {
    this.newest = messages.at(-1)?.createdAt ?? '';
    if (count <= 0) return;
    const theirs = messages.filter(({ senderId }) => senderId !== me).slice(-count);
    this.ids = new Set(theirs.map(({ id }) => id));
    this.older = count - theirs.length;
    this.first = theirs[0]?.id ?? null;
    this.tell();
  }

  /** Messages that came while the connection was gone, from a server that cannot say which. */
  missed(messages: readonly ChatMessage[], me: string | undefined): void {
    for (const { id, senderId, createdAt } of messages) {
      if (createdAt > this.newest && senderId !== me) this.heard(id, false);
    }
    this.newest = messages.at(-1)?.createdAt ?? this.newest;
  }

  heard(id: string, isKnown: boolean): void {
    if (isKnown || this.reading.isReading()) return;
    if (this.count === 0) this.first = id;
    this.ids.add(id);
    this.tell();
  }

  deleted(id: string): void {
    if (this.ids.delete(id)) this.tell();
  }

  read(): void {
    this.ids.clear();
    this.older = 0;
    this.tell();
  }

  /** One has written something: whatever was before it has been seen. */
  answered(): void {
    this.first = null;
    this.read();
  }

  /** The room is shown no more. */
  forget(): void {
    this.newest = '';
    this.answered();
  }

  private get count(): number {
    return this.ids.size + this.older;
  }

  private tell(): void {
    this.changed({ unreadCount: this.count, firstUnreadId: this.first });
  }
}
