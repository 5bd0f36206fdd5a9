// Whether this device is active: what the app says, or what the user does on the page. It stands apart from the client, so
// that a page without it is not larger for it.
import type { ChatClient } from './client.js';
import { perClient } from './perClient.js';
import type { Unsubscribe } from './store.js';
import type { ChatSocket } from './wire.js';

export interface Device {
  /** The device is away, or active again. The server is told so with each new connection, too. */
  setAway: (isAway: boolean) => void;
}

class ConnectedDevice implements Device {
  private isAway = false;

  constructor(private readonly socket: ChatSocket) {
    // A connection begins as active.
    socket.on('connect', () => this.isAway && this.say());
  }

  readonly setAway = (isAway: boolean): void => {
    if (this.isAway === isAway) return;
    this.isAway = isAway;
    if (this.socket.connected) this.say();
  };

  private say(): void {
    this.socket.emit('presence:set', { state: this.isAway ? 'away' : 'online' });
  }
}

/** This device, as the client's connection stands for it. */
export const deviceOf = perClient((client): Device => new ConnectedDevice(client.socket));

export interface ActivityOptions {
  /** Without a key, a click, a touch or a scroll for so long the device is away, in milliseconds; 5 minutes if absent. */
  idleAfter?: number;
  /** So it is when the page was hidden for so long; 30 seconds if absent. */
  hiddenAfter?: number;
}

const SIGNS = ['keydown', 'pointerdown', 'pointermove', 'wheel', 'touchstart'] as const;

/** Tells the server when the user of this page is away, until what this returns is called. */
export function reportActivity(
  client: ChatClient,
  { idleAfter = 5 * 60_000, hiddenAfter = 30_000 }: ActivityOptions = {},
): Unsubscribe {
  const device = deviceOf(client);
  let timer: ReturnType<typeof setTimeout> | undefined;
  const wait = (pause: number) => {
    clearTimeout(timer);
    timer = setTimeout(() => device.setAway(true), pause);
  };
  const isHidden = () => document.visibilityState === 'hidden';
  const act = () => {
    if (isHidden()) return;
    device.setAway(false);
    wait(idleAfter);
  };
  const turn = () => (isHidden() ? wait(hiddenAfter) : act());
  for (const sign of SIGNS) window.addEventListener(sign, act, { passive: true, capture: true });
  document.addEventListener('visibilitychange', turn);
  turn();
  return () => {
    clearTimeout(timer);
    for (const sign of SIGNS) window.removeEventListener(sign, act, { capture: true });
    document.removeEventListener('visibilitychange', turn);
    device.setAway(false);
  };
}
