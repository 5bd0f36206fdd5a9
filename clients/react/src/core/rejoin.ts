// Joining again after a refusal that passes, such as that of a database which did not answer in time.

/** The pause before the first attempt, in milliseconds; each next one is twice as long. */
const FIRST_PAUSE = 1_000;
const LONGEST_PAUSE = 15_000;

export class Rejoin {
  private pause = FIRST_PAUSE;
  private timer: ReturnType<typeof setTimeout> | undefined;

  constructor(private readonly join: () => void) {}

  schedule(): void {
    clearTimeout(this.timer);
    this.timer = setTimeout(this.join, this.pause);
    this.pause = Math.min(this.pause * 2, LONGEST_PAUSE);
  }

  /** The room was entered, or nobody wants to enter it any more. */
  stop(): void {
    clearTimeout(this.timer);
    this.pause = FIRST_PAUSE;
  }
}
