// The messages that mention the user, newest first, as the server lists them and as they come. It stands apart from the client,
// so that a page without it is not larger for it.
import { perClient } from './perClient.js';
import { ChatError } from './errors.js';
import type { MentionNotice } from './protocol.js';
import { Store, type Readable, type Unsubscribe } from './store.js';
import type { Refusal } from './types.js';
import { asking, type Ask, type ChatSocket } from './wire.js';

export interface MentionInboxState {
  mentions: readonly MentionNotice[];
  /** The number of unread ones among those that are loaded. */
  unreadCount: number;
  /** The first page is loaded. */
  isReady: boolean;
  hasMore: boolean;
  refusal: Refusal | null;
}

const EMPTY: MentionInboxState = {
  mentions: [],
  unreadCount: 0,
  isReady: false,
  hasMore: false,
  refusal: null,
};

export class MentionInbox implements Readable<MentionInboxState> {
  private readonly store = new Store<MentionInboxState>(EMPTY);
  private readonly ask: Ask;
  private watchers = 0;
  private before: string | null = null;
  /** Mentions that came during a load of the first page: its answer may not have them. */
  private pushed: MentionNotice[] = [];
  /** All mentions up to then are read, whatever an answer on its way says. */
  private readAt = '';
  /** Counts the loads: an answer to an earlier one is void. */
  private loads = 0;

  readonly get = this.store.get;

  constructor(private readonly socket: ChatSocket) {
    this.ask = asking(socket);
    socket.on('connect', () => this.reload());
    socket.on('mention:new', (mention) => this.add(mention));
    socket.on('mention:read', ({ at }) => this.markReadUpTo(at));
    // The room was read, on any device.
    socket.on('room:unread', ({ roomId, mentionCount }) => mentionCount === 0 && this.markRoomRead(roomId));
    socket.on('message:deleted', ({ messageId }) => {
      const mentions = this.store.get().mentions.filter((mention) => mention.messageId !== messageId);
      this.show(mentions);
    });
  }

  readonly subscribe = (listener: () => void): Unsubscribe => {
    const unsubscribe = this.store.subscribe(listener);
    this.watchers += 1;
    // Another component keeps it up to date.
    if (this.watchers === 1) this.reload();
    return () => {
      unsubscribe();
      this.watchers -= 1;
    };
  };

  /** Loads the next page. */
  readonly loadMore = (): Promise<void> => this.load(this.before);

  /** Marks all mentions as read, on every device. */
  readonly markAllRead = async (): Promise<void> => {
    const { at } = await this.ask('mentions:read', {});
    this.markReadUpTo(at);
  };

  /** Shows the mentions in this room as read: the user is reading it. The server knows by the room's read mark. */
  readonly markRoomRead = (roomId: string): void => {
    this.markThose((mention) => mention.roomId === roomId);
  };

  private reload(): void {
    if (this.watchers > 0 && this.socket.connected) void this.load(null);
  }

  private async load(before: string | null): Promise<void> {
    const load = (this.loads += 1);
    this.pushed = [];
    try {
      const page = await this.ask('mentions:list', { before });
      if (load !== this.loads) return;
      this.before = page.before;
      const shown = before === null ? this.pushed : this.store.get().mentions;
      this.show(unique([...shown, ...page.mentions]));
      this.store.patch({ isReady: true, hasMore: page.before !== null, refusal: null });
    } catch (error) {
      if (load !== this.loads) return;
      const { code, message } = error instanceof ChatError ? error : new ChatError('internal', String(error));
      this.store.patch({ refusal: { code, error: message } });
    }
  }

  private add(mention: MentionNotice): void {
    this.pushed.unshift(mention);
    this.show(unique([mention, ...this.store.get().mentions]));
  }

  private markReadUpTo(at: string): void {
    if (at > this.readAt) this.readAt = at;
    this.show(this.store.get().mentions);
  }

  private markThose(isRead: (mention: MentionNotice) => boolean): void {
    const { mentions } = this.store.get();
    this.show(
      mentions.map((mention) =>
        mention.isUnread && isRead(mention) ? { ...mention, isUnread: false } : mention,
      ),
    );
  }

  private show(listed: readonly MentionNotice[]): void {
    const mentions = listed.map((mention) =>
      mention.isUnread && mention.at <= this.readAt ? { ...mention, isUnread: false } : mention,
    );
    this.store.patch({ mentions, unreadCount: mentions.filter(({ isUnread }) => isUnread).length });
  }
}

/** The first of those of each message. */
function unique(mentions: readonly MentionNotice[]): MentionNotice[] {
  const seen = new Set<string>();
  return mentions.filter(({ messageId }) => !seen.has(messageId) && seen.add(messageId));
}

/** The inbox of this client's user. */
export const mentionInboxOf = perClient((client) => new MentionInbox(client.socket));
