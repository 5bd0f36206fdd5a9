// @vitest-environment jsdom
// A server whose Socket.IO is at another path.
import { act, cleanup, render } from '@testing-library/react';
import { createElement } from 'react';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { ChatProvider, useConnection } from '../src/index.js';
import { reset, sockets, tokenOf } from './fakeServer.js';

vi.mock('socket.io-client', async () => ({ io: (await import('./fakeServer.js')).io }));

beforeEach(reset);
afterEach(cleanup);

function Component() {
  useConnection();
  return null;
}

test.each([
  ['a text', () => tokenOf('alice')],
  ['a function', () => () => tokenOf('alice')],
])('the path of the provider is the one of the socket, with a token that is %s', async (_, token) => {
  const show = (path?: string) => {
    const provider = { url: 'http://server/chat', path, token: token() };
    return createElement(ChatProvider, provider, createElement(Component));
  };
  const settled = () => new Promise((resolve) => setImmediate(resolve));
  const { rerender } = render(show('/api/socketio'));
  await act(settled);
  rerender(show());
  await act(settled);
  expect(sockets.map((socket) => [socket.url, socket.options.path])).toEqual([
    ['http://server/chat', '/api/socketio'],
    ['http://server/chat', undefined],
  ]);
});
