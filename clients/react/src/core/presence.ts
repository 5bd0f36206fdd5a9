// Presence: the users who are online in a room. Join and leave events that arrive while `room:presence` is pending
// are newer than its answer, so they override it.
import type { Presence } from './protocol.js';

export class PresenceList {
  private users: ReadonlySet<string> = new Set();
  private heard: Map<string, boolean> | undefined;

  constructor(
    private readonly question: () => Promise<Presence>,
    private readonly tell: (users: ReadonlySet<string>) => void,
  ) {}

  ask(): void {
    const heard = new Map<string, boolean>();
    this.heard = heard;
    this.question().then(
      ({ users }) => {
        if (this.heard !== heard) return;
        this.heard = undefined;
        const present = new Set(users);
        heard.forEach((isHere, user) => (isHere ? present.add(user) : present.delete(user)));
        this.set(present);
      },
      // The server does not know `room:presence`, or there is no connection: then only join events fill the list.
      () => undefined,
    );
  }

  clear(): void {
    this.heard = undefined;
    if (this.users.size > 0) this.set(new Set());
  }

  /** A user has joined or left. */
  changed(user: string, isHere: boolean): void {
    this.heard?.set(user, isHere);
    if (this.users.has(user) === isHere) return;
    const users = new Set(this.users);
    if (isHere) users.add(user);
    else users.delete(user);
    this.set(users);
  }

  private set(users: ReadonlySet<string>): void {
    this.users = users;
    this.tell(users);
  }
}
