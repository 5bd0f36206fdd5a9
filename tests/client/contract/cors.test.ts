// Calls from other origins: which browsers may make them, and what the server says before they do. The right values are
// those of Node's Socket.IO 4.8, which is asked the same at the end.
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Server as NodeServer } from 'socket.io';
import { describe, expect, test } from 'vitest';
import { ENGINE_PATH, request, type Response } from '../support/raw';
import { aWorld, type World } from '../support/world';

const LISTED = 'https://chat.example.org';
const ALSO_LISTED = 'http://localhost:5173';
const NOT_LISTED = 'https://evil.example.org';
const METHODS = 'GET,HEAD,PUT,PATCH,POST,DELETE';

function handshakeFrom(world: World, origin: string): Promise<Response> {
  return handshakeAt(world.server.url, origin);
}

function preflightFrom(world: World, origin: string): Promise<Response> {
  return preflightAt(world.server.url, origin);
}

function handshakeAt(url: string, origin: string): Promise<Response> {
  return request(`${url}${ENGINE_PATH}?EIO=4&transport=polling`, { headers: { origin } });
}

function preflightAt(url: string, origin: string): Promise<Response> {
  return request(`${url}${ENGINE_PATH}?EIO=4&transport=polling`, {
    method: 'OPTIONS',
    headers: {
      origin,
      'access-control-request-method': 'POST',
      'access-control-request-headers': 'content-type,x-custom',
    },
  });
}

describe('when every origin may call', () => {
  const world = aWorld('sqlite');

  test('any origin reads the answer', async () => {
    const { status, headers } = await handshakeFrom(world, NOT_LISTED);

    expect(status).toBe(200);
    expect(headers['access-control-allow-origin']).toBe('*');
  });

  test('the preflight is answered', async () => {
    const { status, headers } = await preflightFrom(world, NOT_LISTED);

    expect(status).toBe(204);
    expect(headers['access-control-allow-origin']).toBe('*');
    expect(headers['access-control-allow-methods']).toBe(METHODS);
    expect(headers['access-control-allow-headers']).toBe('content-type,x-custom');
    expect(headers.vary).toBe('Access-Control-Request-Headers');
  });

  test('a refusal can be read as well', async () => {
    const { status, headers } = await request(`${world.server.url}${ENGINE_PATH}`, {
      headers: { origin: NOT_LISTED },
    });

    expect(status).toBe(400);
    expect(headers['access-control-allow-origin']).toBe('*');
  });
});

describe('when origins are listed', () => {
  const world = aWorld('sqlite', { CORS_ORIGIN: `${LISTED}, ${ALSO_LISTED}` });

  test.each([LISTED, ALSO_LISTED])('%s reads the answer, with credentials', async (origin) => {
    const { status, headers } = await handshakeFrom(world, origin);

    expect(status).toBe(200);
    expect(headers['access-control-allow-origin']).toBe(origin);
    expect(headers['access-control-allow-credentials']).toBe('true');
    expect(headers.vary).toBe('Origin');
  });

  test.each([NOT_LISTED, 'https://chat.example.org.evil.example', 'http://chat.example.org', 'null'])(
    '%s does not',
    async (origin) => {
      const { headers } = await handshakeFrom(world, origin);

      expect(headers['access-control-allow-origin']).toBeUndefined();
    },
  );

  test('the preflight is answered to who is listed, and lets nobody else in', async () => {
    const listed = await preflightFrom(world, LISTED);
    const other = await preflightFrom(world, NOT_LISTED);

    expect(listed.status).toBe(204);
    expect(listed.headers['access-control-allow-origin']).toBe(LISTED);
    expect(listed.headers['access-control-allow-credentials']).toBe('true');
    expect(listed.headers['access-control-allow-methods']).toBe(METHODS);
    expect(listed.headers['access-control-allow-headers']).toBe('content-type,x-custom');
    expect(listed.headers.vary).toBe('Origin, Access-Control-Request-Headers');
    expect(other.headers['access-control-allow-origin']).toBeUndefined();
  });

  test('a client that is no browser, and names no origin, is served', async () => {
    const client = await world.connect(world.user('alice'));

    expect(client.socket.connected).toBe(true);
  });
});

describe('answers of Node', () => {
  const SEEN = ['origin', 'credentials', 'methods', 'headers'].map((name) => `access-control-allow-${name}`);
  const seen = ({ status, headers }: Response) => [
    status,
    headers.vary,
    ...SEEN.map((name) => headers[name]),
  ];

  const worlds = {
    '*': aWorld('sqlite'),
    list: aWorld('sqlite', { CORS_ORIGIN: `${LISTED},${ALSO_LISTED}` }),
  };
  const settings = {
    '*': { origin: '*' },
    list: { origin: [LISTED, ALSO_LISTED], credentials: true },
  };

  test.each(['*', 'list'] as const)('is what this server answers, with %s', async (which) => {
    const listener = createServer();
    const node = new NodeServer(listener, { cors: settings[which] });
    await new Promise<void>((resolve) => void listener.listen(0, '127.0.0.1', resolve));
    const url = `http://127.0.0.1:${(listener.address() as AddressInfo).port}`;
    try {
      for (const origin of [LISTED, NOT_LISTED]) {
        for (const ask of [handshakeAt, preflightAt]) {
          expect(seen(await ask(worlds[which].server.url, origin))).toEqual(seen(await ask(url, origin)));
        }
      }
    } finally {
      await node.close();
    }
  });
});
