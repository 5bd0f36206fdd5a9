// A browser whose tabs share locks, channels and a disk: any of them may be killed.
import { IDBFactory } from 'fake-indexeddb';
import type { SharedBrowser } from '../../src/offline/tabs.js';

interface Held {
  name: string;
  mode: LockMode;
  tab: Tab;
}

interface Waiting {
  name: string;
  mode: LockMode;
  tab: Tab;
  grant: () => void;
}

export class Browser {
  readonly disk = new IDBFactory();
  readonly channels = new Set<{ name: string; tab: Tab; hear: (data: unknown) => void }>();
  held: Held[] = [];
  waiting: Waiting[] = [];

  /** A tab; without `hasLocks` it is one of a page that is not on https. */
  open(hasLocks = true): Tab {
    return new Tab(this, hasLocks);
  }

  mayHave(name: string, mode: LockMode): boolean {
    const others = this.held.filter((lock) => lock.name === name);
    return others.length === 0 || (mode === 'shared' && others.every((lock) => lock.mode === 'shared'));
  }

  grantNext(): void {
    for (const one of [...this.waiting]) {
      if (!this.mayHave(one.name, one.mode)) continue;
      this.waiting = this.waiting.filter((other) => other !== one);
      one.grant();
    }
  }
}

export class Tab implements SharedBrowser {
  readonly locks: LockManager | undefined;
  private isAlive = true;

  constructor(
    private readonly browser: Browser,
    hasLocks: boolean,
  ) {
    const query = () => Promise.resolve({ held: this.browser.held.map(({ name }) => ({ name })) });
    if (hasLocks) this.locks = { request: this.request, query } as unknown as LockManager;
  }

  readonly channel = (name: string): BroadcastChannel => {
    const listeners: ((event: { data: unknown }) => void)[] = [];
    const own = { name, tab: this, hear: (data: unknown) => listeners.forEach((hear) => hear({ data })) };
    this.browser.channels.add(own);
    return {
      addEventListener: (_: string, listener: (event: { data: unknown }) => void) => listeners.push(listener),
      postMessage: (data: unknown) => {
        const copy: unknown = structuredClone(data);
        if (!this.isAlive) return;
        for (const other of this.browser.channels)
          if (other !== own && other.name === name) void Promise.resolve().then(() => other.hear(copy));
      },
      close: () => this.browser.channels.delete(own),
    } as unknown as BroadcastChannel;
  };

  /** Nothing of it goes on: its locks are free, and nobody hears from it. */
  kill(): void {
    this.isAlive = false;
    const { browser } = this;
    for (const own of [...browser.channels]) if (own.tab === this) browser.channels.delete(own);
    browser.waiting = browser.waiting.filter(({ tab }) => tab !== this);
    browser.held = browser.held.filter(({ tab }) => tab !== this);
    browser.grantNext();
  }

  private readonly request = async (
    name: string,
    options: LockOptions | ((lock: unknown) => unknown),
    work: (lock: unknown) => unknown = options as (lock: unknown) => unknown,
  ): Promise<unknown> => {
    const { mode = 'exclusive', ifAvailable, signal } = options as LockOptions;
    const { browser } = this;
    if (ifAvailable && !browser.mayHave(name, mode)) return work(null);
    const mine: Held = { name, mode, tab: this };
    await new Promise<void>((grant, reject) => {
      const one: Waiting = { name, mode, tab: this, grant };
      browser.waiting.push(one);
      signal?.addEventListener('abort', () => {
        browser.waiting = browser.waiting.filter((other) => other !== one);
        reject(new DOMException('aborted', 'AbortError'));
      });
      one.grant = () => {
        browser.held.push(mine);
        grant();
      };
      browser.grantNext();
    });
    try {
      return await work({ name });
    } finally {
      browser.held = browser.held.filter((lock) => lock !== mine);
      browser.grantNext();
    }
  };
}
