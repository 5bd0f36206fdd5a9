// Typing indicators. `Writers` lists the other users who are typing. `Writing` sends the current user's
// `typing:start` and `typing:stop`, rate-limited.
import type { TypingUser } from './types.js';

/** A typing user is removed when no event about them arrives for this long, in milliseconds. */
const EXPIRES = 6_000;
/** The minimum time between two `typing:start` events, in milliseconds. */
const REPEAT = 2_000;
/** The user counts as no longer typing after this long without a keypress, in milliseconds. */
const PAUSE = 3_000;

type Timer = ReturnType<typeof setTimeout>;

/** The other users who are typing. */
export class Writers {
  private readonly timers = new Map<string, Timer>();
  private users: readonly TypingUser[] = [];

  constructor(private readonly changed: (users: readonly TypingUser[]) => void) {}

  add(user: TypingUser): void {
    clearTimeout(this.timers.get(user.userId));
    this.timers.set(
      user.userId,
      setTimeout(() => this.remove(user.userId), EXPIRES),
    );
    if (this.users.some(({ userId }) => userId === user.userId)) return;
    this.set([...this.users, user]);
  }

  remove(userId: string): void {
    const timer = this.timers.get(userId);
    if (timer === undefined) return;
    clearTimeout(timer);
    this.timers.delete(userId);
    this.set(this.users.filter((user) => user.userId !== userId));
  }

  clear(): void {
    this.timers.forEach((timer) => clearTimeout(timer));
    this.timers.clear();
    if (this.users.length > 0) this.set([]);
  }

  private set(users: readonly TypingUser[]): void {
    this.users = users;
    this.changed(users);
  }
}

/** The current user's typing. */
export class Writing {
  private told = 0;
  private pause: Timer | undefined;

  constructor(private readonly tell: (event: 'typing:start' | 'typing:stop') => void) {}

  /** Called on each keypress. */
  readonly start = (): void => {
    clearTimeout(this.pause);
    this.pause = setTimeout(this.stop, PAUSE);
    const now = Date.now();
    if (now - this.told < REPEAT) return;
    this.told = now;
    this.tell('typing:start');
  };

  readonly stop = (): void => {
    if (this.pause === undefined) return;
    this.forget();
    this.tell('typing:stop');
  };

  /** Resets the state without sending `typing:stop`: a message was sent, or the connection was lost. */
  forget(): void {
    clearTimeout(this.pause);
    this.pause = undefined;
    this.told = 0;
  }
}
