// `npm run test:hook` with a URL behind which there is no server, or one that is not much of a chat.
import { once } from 'node:events';
import { createServer as createHttpServer } from 'node:http';
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import { Server as SocketServer } from 'socket.io';
import { describe, expect, onTestFinished, test } from 'vitest';
import { lines, run, SAMPLE, SLOW } from './command';
import { whyUnreachable } from './reachable';

/** The URL of a listener, which is gone when the test ends, with its connections. */
async function urlOf(server: Server): Promise<string> {
  const connections: Socket[] = [];
  server.on('connection', (socket) => connections.push(socket.on('error', () => {})));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => {
    server.close();
    connections.forEach((socket) => socket.destroy());
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

const check = (url: string) => run('--hook', SAMPLE, '--url', url, '--only', 'history is', '--patience', '1');

describe('npm run test:hook', () => {
  test('a server that is not there is told in one line, with 2', async () => {
    // Nobody listens on port 9 of this machine.
    const away = await check('http://127.0.0.1:9');

    expect(away.stderr).toMatch(/^http:\/\/127\.0\.0\.1:9\/ cannot be reached \(ECONNREFUSED\).*\n$/);
    expect(away.stdout).toBe('');
    expect(away.code).toBe(2);
  });

  test('a server that accepts and never answers is told in one line, with 2', async () => {
    const url = await urlOf(createServer());

    const silent = await check(url);

    expect(silent.stderr).toMatch(/^http.* cannot be reached \(no answer within 1 s\).*\n$/);
    expect(silent.stdout).toBe('');
    expect(silent.code).toBe(2);
  });

  test('a server that does not speak HTTP is told in one line, with 2', async () => {
    const url = await urlOf(createServer((socket) => socket.end('SSH-2.0-other\r\n')));

    const other = await check(url);

    expect(other.stderr).toMatch(/^http.* cannot be reached \(HPE_.*\n$/);
    expect(other.code).toBe(2);
  });

  test('a server that answers nothing but Socket.IO is checked', { timeout: SLOW }, async () => {
    const http = createHttpServer();
    const sockets = new SocketServer(http, { cors: { origin: '*' } });
    sockets.use((_, next) => next(new Error('closed today')));

    const checked = await check(await urlOf(http));

    expect(lines(checked, '✗').join()).toContain('the history is there in order');
    expect(checked.said).not.toContain('cannot be reached');
    expect(checked.code).toBe(1);
  });

  test.each([500, 404, 302])('a server that answers with %i can be reached', async (status) => {
    // The body never ends.
    const server = createHttpServer((_, response) => {
      response.writeHead(status, { location: 'http://127.0.0.1:9' }).flushHeaders();
    });

    expect(await whyUnreachable(await urlOf(server), '/socket.io', 10_000)).toBeUndefined();
  });
});
