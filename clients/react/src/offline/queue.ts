// The queue of an offline client: new messages, and edits, deletions and reactions, in the order in which they were made. It
// is bounded, and all tabs of the user show it.
import { Delivery, type Listener, type Wire } from '../core/delivery.js';
import { ChatError, discarded, ignorable } from '../core/errors.js';
import type { Entry, Outbox } from '../core/outbox.js';
import type { Message } from '../core/protocol.js';
import type { Refusal } from '../core/types.js';
import { uuid } from '../core/uuid.js';
import { changeOf, type Change, type QueuedEntry, type QueuedRequest } from './change.js';
import { OfflineOutbox } from './outbox.js';
import { Tabs, type SharedBrowser } from './tabs.js';

/** The most entries that are kept, and the most characters of their contents. */
export const MOST_QUEUED = 500;
const MOST_CHARACTERS = 2_000_000;

const FULL: Refusal = { code: 'full', error: 'Too many messages wait to be sent' };

/** A message from one tab to the others. */
export type Told =
  /** It was stored, or has changed. */
  | { kind: 'entry'; entry: QueuedEntry }
  /** The server has it, with this answer, or it was discarded. */
  | { kind: 'gone'; clientId: string; message?: Message }
  /** The user has signed out. */
  | { kind: 'erased' };

interface Parts {
  owner: string;
  page: string;
  outbox: Outbox;
  wire: Wire;
  listener: Listener;
  browser: SharedBrowser;
  /** Makes a change on the server. Resolves with the message, if the server tells it. */
  makeChange: (change: Change, entry: Entry) => Promise<Message | undefined>;
  /** The user has signed out in another tab. */
  onErased: () => void;
}

export class Queue extends Delivery {
  private readonly tabs: Tabs<Told>;
  /** The entry that another tab has told, while the listeners are told. */
  private isHearing = false;

  constructor(private readonly parts: Parts) {
    super(parts.owner, parts.page, parts.outbox, parts.wire, parts.listener);
    const { outbox, wire, listener, browser } = parts;
    this.tabs = new Tabs<Told>(parts.owner, browser, {
      heard: (told) => this.heard(told),
      leads: () => void this.takeOver(),
    });
    this.wire = {
      isConnected: () => wire.isConnected() && this.tabs.isLeader,
      send: (entry) => this.transmit(entry),
    };
    this.listener = {
      waits: (entry, wasLeft) => listener.waits(entry, wasLeft),
      arrived: (entry, message) => {
        listener.arrived(entry, message);
        this.gone(entry, message);
      },
      failed: (entry, failure) => {
        listener.failed(entry, failure);
        if (!this.isHearing && !changeOf(entry)) this.fold(entry.clientId);
      },
      discarded: (entry) => {
        listener.discarded(entry);
        this.gone(entry);
      },
    };
    if (outbox instanceof OfflineOutbox) outbox.onPut = (entry) => this.stored(entry);
  }

  /** The number of messages and changes that the server does not have. */
  get size(): number {
    return this.waiting.size;
  }

  connected(): void {
    this.tabs.compete();
  }

  disconnected(): void {
    this.tabs.resign();
  }

  /** Tells the other tabs that the user has signed out. */
  erased(): void {
    this.tabs.tell({ kind: 'erased' });
  }

  override close(): void {
    super.close();
    this.tabs.close();
  }

  override send(request: QueuedRequest, written = Date.now()): Promise<Message> {
    if (this.hasSpace(request)) return super.send(request, written);
    const { clientId } = request;
    const { owner, page } = this.parts;
    const entry = { clientId, owner, page, serial: 0, at: written, request, failure: FULL };
    this.waiting.set(clientId, { entry, isKept: true, settle: undefined });
    this.listener.waits(entry);
    this.listener.failed(entry, FULL);
    return ignorable(Promise.reject(new ChatError(FULL.code, FULL.error)));
  }

  override retry(clientId: string): void {
    const there = this.waiting.get(clientId);
    if (there?.entry.failure?.code === FULL.code && !this.hasSpace(there.entry.request)) return;
    super.retry(clientId);
  }

  /** Changes a message that the server cannot have; false if it may have it. */
  amend(clientId: string, content: string): boolean {
    const there = this.waiting.get(clientId);
    if (!there || !this.isUntried(clientId)) return false;
    there.entry = { ...there.entry, request: { ...there.entry.request, content } };
    this.listener.waits(there.entry);
    if (there.entry.failure) this.listener.failed(there.entry, there.entry.failure);
    void this.keep(there);
    return true;
  }

  /** Discards a change that something later has made needless. It counts as made. */
  cancel(clientId: string): void {
    const there = this.waiting.get(clientId);
    if (!there) return;
    there.settle?.resolve({} as Message);
    there.settle = undefined;
    this.discard(clientId);
  }

  /** How an entry ends; undefined if it does not wait. */
  outcomeOf(clientId: string): Promise<Message> | undefined {
    const there = this.waiting.get(clientId);
    if (!there) return undefined;
    const before = there.settle;
    const outcome = new Promise<Message>((resolve, reject) => {
      there.settle = {
        resolve: (message) => {
          before?.resolve(message);
          resolve(message);
        },
        reject: (error) => {
          before?.reject(error);
          reject(error);
        },
      };
    });
    return ignorable(outcome);
  }

  /** Whether the server cannot have this entry: it was never sent, or it was refused. */
  isUntried(clientId: string): boolean {
    const entry: QueuedEntry | undefined = this.waiting.get(clientId)?.entry;
    return entry !== undefined && (!entry.isTried || entry.failure !== undefined);
  }

  /** The ids of changes to a message that the server cannot have. */
  untriedChangesOf(messageId: string, isMeant: (change: Change) => boolean = () => true): string[] {
    return [...this.waiting.values()].flatMap(({ entry }) => {
      const change = changeOf(entry);
      const isIts = change?.messageId === messageId && isMeant(change);
      return isIts && this.isUntried(entry.clientId) ? entry.clientId : [];
    });
  }

  private hasSpace({ content }: { content: string }): boolean {
    const kept = [...this.waiting.values()].filter(({ entry }) => entry.failure?.code !== FULL.code);
    const characters = kept.reduce((sum, { entry }) => sum + entry.request.content.length, 0);
    return kept.length < MOST_QUEUED && characters + content.length <= MOST_CHARACTERS;
  }

  private async transmit(entry: QueuedEntry): Promise<Message> {
    const there = this.waiting.get(entry.clientId);
    if (there && !entry.isTried) {
      there.entry = { ...entry, isTried: true } as QueuedEntry;
      // Not awaited: it is stored before anything of its answer is.
      void this.outbox.put(there.entry);
    }
    const change = changeOf(entry);
    if (!change) {
      const message = await this.parts.wire.send(entry);
      await this.rewrite(entry.clientId, () => ({ messageId: message.id }));
      return message;
    }
    const message = await this.parts.makeChange(change, entry);
    // The next edit of the same message was made with this one in view.
    if (message) await this.rewrite(change.messageId, () => ({ base: message.updatedAt }));
    // The room of a change looks at no more than this.
    return message ?? ({} as Message);
  }

  /** Changes the waiting changes to a message. */
  private async rewrite(messageId: string, to: () => Partial<Change>): Promise<void> {
    for (const there of this.waiting.values()) {
      const change = changeOf(there.entry);
      if (change?.messageId !== messageId) continue;
      const request = { ...there.entry.request, change: { ...change, ...to() } };
      there.entry = { ...there.entry, request };
      await this.outbox.put(there.entry);
    }
  }

  /** A message was refused: its edits become its text, and nothing else of it is sent. */
  private fold(clientId: string): void {
    for (const { entry } of [...this.waiting.values()]) {
      const change = changeOf(entry);
      if (change?.messageId !== clientId) continue;
      this.cancel(entry.clientId);
      if (change.event === 'message:edit') this.amend(clientId, entry.request.content);
      if (change.event === 'message:delete') this.discard(clientId);
    }
  }

  private stored(entry: Entry): void {
    // The server may have answered before the disk did.
    if (this.waiting.has(entry.clientId)) this.tabs.tell({ kind: 'entry', entry });
  }

  private gone({ clientId }: Entry, message?: Message): void {
    if (!this.isHearing) this.tabs.tell({ kind: 'gone', clientId, message });
  }

  private heard(told: Told): void {
    this.isHearing = true;
    try {
      if (told.kind === 'erased') this.parts.onErased();
      else if (told.kind === 'entry') this.hearEntry(told.entry);
      else this.hearGone(told.clientId, told.message);
    } finally {
      this.isHearing = false;
    }
    this.go();
  }

  private hearEntry(entry: QueuedEntry): void {
    const { clientId, failure } = entry;
    const there = this.waiting.get(clientId);
    const own: QueuedEntry | undefined = there?.entry;
    const { content } = entry.request;
    if (there && own?.isTried && !entry.isTried && !failure) {
      // The other tab did not know that it was being sent.
      if (content === own.request.content || changeOf(entry)) return;
      const { roomId } = own.request;
      const change: Change = { event: 'message:edit', messageId: clientId, base: null };
      void this.send({ roomId, content, clientId: uuid(), change });
      return;
    }
    if (there) there.entry = entry;
    else this.insert(entry);
    this.listener.waits(entry, !there);
    if (!failure) return;
    this.listener.failed(entry, failure);
    there?.settle?.reject(new ChatError(failure.code, failure.error));
  }

  /** Puts another tab's entry in its place in the order. */
  private insert(entry: QueuedEntry): void {
    const all = [...this.waiting.values(), { entry, isKept: true, settle: undefined }];
    const sorted = all.sort((one, other) => one.entry.at - other.entry.at);
    this.waiting = new Map(sorted.map((one) => [one.entry.clientId, one]));
  }

  private hearGone(clientId: string, message: Message | undefined): void {
    const there = this.waiting.get(clientId);
    // It may just be being read.
    this.dropped?.add(clientId);
    if (!there) return;
    this.waiting.delete(clientId);
    if (message) {
      this.listener.arrived(there.entry, message);
      there.settle?.resolve(message);
    } else {
      this.listener.discarded(there.entry);
      there.settle?.reject(discarded());
    }
  }
}
