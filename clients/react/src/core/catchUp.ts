// Applies a room's changes in order, each once. The server numbers them (`seq`) without gaps; missing ones are
// requested with `messages:sync`. Changes from a server that does not number them, such as the original's, are
// applied as they arrive.
import { ChatError, isPassing } from './errors.js';
import type { LogEvents, Synced } from './protocol.js';

export type LogEvent = {
  [Event in keyof LogEvents]: { event: Event; data: Parameters<LogEvents[Event]>[0] };
}[keyof LogEvents];

interface Owner {
  /** The answer of `messages:sync`. */
  sync(since: number): Promise<Synced>;
  /** Shows the changes in this order, at once. */
  apply(events: readonly LogEvent[]): void;
  /** The gap cannot be filled: the room has to be joined again. */
  lost(since: number): void;
}

/** The pause between two attempts when the server cannot answer, in milliseconds. It doubles each time. */
const AFTER_ERROR = 1_000;
/** The same pause when the server answers and changes are still missing. */
const AFTER_GAP = 100;
const LONGEST_PAUSE = 15_000;

export class CatchUp {
  /** The number of the last applied change; undefined before the first history. */
  private seq: number | undefined;
  /** Buffered changes that arrived ahead of a missing one. */
  private early: LogEvent[] = [];
  private isAsking = false;
  /** Counts connections. Answers to requests of an earlier connection are ignored. */
  private connection = 0;

  constructor(private readonly owner: Owner) {}

  get last(): number | undefined {
    return this.seq;
  }

  /** Sets the number of the change up to which the shown history is complete. */
  begin(seq: number | undefined): void {
    this.seq = seq;
    this.early = [];
  }

  /** The connection is lost, and with it the answers to pending requests. */
  interrupt(): void {
    this.connection += 1;
    this.isAsking = false;
    this.early = [];
  }

  /** Requests the missing changes if the room has advanced to `seq`. */
  async reach(seq: number): Promise<void> {
    if (this.seq !== undefined && this.seq < seq) await this.fill();
  }

  /** Applies a received change, or buffers it if an earlier one is missing. */
  async hear(event: LogEvent): Promise<void> {
    const { seq } = event.data;
    if (seq === undefined || this.seq === undefined) return this.owner.apply([event]);
    if (seq <= this.seq) return;
    if (this.isAsking || seq > this.seq + 1) {
      this.early.push(event);
      return this.fill();
    }
    this.seq = seq;
    this.owner.apply([event]);
  }

  private async fill(): Promise<void> {
    if (this.isAsking) return;
    this.isAsking = true;
    const connection = this.connection;
    const isOver = () => connection !== this.connection;
    let pause = 0;
    try {
      for (;;) {
        if (pause > 0) await new Promise((resolve) => setTimeout(resolve, pause));
        if (isOver()) return;
        const since = this.seq ?? 0;
        let answer: Synced;
        try {
          answer = await this.owner.sync(since);
        } catch (error) {
          if (isOver()) return;
          if (!(error instanceof ChatError && isPassing(error.code))) return this.owner.lost(since);
          pause = longer(pause, AFTER_ERROR);
          continue;
        }
        if (isOver()) return;
        if (!answer.complete && !answer.more) return this.owner.lost(since);
        this.seq = answer.seq;
        this.owner.apply(answer.events as LogEvent[]);
        const isNextPage = answer.more && answer.seq > since;
        if (!answer.more && this.takeEarly()) return;
        pause = isNextPage ? 0 : longer(pause, AFTER_GAP);
      }
    } finally {
      if (!isOver()) this.isAsking = false;
    }
  }

  /** Applies the buffered changes that are next in order; false if one before the rest is still missing. */
  private takeEarly(): boolean {
    const due: LogEvent[] = [];
    let seq = this.seq ?? 0;
    const inOrder = [...this.early].sort((one, other) => (one.data.seq ?? 0) - (other.data.seq ?? 0));
    for (const event of inOrder) {
      const its = event.data.seq ?? 0;
      if (its <= seq) continue;
      if (its > seq + 1) break;
      seq = its;
      due.push(event);
    }
    this.early = this.early.filter((event) => (event.data.seq ?? 0) > seq);
    this.seq = seq;
    if (due.length > 0) this.owner.apply(due);
    return this.early.length === 0;
  }
}

function longer(pause: number, least: number): number {
  return Math.min(Math.max(pause * 2, least), LONGEST_PAUSE);
}
