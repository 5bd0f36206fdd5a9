// What of a room is unread. `firstUnreadId` stands where the reading stopped: it stays when the room is read, so that a
// divider does not vanish under the reader's eyes, and goes when one answers, or to the next message that is missed.
import type { ChatMessage } from './types.js';
import type { Reading } from './reading.js';

interface State {
  unreadCount: number;
  firstUnreadId: string | null;
}

/** Who reads, and whether they look. */
interface Reader {
  readonly reading: Reading;
  author(): { id: string } | null;
}

export class Unread {
  private ids = new Set<string>();
  /** Unread before the room was opened, and older than what is shown of it. */
  private older = 0;
  private first: string | null = null;
  /** The newest message when the last was shown. */
  private newest = '';
  /** Whether it is known what was unread before the room was shown. */
  private before: 'not shown' | 'unknown' | 'known' = 'not shown';

  constructor(
    private readonly reader: Reader,
    private readonly changed: (state: State) => void,
  ) {}

  /** How much is unread, once that is known. */
  get known(): number | undefined {
    return this.before === 'known' ? this.count : undefined;
  }

  /** The room is shown, and nothing of it has been read: it can still be said what is unread. */
  get isWaiting(): boolean {
    return this.before === 'unknown';
  }

  /** The room is shown for the first time; so many messages of others were unread. Who does not know how many says so later. */
  begin(messages: readonly ChatMessage[], count: number | undefined): void {
    this.newest = messages.at(-1)?.createdAt ?? '';
    this.before = count === undefined ? 'unknown' : 'known';
    if (!count) return;
    const theirs = messages.filter(({ senderId }) => senderId !== this.reader.author()?.id).slice(-count);
    this.ids = new Set(theirs.map(({ id }) => id));
    this.older = count - theirs.length;
    this.first = theirs[0]?.id ?? null;
    this.tell();
  }

  /** Messages that came while the connection was gone, from a server that cannot say which. */
  missed(messages: readonly ChatMessage[]): void {
    for (const { id, senderId, createdAt } of messages) {
      if (createdAt > this.newest && senderId !== this.reader.author()?.id) this.heard(id, false);
    }
    this.newest = messages.at(-1)?.createdAt ?? this.newest;
  }

  heard(id: string, isKnown: boolean): void {
    if (isKnown || this.reader.reading.isReading()) return;
    if (this.count === 0) this.first = id;
    this.ids.add(id);
    this.tell();
  }

  deleted(id: string): void {
    if (this.ids.delete(id)) this.tell();
  }

  read(): void {
    this.before = 'known';
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
    this.before = 'not shown';
  }

  private get count(): number {
    return this.ids.size + this.older;
  }

  private tell(): void {
    this.changed({ unreadCount: this.count, firstUnreadId: this.first });
  }
}
