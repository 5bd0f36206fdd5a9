// Another path and another namespace, with the real client of Socket.IO.
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { io } from 'socket.io-client';
import { Server as NodeServer } from 'socket.io';
import { describe, expect, test } from 'vitest';
import { Client, TRANSPORTS, type Transport, within } from '../support/client';
import { aWorld } from '../support/world';

const PATH = '/api/socketio';

describe.each(Object.keys(TRANSPORTS) as Transport[])('at another place over %s', (transport) => {
  const world = aWorld('sqlite', { SOCKET_PATH: PATH, NAMESPACE: '/chat' });
  const at = (path: string) => ({ transport, path });

  test.each([PATH, `${PATH}/`])('a room is a room at %s', async (path) => {
    const [alice, bob] = [world.user('alice'), world.user('bob')];
    const room = await world.room({ members: [alice, bob] });
    const [one, other] = await Promise.all(
      [alice, bob].map((user) => Client.connect(`${world.server.url}/chat`, user, at(path))),
    );
    try {
      await one.ask('room:join', room);
      await other.ask('room:join', room);
      const sent = await one.ask('message:send', { roomId: room, content: 'hello' });
      expect((await other.next('message:new')).id).toBe(sent.message.id);
      expect([...one.faults, ...other.faults]).toEqual([]);
    } finally {
      one.close();
      other.close();
    }
  });

  test('a client without a slash at the end of its path is served', async () => {
    const socket = io(`${world.server.url}/chat`, {
      path: PATH,
      addTrailingSlash: false,
      transports: TRANSPORTS[transport],
      auth: { token: world.tokenOf(world.user('carol')) },
      forceNew: true,
    });
    await within<void>('the connection', (resolve) => socket.once('connect', () => resolve()));
    socket.disconnect();
  });

  test('a namespace that is not served is refused as by Node', async () => {
    const listener = createServer();
    const node = new NodeServer(listener, { path: PATH });
    await new Promise<void>((resolve) => void listener.listen(0, '127.0.0.1', resolve));
    const refusal = (url: string) =>
      within<string>('the refusal', (resolve) => {
        const socket = io(`${url}/nowhere`, {
          path: PATH,
          transports: TRANSPORTS[transport],
          forceNew: true,
        });
        socket.once('connect_error', (error) => {
          socket.disconnect();
          resolve(error.message);
        });
      });
    try {
      const url = `http://127.0.0.1:${(listener.address() as AddressInfo).port}`;
      expect(await refusal(world.server.url)).toBe(await refusal(url));
    } finally {
      await node.close();
    }
  });
});
