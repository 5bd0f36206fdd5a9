// Calls from other origins: which browsers may make them, and what the server says before they do.
import { describe, expect, test } from 'vitest';
import { ENGINE_PATH, request, type Response } from '../support/raw';
import { aWorld, type World } from '../support/world';

const LISTED = 'https://chat.example.org';
const ALSO_LISTED = 'http://localhost:5173';
const NOT_LISTED = 'https://evil.example.org';

function handshakeFrom(world: World, origin: string): Promise<Response> {
  return request(`${world.server.url}${ENGINE_PATH}?EIO=4&transport=polling`, { headers: { origin } });
}

function preflightFrom(world: World, origin: string): Promise<Response> {
  return request(`${world.server.url}${ENGINE_PATH}?EIO=4&transport=polling`, {
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
    expect(['*', NOT_LISTED]).toContain(headers['access-control-allow-origin']);
  });

  test('the preflight is answered', async () => {
    const { status, headers } = await preflightFrom(world, NOT_LISTED);

    expect([200, 204]).toContain(status);
    expect(['*', NOT_LISTED]).toContain(headers['access-control-allow-origin']);
    expect(headers['access-control-allow-methods']).toMatch(/\*|POST/);
    expect(headers['access-control-allow-headers']).toMatch(/\*|content-type/i);
  });

  test('a refusal can be read as well', async () => {
    const { status, headers } = await request(`${world.server.url}${ENGINE_PATH}`, {
      headers: { origin: NOT_LISTED },
    });

    expect(status).toBe(400);
    expect(['*', NOT_LISTED]).toContain(headers['access-control-allow-origin']);
  });
});

describe('when origins are listed', () => {
  const world = aWorld('sqlite', { CORS_ORIGIN: `${LISTED}, ${ALSO_LISTED}` });

  test.each([LISTED, ALSO_LISTED])('%s reads the answer, with credentials', async (origin) => {
    const { status, headers } = await handshakeFrom(world, origin);

    expect(status).toBe(200);
    expect(headers['access-control-allow-origin']).toBe(origin);
    expect(headers['access-control-allow-credentials']).toBe('true');
    expect(headers.vary?.toLowerCase()).toContain('origin');
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

    expect([200, 204]).toContain(listed.status);
    expect(listed.headers['access-control-allow-origin']).toBe(LISTED);
    expect(listed.headers['access-control-allow-credentials']).toBe('true');
    expect(listed.headers['access-control-allow-methods']).toMatch(/POST/);
    expect(listed.headers['access-control-allow-headers']).toMatch(/content-type/i);
    expect(other.headers['access-control-allow-origin']).toBeUndefined();
  });

  test('who is no browser, and names no origin, is served', async () => {
    const client = await world.connect(world.user('alice'));

    expect(client.socket.connected).toBe(true);
  });
});
