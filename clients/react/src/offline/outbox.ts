// The outbox of a client that queues changes, too. All tabs of a user read all of it: one of them sends.
import { BrowserOutbox, inOrder, MemoryOutbox, type Entry, type Outbox } from '../core/outbox.js';
import { changeOf } from './change.js';

/** A client that does not know changes takes only the messages of a user: it would send a change as one. */
const ownerOfChanges = (owner: string) => `${owner}\nchanges`;

export class OfflineOutbox extends BrowserOutbox {
  /** Called when an entry is stored. */
  onPut: (entry: Entry) => void = () => undefined;

  override async take(owner: string): Promise<Entry[]> {
    const [messages, changes] = [await super.take(owner), await super.take(ownerOfChanges(owner))];
    return inOrder([...messages, ...changes.map((entry) => ({ ...entry, owner }))]);
  }

  override async put(entry: Entry): Promise<void> {
    const owner = changeOf(entry) ? ownerOfChanges(entry.owner) : entry.owner;
    await super.put({ ...entry, owner, page: this.page });
    this.onPut(entry);
  }

  /** Other tabs' entries are read as well; clients that only send messages leave them alone while a tab is open. */
  protected override livingPages(): Promise<ReadonlySet<string>> {
    if (this.locks) this.hold(this.locks);
    return Promise.resolve(new Set());
  }
}

export function openOfflineOutbox(page: string, locks: LockManager | undefined): Outbox {
  return typeof indexedDB === 'undefined' ? new MemoryOutbox() : new OfflineOutbox(page, indexedDB, locks);
}
