// @vitest-environment jsdom
// Connections of several users: components of one user share one socket, and no user sees another's data.
import { act, cleanup, render } from '@testing-library/react';
import { createElement, Fragment, StrictMode, type ReactNode } from 'react';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { ChatProvider, useChat, useRooms, type Chat, type TokenSource } from '../src/index.js';
import { answers, message, reset, sockets, tokenOf } from './fakeServer.js';

vi.mock('socket.io-client', async () => ({ io: (await import('./fakeServer.js')).io }));

beforeEach(reset);
afterEach(async () => {
  cleanup();
  // All sockets must be closed in the end. A client closes shortly after its last component has unmounted.
  await vi.waitFor(() => expect(sockets.filter(({ active }) => active)).toEqual([]));
});

/** The `Chat` of each room's last render. `drawn` has every message that was ever rendered. */
const chats: Record<string, Chat> = {};
const drawn: string[] = [];
const record = (name: string, chat: Chat) => {
  chats[name] = chat;
  drawn.push(...chat.messages.map(({ content }) => `${name}: ${content}`));
};

function Room({ room, token, name = room }: { room: string; token?: TokenSource; name?: string }) {
  record(name, useChat(room, token, { url: 'http://server' }));
  return null;
}

const room = (id: string, token?: TokenSource, name?: string) =>
  createElement(Room, { key: name ?? id, room: id, token, name });

const provider = (key: string | undefined, token: TokenSource, children: ReactNode) =>
  createElement(ChatProvider, { key, token, url: 'http://server' }, children);

/** Waits one turn of the event loop: the fake server has answered all pending requests then. */
const answered = () => new Promise((resolve) => setImmediate(resolve));

/** Renders, and waits until the requests of that render are answered. */
async function show(view: ReturnType<typeof render> | null, ...elements: ReactNode[]) {
  const element = createElement(Fragment, null, ...elements);
  let shown = view;
  await act(async () => {
    if (shown) shown.rerender(element);
    else shown = render(element);
    await answered();
  });
  return shown;
}

const users = () => sockets.filter(({ connected }) => connected).map(({ user }) => user);

function neverAnswered() {
  answers.set('message:send', () => new Promise(() => undefined));
}

const hear = (index: number, content: string) =>
  act(() => {
    const messages = [message('1', content, 'bob')];
    sockets[index]?.hears('room:history', { roomId: 'general', messages, seq: 1 });
  });

test('rooms of one token share a socket, and so does a renewed token of the same user', async () => {
  const view = await show(null, room('general', tokenOf('alice')), room('plans', tokenOf('alice')));
  expect(users()).toEqual(['alice']);
  expect(sockets[0]?.said).toEqual(['room:join general', 'room:join plans']);

  await show(view, room('general', tokenOf('alice', 1)), room('plans', tokenOf('alice')));
  await show(view, room('general', tokenOf('alice', 1)), room('plans', tokenOf('alice', 1)));

  expect(sockets).toHaveLength(1);
  expect(sockets[0]?.connections).toBe(1);
  await show(view, room('general', tokenOf('bob')), room('plans', tokenOf('alice', 1)));
  expect(users(), 'another user’s is another’s').toEqual(['alice', 'bob']);
});

test('functions that are new at each render share one socket, and do not connect again', async () => {
  const asked = vi.fn((name: string) => tokenOf(name));
  const both = () => [room('general', () => asked('alice')), room('plans', () => asked('alice'))];
  const view = await show(null, ...both());
  await show(view, ...both());
  await show(
    view,
    ...both(),
    room('ideas', () => asked('alice')),
  );

  expect(users()).toEqual(['alice']);
  expect(sockets).toHaveLength(1);
  expect(asked).toHaveBeenCalledTimes(1);
  const joined = ['room:join general', 'room:join plans', 'room:join ideas'];
  expect(sockets[0]?.said).toEqual(joined);
});

test('one user after another in one commit: nothing of the first is shown to, or used by, the second', async () => {
  neverAnswered();
  const view = await show(
    null,
    room('general', () => tokenOf('alice'), 'hers'),
  );
  hear(0, 'between us');
  act(() => void chats.hers?.sendMessage('hers, waiting'));
  expect(chats.hers?.messages).toHaveLength(2);

  await show(
    view,
    room('general', () => tokenOf('bob'), 'his'),
  );

  await vi.waitFor(() => expect(users()).toEqual(['bob']));
  expect(chats.his?.userId).toBe('bob');
  act(() => void chats.his?.sendMessage('his'));
  expect(drawn.filter((line) => line.startsWith('his:'))).not.toContain('his: between us');
  expect(chats.his?.messages).toMatchObject([{ content: 'his', senderId: 'bob' }]);
});

test('a provider with another key is another connection; with another function it stays the same', async () => {
  const view = await show(
    null,
    provider('a', () => tokenOf('alice'), room('general', undefined, 'hers')),
  );
  await show(
    view,
    provider('a', () => tokenOf('alice'), room('general', undefined, 'hers')),
  );
  hear(0, 'between us');
  expect(sockets).toHaveLength(1);
  expect(sockets[0]?.connections).toBe(1);

  await show(
    view,
    provider('b', () => tokenOf('bob'), room('general', undefined, 'his')),
  );

  await vi.waitFor(() => expect(users()).toEqual(['bob']));
  expect(chats.his?.messages).toEqual([]);
});

test('after signing out, the next user finds neither the list of rooms nor what waits', async () => {
  neverAnswered();
  const listed = { id: 'secret', name: 'secret', createdAt: '', lastMessageAt: null, unreadCount: 0 };
  answers.set('rooms:list', (_, { user }) => ({ success: true, rooms: user === 'alice' ? [listed] : [] }));
  const seen: string[] = [];
  function List({ of }: { of: string }) {
    seen.push(...useRooms().rooms.map(({ id }) => `${of} ${id}`));
    return null;
  }
  const of = (name: string) =>
    provider(name, () => tokenOf(name), [createElement(List, { key: 'list', of: name }), room('general')]);
  const view = await show(null, of('alice'));
  await vi.waitFor(() => expect(seen).toContain('alice secret'));
  act(() => void chats.general?.sendMessage('waits'));
  await show(view);
  await vi.waitFor(() => expect(users()).toEqual([]));

  await show(view, of('bob'));

  await vi.waitFor(() => expect(users()).toEqual(['bob']));
  expect(chats.general?.messages).toEqual([]);
  expect(seen.filter((line) => line.startsWith('bob'))).toEqual([]);
});

test('a function that gives another user’s token: nothing is left of the first', async () => {
  neverAnswered();
  let name = 'alice';
  await show(
    null,
    provider(undefined, () => tokenOf(name), room('general')),
  );
  hear(0, 'between us');
  let why: unknown;
  act(() => void chats.general?.sendMessage('hers').catch((error: unknown) => (why = error)));
  name = 'bob';

  await act(async () => {
    sockets[0]?.disconnect();
    sockets[0]?.connect();
    await answered();
  });

  await vi.waitFor(() => expect(users()).toEqual(['bob']));
  expect(chats.general).toMatchObject({ userId: 'bob', messages: [], isReady: false });
  expect(why).toMatchObject({ code: 'signed_out' });
  expect(sockets[0]?.said).toEqual(['room:join general', 'room:join general']);
});

test('in strict mode a hook with a token, of either kind, has one socket and joins once', async () => {
  const strict = (...rooms: ReactNode[]) => createElement(StrictMode, null, ...rooms);
  const view = await show(null, strict(room('general', tokenOf('carol')), room('plans', tokenOf('carol'))));
  expect(sockets[0]?.said).toEqual(['room:join general', 'room:join plans']);
  await show(view);
  await vi.waitFor(() => expect(users()).toEqual([]));
  reset();
  await show(
    view,
    strict(
      room('ideas', () => tokenOf('alice')),
      room('news', () => tokenOf('alice')),
    ),
  );
  expect(sockets).toHaveLength(1);
  expect(sockets[0]?.said).toEqual(['room:join ideas', 'room:join news']);
});
