// The settings of the user, as the server keeps them for all devices.
import { perClient } from './perClient.js';
import { ChatError } from './errors.js';
import type { UserSettings } from './protocol.js';
import { Store, type Readable, type Unsubscribe } from './store.js';
import type { Refusal } from './types.js';
import { asking, type Ask, type ChatSocket } from './wire.js';

export interface SettingsState {
  /** Null until they are loaded. */
  settings: UserSettings | null;
  /** Why they could not be loaded, or changed. */
  refusal: Refusal | null;
}

export class Settings implements Readable<SettingsState> {
  private readonly store = new Store<SettingsState>({ settings: null, refusal: null });
  private readonly ask: Ask;
  private watchers = 0;
  /** Counts the requests: an answer to an earlier one is void. */
  private requests = 0;

  readonly get = this.store.get;

  constructor(private readonly socket: ChatSocket) {
    this.ask = asking(socket);
    socket.on('connect', () => this.reload());
  }

  readonly subscribe = (listener: () => void): Unsubscribe => {
    const unsubscribe = this.store.subscribe(listener);
    this.watchers += 1;
    // Another device may have changed them.
    if (this.watchers === 1) this.reload();
    return () => {
      unsubscribe();
      this.watchers -= 1;
    };
  };

  /** Shown at once, and taken back if refused: `refusal` says why. */
  readonly update = async (change: Partial<UserSettings>): Promise<void> => {
    const { settings } = this.store.get();
    if (settings) this.store.patch({ settings: { ...settings, ...change } });
    if (!(await this.take(() => this.ask('settings:update', change)))) this.store.patch({ settings });
  };

  private reload(): void {
    if (this.watchers > 0 && this.socket.connected) void this.take(() => this.ask('settings:show', {}));
  }

  private async take(ask: () => Promise<{ settings: UserSettings }>): Promise<boolean> {
    const request = (this.requests += 1);
    try {
      const { settings } = await ask();
      if (request === this.requests) this.store.patch({ settings, refusal: null });
      return true;
    } catch (error) {
      const { code, message } = error instanceof ChatError ? error : new ChatError('internal', String(error));
      if (request !== this.requests) return true;
      this.store.patch({ refusal: { code, error: message } });
      return false;
    }
  }
}

/** The settings of this client's user. */
export const settingsOf = perClient((client) => new Settings(client.socket));
