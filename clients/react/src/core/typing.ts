// Who is writing: the others, for as long as they say so, and oneself, told no more often than need be.
import type { TypingUser } from './types.js';

/** Who has said nothing for so long has stopped. */
const EXPIRES = 6_000;
/** Between two tellings that one is still writing. */
const REPEAT = 2_000;
/** Without a key for so long one has stopped. */
const PAUSE = 3_000;

type Timer = ReturnType<typeof setTimeout>;

/** The others. */
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

/** Oneself. */
export class Writing {
  private told = 0;
  private pause: Timer | undefined;

  constructor(private readonly tell: (event: 'typing:start' | 'typing:stop') => void) {}

  /** On each key. */
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

  /** It has ended by itself: a message was sent, or the connection is gone. */
  forget(): void {
    clearTimeout(this.pause);
    this.pause = undefined;
    this.told = 0;
  }
}
