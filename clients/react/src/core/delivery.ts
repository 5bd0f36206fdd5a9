// Sends what is in the outbox: of each room one message at a time, in order, until the server has each.
import { ChatError, discarded, ignorable } from './errors.js';
import type { Entry, Outbox } from './outbox.js';
import type { Message } from './protocol.js';
import type { Refusal } from './types.js';

interface Wire {
  isConnected(): boolean;
  send(entry: Entry): Promise<Message>;
}

/** What becomes of a message on its way. */
export interface Listener {
  /** `wasLeft`: by an earlier page, which may have sent it. */
  waits(entry: Entry, wasLeft?: boolean): void;
  arrived(entry: Entry, message: Message): void;
  failed(entry: Entry, failure: Refusal): void;
  discarded(entry: Entry): void;
}

interface Waiting {
  entry: Entry;
  /** It is in the outbox: what was sent and not kept would be lost with the page. */
  isKept: boolean;
  settle: { resolve(message: Message): void; reject(error: ChatError): void } | undefined;
}

const FIRST_PAUSE = 500;
const LONGEST_PAUSE = 15_000;

export class Delivery {
  /** In the order of writing. */
  private waiting = new Map<string, Waiting>();
  /** Rooms of which a message is being sent. */
  private readonly busy = new Set<string>();
  /** While the outbox is being read, what was sent or discarded meanwhile: what is read may be older. */
  private dropped: Set<string> | undefined;
  private taking: Promise<void> = Promise.resolve();
  /** Readings of the outbox that have not ended: meanwhile nothing is sent, as what is read was written before. */
  private takes = 0;
  private serial = 0;
  /** When the last was written. A clock may go back; the order does not. */
  private last = 0;
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
    const before = taken.map((entry): [string, Waiting] => [
      entry.clientId,
      { entry, isKept: true, settle: undefined },
    ]);
    const all = [...before, ...this.waiting];
    this.waiting = new Map(all.sort(([, one], [, other]) => one.entry.at - other.entry.at));
    for (const entry of taken) {
      this.last = Math.max(this.last, entry.at);
      this.listener.waits(entry, true);
      if (entry.failure) this.listener.failed(entry, entry.failure);
    }
    this.go();
  }

  /** Resolves with the message once the server has it. `written`: when, if not now. */
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

  /** A message that is being sent at this moment may arrive all the same. */
  discard(clientId: string): void {
    const there = this.waiting.get(clientId);
    if (!there) return;
    this.drop(there);
    this.listener.discarded(there.entry);
    there.settle?.reject(discarded());
  }

  /** There is a connection. */
  go(): void {
    const rooms = new Set([...this.waiting.values()].map(({ entry }) => entry.request.roomId));
    rooms.forEach((roomId) => void this.goOn(roomId));
  }

  /** What waits stays in the outbox. */
  close(): void {
    this.isOpen = false;
  }

  /** The same, for good as far as this page goes: nobody will hear of what waits. */
  abandon(why: ChatError): void {
    this.close();
    this.waiting.forEach(({ settle }) => settle?.reject(why));
    this.waiting.clear();
  }

  private async keep(there: Waiting): Promise<void> {
    there.isKept = false;
    await this.outbox.put(there.entry);
    there.isKept = true;
    await this.goOn(there.entry.request.roomId);
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
    for (let next = this.next(roomId); next; next = this.next(roomId)) {
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

  /** What is to be sent now; nothing overtakes what was written before. */
  private next(roomId: string): Waiting | undefined {
    if (!this.isOpen || this.takes > 0 || !this.wire.isConnected()) return undefined;
    for (const there of this.waiting.values()) {
      if (there.entry.request.roomId !== roomId || there.entry.failure) continue;
      return there.isKept ? there : undefined;
    }
    return undefined;
  }
}
