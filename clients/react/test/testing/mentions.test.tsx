// @vitest-environment jsdom
// The inbox of mentions, against the server in memory.
import { act, cleanup, render, waitFor } from '@testing-library/react';
import { createElement } from 'react';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { ChatProvider, useMentions, type Mentions } from '../../src/index.js';
import { startChatServer, type ChatServer, type TestUser } from '../../src/testing/index.js';

let server: ChatServer;
let bob: TestUser;
beforeEach(async () => {
  server = startChatServer({
    users: [
      { id: 'alice', name: 'Alice' },
      { id: 'bob', name: 'Bob' },
    ],
    rooms: ['general', 'other'].map((id) => ({ id, name: id, members: ['alice', 'bob'] })),
  });
  bob = await server.connect('bob');
});
afterEach(() => {
  cleanup();
  server.close();
});

/** Renders Alice's inbox. Returns its newest value. */
async function inbox(): Promise<() => Mentions> {
  let newest: Mentions | undefined;
  function Inbox() {
    newest = useMentions();
    return null;
  }
  await act(async () => {
    render(
      createElement(
        ChatProvider,
        { url: 'http://server', token: server.token('alice') },
        createElement(Inbox),
      ),
    );
    await settled();
  });
  return () => newest as Mentions;
}

const settled = () => new Promise((resolve) => setTimeout(resolve));
const doing = (action: () => unknown) =>
  act(async () => {
    await action();
    await settled();
  });
const excerpts = ({ mentions }: Mentions) => mentions.map(({ excerpt }) => excerpt);

test('has what was sent before and what comes, newest first, and counts what is unread', async () => {
  await bob.send('general', 'one @alice');
  const alices = await inbox();
  expect(alices()).toMatchObject({ isReady: true, unreadCount: 1, hasMore: false });
  await doing(() => bob.send('other', 'two @alice'));
  await doing(() => bob.send('other', 'nobody'));
  expect(excerpts(alices())).toEqual(['two @alice', 'one @alice']);
  expect(alices().unreadCount).toBe(2);
});

test('is read at once, by all or by room', async () => {
  const alices = await inbox();
  await doing(() => bob.send('general', 'one @alice'));
  await doing(() => bob.send('other', 'two @alice'));
  await doing(() => alices().markRoomRead('other'));
  expect(alices().mentions.map(({ isUnread }) => isUnread)).toEqual([false, true]);
  await doing(() => alices().markAllRead());
  expect(alices().unreadCount).toBe(0);
});

test('goes on with older ones', async () => {
  for (let index = 0; index < 60; index += 1) await bob.send('general', `${index} @alice`);
  const alices = await inbox();
  expect(alices()).toMatchObject({ hasMore: true, unreadCount: 50 });
  await doing(() => alices().loadMore());
  expect(alices()).toMatchObject({ hasMore: false, unreadCount: 60 });
  expect(excerpts(alices())).toEqual(Array.from({ length: 60 }, (_, index) => `${59 - index} @alice`));
});

test('is up to date again after the connection was lost', async () => {
  const alices = await inbox();
  await doing(() => server.goOffline('alice'));
  await bob.send('general', 'one @alice');
  await doing(() => server.goOnline());
  await waitFor(() => expect(excerpts(alices())).toEqual(['one @alice']));
});

test('says why it could not be loaded, and has what came meanwhile once', async () => {
  server.refuseNext('mentions:list', 'unavailable');
  const alices = await inbox();
  expect(alices()).toMatchObject({ isReady: false, refusal: { code: 'unavailable' } });
  await doing(() => bob.send('general', 'one @alice'));
  await doing(() => alices().loadMore());
  expect(alices()).toMatchObject({ isReady: true, refusal: null, unreadCount: 1 });
  expect(excerpts(alices())).toEqual(['one @alice']);
});
