// A room's changes in their order, each once. The server numbers them (`seq`) without holes; what is missing is asked for
// by `messages:sync`. A server that numbers nothing, as the original's, is taken at its word.
import { ChatError } from './errors.js';
import type { LogEvents, Synced } from './protocol.js';

export type LogEvent = {
  [Event in keyof LogEvents]: { event: Event; data: Parameters<LogEvents[Event]>[0] };
}[keyof LogEvents];

interface Owner {
  /** The answer of `messages:sync`. */
  sync(since: number): Promise<Synced>;
  /** To be shown, in this order, at once. */
  apply(events: readonly LogEvent[]): void;
  /** There is no way from what is shown to what is now: the room is to be joined anew. */
  lost(since: number): void;
}

/** Between two attempts when the server cannot answer, in milliseconds; each next one is twice as long. */
const AFTER_ERROR = 1_000;
/** The same when it answers and something is still missing. */
const AFTER_GAP = 100;
const LONGEST_PAUSE = 15_000;

export class CatchUp {
  /** The last change that is shown; undefined before the first history. */
  private seq: number | undefined;
  /** What came while something before it is missing. */
  private early: LogEvent[] = [];
  private isAsking = false;
  /** Answers to questions of an earlier connection are of no use. */
  private connection = 0;

  constructor(private readonly owner: Owner) {}

  get last(): number | undefined {
    return this.seq;
  }

  /** What is shown is the room as of this change. */
  begin(seq: number | undefined): void {
    this.seq = seq;
    this.early = [];
  }

  /** The connection is gone, and with it the answers. */
  interrupt(): void {
    this.connection += 1;
    this.isAsking = false;
    this.early = [];
  }

  /** The room has come to here. */
  async reach(seq: number): Promise<void> {
    if (this.seq !== undefined && this.seq < seq) await this.fill();
  }

  /** A change that was heard. */
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
          if (!(error instanceof ChatError && error.isPassing)) return this.owner.lost(since);
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

  /** Shows what was early and no longer is; false if something before it is still missing. */
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
