// The tabs of one user in one browser. One of those that are connected sends what waits; each tells the others what it has
// queued, and what has arrived. Without the Web Locks API each sends, and the server stores each message once.

const SENDS = 'chatoxide-sends:';
const USES = 'chatoxide-uses:';

/** The parts of a browser that tabs share. */
export interface SharedBrowser {
  locks: LockManager | undefined;
  /** A `BroadcastChannel`; undefined where there is none. */
  channel: (name: string) => BroadcastChannel | undefined;
}

export function thisBrowser(): SharedBrowser {
  const hasDisk = typeof indexedDB !== 'undefined';
  return {
    // Without a disk there is nothing to share.
    locks: hasDisk && typeof navigator !== 'undefined' ? navigator.locks : undefined,
    channel: (name) =>
      hasDisk && typeof BroadcastChannel !== 'undefined' ? new BroadcastChannel(name) : undefined,
  };
}

interface Listener<Told> {
  heard(told: Told): void;
  /** From now on this tab sends. */
  leads(): void;
}

export class Tabs<Told> {
  /** This tab is the one that sends. */
  isLeader = false;
  private readonly channel: BroadcastChannel | undefined;
  /** Ends this tab's turn, or its wait for one. */
  private giveUp: (() => void) | undefined;

  constructor(
    private readonly owner: string,
    private readonly browser: SharedBrowser,
    private readonly listener: Listener<Told>,
  ) {
    this.channel = browser.channel(`chatoxide ${owner}`);
    this.channel?.addEventListener('message', ({ data }: MessageEvent<Told>) => listener.heard(data));
  }

  tell(told: Told): void {
    try {
      this.channel?.postMessage(told);
    } catch {
      // The channel is closed, or the value cannot be copied: the others read it from the disk when they connect.
    }
  }

  /** Waits for its turn to send. Called when there is a connection. */
  compete(): void {
    if (this.giveUp) return;
    const { locks } = this.browser;
    if (!locks) {
      this.giveUp = () => undefined;
      return this.lead();
    }
    const abort = new AbortController();
    let isOver = false;
    let end = () => undefined as void;
    this.giveUp = () => {
      isOver = true;
      abort.abort();
      end();
    };
    const turn = () => {
      if (isOver) return undefined;
      const ended = new Promise<void>((resolve) => (end = resolve));
      this.lead();
      return ended;
    };
    locks.request(SENDS + this.owner, { signal: abort.signal }, turn).catch(() => {
      // Some browsers have locks and refuse them.
      if (!isOver) this.lead();
    });
  }

  /** Lets another tab send. Called when the connection is lost. */
  resign(): void {
    this.isLeader = false;
    this.giveUp?.();
    this.giveUp = undefined;
  }

  close(): void {
    this.resign();
    this.channel?.close();
  }

  private lead(): void {
    this.isLeader = true;
    this.listener.leads();
  }
}

/** Marks what is stored of this user as in use until the returned function is called. */
export function holdUse(owner: string, { locks }: SharedBrowser): () => void {
  let release: () => void = () => undefined;
  const isOver = new Promise<void>((resolve) => (release = resolve));
  locks?.request(USES + owner, { mode: 'shared' }, () => isOver).catch(() => undefined);
  return release;
}

/** Runs the work if no tab uses what is stored of this user. */
export async function ifUnused(
  owner: string,
  { locks }: SharedBrowser,
  work: () => Promise<void>,
): Promise<void> {
  if (!locks) return work();
  try {
    await locks.request(USES + owner, { ifAvailable: true }, (lock) => (lock ? work() : undefined));
  } catch {
    await work();
  }
}
