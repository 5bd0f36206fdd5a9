// Sends what is in the outbox: of each room one message at a time, in order, until the server has each.
import { ChatError, ignorable } from './errors.js';
import type { Entry, Outbox } from './outbox.js';
import type { Message } from './protocol.js';
import type { Refusal } from './types.js';

interface Wire {
  isConnected(): boolean;
  send(entry: Entry): Promise<Message>;
}

/** What becomes of a message on its way. */
export interface Listener {
  waits(entry: Entry): void;
  arrived(entry: Entry, message: Message): void;
  failed(entry: Entry, failure: Refusal): void;
  discarded(entry: Entry): void;
}

interface Waiting {
  entry: Entry;
  settle: { resolve(message: Message): void; reject(error: ChatError): void } | undefined;
}

const FIRST_PAUSE = 500;
const LONGEST_PAUSE = 15_000;

export class Delivery {
  private readonly waiting = new Map<string, Waiting>();
  /** Rooms of which a message is being sent. */
  private readonly busy = new Set<string>();
  /** While the outbox is being read, what was sent or discarded meanwhile: what is read may be older. */
  private dropped: Set<string> | undefined;
  private taking: Promise<void> = Promise.resolve();
  private serial = 0;
  private isOpen = true;

  constructor(
    private readonly owner: string,
    private readonly page: string,
    private readonly outbox: Outbox,
    private readonly wire: Wire,
    private readonly listener: Listener,
  ) {}

  /** What an earlier page left behind, and pages that have ended since. */
  takeOver(): Promise<void> {
    return (this.taking = this.taking.then(() => this.take()));
  }

  private async take(): Promise<void> {
    const dropped = (this.dropped = new Set());
    const entries = await this.outbox.take(this.owner);
    this.dropped = undefined;
    for (const entry of entries) {
      const { clientId } = entry;
      if (this.waiting.has(clientId) || dropped.has(clientId) || !this.isOpen) continue;
      this.waiting.set(clientId, { entry, settle: undefined });
      this.listener.waits(entry);
      if (entry.failure) this.listener.failed(entry, entry.failure);
    }
    this.go();
  }

  /** Resolves with the message once the server has it. */
  send(request: Entry['request'] & { clientId: string }): Promise<Message> {
    const { clientId } = request;
    const entry = {
      clientId,
      owner: this.owner,
      page: this.page,
      serial: this.serial++,
      at: Date.now(),
      request,
    };
    const sent = new Promise<Message>((resolve, reject) => {
      this.waiting.set(clientId, { entry, settle: { resolve, reject } });
    });
    this.listener.waits(entry);
    // Kept before it is sent: what was sent and not kept would be lost with the page.
    void this.outbox.put(entry).then(() => this.goOn(request.roomId));
    return ignorable(sent);
  }

  retry(clientId: string): void {
    const there = this.waiting.get(clientId);
    if (!there?.entry.failure) return;
    there.entry = { ...there.entry, failure: undefined };
    this.listener.waits(there.entry);
    void this.outbox.put(there.entry).then(() => this.goOn(there.entry.request.roomId));
  }

  /** A message that is being sent at this moment may arrive all the same. */
  discard(clientId: string): void {
    const there = this.waiting.get(clientId);
    if (!there) return;
    this.drop(there);
    this.listener.discarded(there.entry);
    there.settle?.reject(new ChatError('conflict', 'The message was discarded'));
  }

  /** There is a connection. */
  go(): void {
    const rooms = new Set([...this.waiting.values()].map(({ entry }) => entry.request.roomId));
    rooms.forEach((roomId) => void this.goOn(roomId));
  }

  close(): void {
    this.isOpen = false;
  }

  private drop({ entry }: Waiting): void {
    this.waiting.delete(entry.clientId);
    this.dropped?.add(entry.clientId);
    void this.outbox.remove(entry.clientId);
  }

  private async goOn(roomId: string): Promise<void> {
    if (this.busy.has(roomId)) return;
    this.busy.add(roomId);
    let pause = FIRST_PAUSE;
    for (
      let next = this.next(roomId);
      next && this.wire.isConnected() && this.isOpen;
      next = this.next(roomId)
    ) {
      try {
        const message = await this.wire.send(next.entry);
        pause = FIRST_PAUSE;
        this.drop(next);
        this.listener.arrived(next.entry, message);
        next.settle?.resolve(message);
      } catch (error) {
        const refused = error instanceof ChatError ? error : new ChatError('internal', String(error));
        if (refused.isPassing) {
          if (!this.wire.isConnected()) break;
          await new Promise((resolve) => setTimeout(resolve, pause));
          pause = Math.min(pause * 2, LONGEST_PAUSE);
        } else if (this.waiting.has(next.entry.clientId)) {
          // Kept with its refusal: after a reload it is still there to be sent again, but not by itself.
          next.entry = { ...next.entry, failure: refused.refusal };
          await this.outbox.put(next.entry);
          this.listener.failed(next.entry, refused.refusal);
          next.settle?.reject(refused);
        }
      }
    }
    this.busy.delete(roomId);
  }

  private next(roomId: string): Waiting | undefined {
    for (const there of this.waiting.values()) {
      if (there.entry.request.roomId === roomId && !there.entry.failure) return there;
    }
    return undefined;
  }
}
