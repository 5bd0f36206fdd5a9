// Sends the messages of the outbox: one at a time per room, in order, until the server has each.
import { ChatError, discarded, ignorable, isPassing } from './errors.js';
import type { Entry, Outbox } from './outbox.js';
import type { Message } from './protocol.js';
import type { Refusal } from './types.js';

export interface Wire {
  isConnected(): boolean;
  send(entry: Entry): Promise<Message>;
}

/** Callbacks for the states of a message in delivery. */
export interface Listener {
  /** `wasLeft`: the message is from an earlier page, which may have sent it. */
  waits(entry: Entry, wasLeft?: boolean): void;
  arrived(entry: Entry, message: Message): void;
  failed(entry: Entry, failure: Refusal): void;
  discarded(entry: Entry): void;
}

export interface Waiting {
  entry: Entry;
  /** The entry is stored in the outbox. It is not sent before that, since it would be lost with the page. */
  isKept: boolean;
  settle: { resolve(message: Message): void; reject(error: ChatError): void } | undefined;
}

const FIRST_PAUSE = 500;
const LONGEST_PAUSE = 15_000;

export class Delivery {
  /** In the order of writing. */
  protected waiting = new Map<string, Waiting>();
  /** Rooms in which a message is being sent. */
  private readonly busy = new Set<string>();
  /** Ids that were sent or discarded while the outbox is being read: the entries that are read may be older. */
  protected dropped: Set<string> | undefined;
  private taking: Promise<void> = Promise.resolve();
  /**
   * The number of outbox reads in progress. Nothing is sent meanwhile: the entries being read were written earlier.
   */
  private takes = 0;
  private serial = 0;
  /** The time of the last entry. It never goes back, even if the clock does, so the order is kept. */
  private last = 0;
  private isOpen = true;

  constructor(
    protected readonly owner: string,
    private readonly page: string,
    protected readonly outbox: Outbox,
    protected wire: Wire,
    protected listener: Listener,
  ) {}

  /** Takes over the outbox entries of earlier pages, and of pages that have closed since. */
  takeOver(): Promise<void> {
    this.takes += 1;
    return (this.taking = this.taking.then(() => this.take()));
  }

  private async take(): Promise<void> {
    const dropped = (this.dropped = new Set());
    const entries = await this.outbox.take(this.owner);
    this.dropped = undefined;
    this.takes -= 1;
    if (!this.isOpen) return;
    const taken = entries.filter(({ clientId }) => !this.waiting.has(clientId) && !dropped.has(clientId));
    const before = taken.map((entry): Waiting => ({ entry, isKept: true, settle: undefined }));
    const all = [...before, ...this.waiting.values()].sort((one, other) => one.entry.at - other.entry.at);
    this.waiting = new Map(all.map((there) => [there.entry.clientId, there]));
    for (const entry of taken) {
      this.last = Math.max(this.last, entry.at);
      this.listener.waits(entry, true);
      if (entry.failure) this.listener.failed(entry, entry.failure);
    }
    this.go();
  }

  /** Resolves with the message once the server has it. `written` is the time of writing, by default now. */
  send(request: Entry['request'] & { clientId: string }, written = Date.now()): Promise<Message> {
    const { clientId } = request;
    this.last = Math.max(this.last, written);
    const entry = {
      clientId,
      owner: this.owner,
      page: this.page,
      serial: this.serial++,
      at: this.last,
      request,
    };
    const sent = new Promise<Message>((resolve, reject) => {
      const there = { entry, isKept: false, settle: { resolve, reject } };
      this.waiting.set(clientId, there);
      this.listener.waits(entry);
      void this.keep(there);
    });
    return ignorable(sent);
  }

  retry(clientId: string): void {
    const there = this.waiting.get(clientId);
    if (!there?.entry.failure) return;
    there.entry = { ...there.entry, failure: undefined };
    this.listener.waits(there.entry);
    void this.keep(there);
  }

  /** Discards a waiting message. One that is being sent at this moment may still arrive. */
  discard(clientId: string): void {
    const there = this.waiting.get(clientId);
    if (!there) return;
    this.drop(there);
    this.listener.discarded(there.entry);
    there.settle?.reject(discarded());
  }

  /** Starts sending in every room; called when there is a connection. */
  go(): void {
    for (const { entry } of this.waiting.values()) void this.goOn(entry.request.roomId);
  }

  /** Stops sending. Waiting messages stay in the outbox. */
  close(): void {
    this.isOpen = false;
  }

  /**
   * Stops sending and rejects the promises of all waiting messages, which stay in the outbox. This page sends them no
   * more.
   */
  abandon(why: ChatError): void {
    this.close();
    this.waiting.forEach(({ settle }) => settle?.reject(why));
    this.waiting.clear();
  }

  protected async keep(there: Waiting): Promise<void> {
    there.isKept = false;
    await this.outbox.put(there.entry);
    there.isKept = true;
    await this.goOn(there.entry.request.roomId);
  }

  protected drop({ entry }: Waiting): void {
    this.waiting.delete(entry.clientId);
    this.dropped?.add(entry.clientId);
    void this.outbox.remove(entry.clientId);
  }

  private async goOn(roomId: string): Promise<void> {
    if (this.busy.has(roomId)) return;
    this.busy.add(roomId);
    let pause = FIRST_PAUSE;
    for (let next = this.next(roomId); next; next = this.next(roomId)) {
      try {
        const message = await this.wire.send(next.entry);
        pause = FIRST_PAUSE;
        this.drop(next);
        this.listener.arrived(next.entry, message);
        next.settle?.resolve(message);
      } catch (error) {
        const refused = error instanceof ChatError ? error : new ChatError('internal', String(error));
        if (isPassing(refused.code)) {
          if (!this.wire.isConnected()) break;
          await new Promise((resolve) => setTimeout(resolve, pause));
          pause = Math.min(pause * 2, LONGEST_PAUSE);
        } else if (this.waiting.has(next.entry.clientId)) {
          // The entry is stored with its refusal: after a reload the user can retry it, but it is not sent
          // automatically.
          next.entry = { ...next.entry, failure: refused.refusal };
          await this.outbox.put(next.entry);
          this.listener.failed(next.entry, refused.refusal);
          next.settle?.reject(refused);
        }
      }
    }
    this.busy.delete(roomId);
  }

  /**
   * The next entry to send in a room. An entry that is not stored yet holds back the later ones, so the order is
   * kept.
   */
  private next(roomId: string): Waiting | undefined {
    if (!this.isOpen || this.takes > 0 || !this.wire.isConnected()) return undefined;
    for (const there of this.waiting.values()) {
      if (there.entry.request.roomId !== roomId || there.entry.failure) continue;
      return there.isKept ? there : undefined;
    }
    return undefined;
  }
}
