// The shape of the handlers of a client's events.
import type { Asked } from '../core/wire.js';
import type { Peer } from './peer.js';
import type { World } from './world.js';

type Event = keyof Asked;
type Result<E extends Event> = Omit<Asked[E]['answer'], 'success'>;

export type Handlers = {
  [E in Event]: (world: World, peer: Peer, argument: Asked[E]['argument']) => Result<E>;
};

/** The answer of a handler that has nothing to add. */
export const done = {};
