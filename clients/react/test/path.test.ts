// @vitest-environment jsdom
// A server whose Socket.IO is at another path.
import { act, cleanup, render } from '@testing-library/react';
import { createElement } from 'react';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { ChatClient, ChatProvider, useConnection } from '../src/index.js';
import { reset, sockets, tokenOf } from './fakeServer.js';

vi.mock('socket.io-client', async () => ({ io: (await import('./fakeServer.js')).io }));

beforeEach(reset);
afterEach(cleanup);

function Component() {
  useConnection();
  return null;
}

test('the path of a client is the one of its socket', async () => {
  const token = () => tokenOf('alice');
  const client = new ChatClient({ url: 'http://server/chat', token, socket: { path: '/api/socketio' } });
  render(createElement(ChatProvider, { client }, createElement(Component)));
  await act(() => new Promise((resolve) => setImmediate(resolve)));
  expect(sockets.map((socket) => [socket.url, socket.options.path])).toEqual([
    ['http://server/chat', '/api/socketio'],
  ]);
});
