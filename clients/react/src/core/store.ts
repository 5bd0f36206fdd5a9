// A value that is looked at and watched: what `useSyncExternalStore` wants, without React.

export type Unsubscribe = () => void;

export interface Readable<T> {
  readonly get: () => T;
  readonly subscribe: (listener: () => void) => Unsubscribe;
}

export class Store<T extends object> implements Readable<T> {
  private readonly listeners = new Set<() => void>();

  constructor(private state: T) {}

  /** The same object until something in it changes. */
  readonly get = (): T => this.state;

  readonly subscribe = (listener: () => void): Unsubscribe => {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  };

  /** Changes some of it; says nothing to anybody when all of it is as it was. */
  patch(changes: Partial<T>): void {
    const keys = Object.keys(changes) as (keyof T)[];
    if (keys.every((key) => Object.is(this.state[key], changes[key]))) return;
    this.state = { ...this.state, ...changes };
    for (const listener of [...this.listeners]) listener();
  }
}
