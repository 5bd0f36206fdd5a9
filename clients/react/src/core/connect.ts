// The way to a server: Socket.IO, unless a test has put a server in memory in its place.
import { io, type ManagerOptions, type SocketOptions } from 'socket.io-client';
import type { ChatSocket } from './wire.js';

export type Connect = (url: string, options: Partial<ManagerOptions & SocketOptions>) => ChatSocket;

let replacement: Connect | undefined;

/** Incremented by each replacement: clients that were made before it are not used after it. */
export let connectEpoch = 0;

/** A socket that has not connected yet. */
export const socketTo: Connect = (url, options) => (replacement ?? io)(url, options);

/** Every client that is made from now on uses `connect`; without one, Socket.IO. */
export function replaceConnect(connect?: Connect): void {
  if (connect && replacement) throw new Error('A chat server in memory is running already: close it first');
  replacement = connect;
  connectEpoch += 1;
}
