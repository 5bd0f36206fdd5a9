// A small server of one room, over real connections, for programs that have nothing of these tests in them.
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Server } from 'socket.io';
import { message } from '../fakeServer.js';
import type { ClientToServerEvents, ServerToClientEvents } from '../../src/index.js';

export interface SmallServer {
  url: string;
  /** How many have connected. */
  connections: () => number;
  close: () => Promise<void>;
}

export async function smallServer(): Promise<SmallServer> {
  const http = createServer();
  const io = new Server<ClientToServerEvents, ServerToClientEvents>(http, { cors: { origin: '*' } });
  let connections = 0;
  io.on('connection', (socket) => {
    connections += 1;
    const told = (content: string, seq: number) => ({
      ...message(`m${seq}`, content, 'bob', seq),
      type: 'text' as const,
    });
    socket.on('room:join', (roomId, ack) => {
      socket.emit('room:history', { roomId, messages: [told('welcome', 1)], seq: 1 });
      socket.emit('room:members', { roomId, members: [{ id: 'bob', name: 'Bob', avatar: null }] });
      ack?.({ success: true });
    });
    socket.on('message:send', ({ content }, ack) => {
      socket.emit('message:new', told(content, 2));
      ack?.({ success: true, message: told(content, 2) });
    });
  });
  await new Promise<void>((resolve) => http.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(http.address() as AddressInfo).port}`,
    connections: () => connections,
    close: () => io.close(),
  };
}
