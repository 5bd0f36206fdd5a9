// Counts the unread messages of a room. `firstUnreadId` is the message below the "new" divider. Marking the room as
// read keeps it, so that the divider does not vanish while the user reads. Sending a message clears it, and the next
// unread message moves it.
import type { ChatMessage } from './types.js';
import type { Reading } from './reading.js';

interface State {
  unreadCount: number;
  firstUnreadId: string | null;
}

/** The current user, and whether they are reading the room. */
interface Reader {
  readonly reading: Reading;
  author(): { id: string } | null;
}

export class Unread {
  private ids = new Set<string>();
  /** Unread messages that are older than the loaded history. */
  private older = 0;
  private first: string | null = null;
  /** `createdAt` of the newest message in the last history. */
  private newest = '';
  /** Whether the unread count from before the room was shown is known; undefined while the room is not shown. */
  private isKnown: boolean | undefined;

  constructor(
    private readonly reader: Reader,
    private readonly changed: (state: State) => void,
  ) {}

  /** The unread count; undefined until it is known. */
  get known(): number | undefined {
    return this.isKnown ? this.count : undefined;
  }

  /** The room is shown, and its unread count is not known yet. */
  get isWaiting(): boolean {
    return this.isKnown === false;
  }

  /**
   * Called when the room is first shown. `count` is the number of unread messages by others. If it is undefined, this
   * is called again once the count is known.
   */
  begin(messages: readonly ChatMessage[], count: number | undefined): void {
    this.newest = messages.at(-1)?.createdAt ?? '';
    this.isKnown = count !== undefined;
    if (!count) return;
    // Replies that are only in a thread are not unread in the room.
    const counted = messages.filter(
      ({ senderId, thread }) => senderId !== this.reader.author()?.id && thread?.alsoToRoom !== false,
    );
    const theirs = counted.slice(-count);
    this.ids = new Set(theirs.map(({ id }) => id));
    this.older = count - theirs.length;
    this.first = theirs[0]?.id ?? null;
    this.tell();
  }

  /** Counts messages that arrived while disconnected, from a server that does not number changes. */
  missed(messages: readonly ChatMessage[]): void {
    for (const { id, senderId, createdAt } of messages) {
      if (createdAt > this.newest && senderId !== this.reader.author()?.id) this.heard(id, false);
    }
    this.newest = messages.at(-1)?.createdAt ?? this.newest;
  }

  heard(id: string, isShown: boolean): void {
    if (isShown || this.reader.reading.isReading()) return;
    if (this.count === 0) this.first = id;
    this.ids.add(id);
    this.tell();
  }

  deleted(id: string): void {
    if (this.ids.delete(id)) this.tell();
  }

  /** The user has read all messages but the `later` ones. */
  read(later: readonly ChatMessage[] = []): void {
    this.isKnown = true;
    this.ids = new Set(later.flatMap(({ id }) => (this.ids.has(id) ? id : [])));
    this.older = 0;
    this.tell();
  }

  /** The user sent a message, so everything before it counts as read. */
  answered(): void {
    this.first = null;
    this.read();
  }

  /** The room is no longer shown. */
  forget(): void {
    this.newest = '';
    this.answered();
    this.isKnown = undefined;
  }

  private get count(): number {
    return this.ids.size + this.older;
  }

  private tell(): void {
    this.changed({ unreadCount: this.count, firstUnreadId: this.first });
  }
}
