// @vitest-environment jsdom
// The hook, the components and the device's own activity, with the server in memory.
import { act, cleanup, render, screen, waitFor } from '@testing-library/react';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import {
  agoOf,
  ChatClient,
  ChatProvider,
  hidePresence,
  isPresenceHidden,
  MemoryOutbox,
  PresenceBadge,
  reportActivity,
  setStatus,
  StatusLine,
  usePresence,
  type UserPresence,
} from '../../src/index.js';
import { startChatServer, type ChatServer } from '../../src/testing/index.js';

let server: ChatServer;
beforeEach(() => {
  server = startChatServer({
    rooms: [
      { id: 'general', members: ['alice', 'bob', 'carol'] },
      { id: 'elsewhere', members: ['dave'] },
    ],
  });
});
afterEach(() => {
  vi.useRealTimers();
  cleanup();
  server.close();
});

const drawn: UserPresence[][] = [];
function Watcher({ userIds }: { userIds: string[] }) {
  drawn.push([...usePresence(userIds).values()]);
  return null;
}

function show(userIds: string[]) {
  drawn.length = 0;
  render(
    <ChatProvider url="http://server" token={server.token('alice')}>
      <Watcher userIds={userIds} />
    </ChatProvider>,
  );
}
const last = () => drawn.at(-1);

test('users are online, away and offline by all of their devices, and strangers are absent', async () => {
  show(['bob', 'dave']);
  await waitFor(() => expect(last()).toEqual([{ userId: 'bob', state: 'offline' }]));
  const phone = await act(() => server.connect('bob'));
  await waitFor(() => expect(last()).toEqual([{ userId: 'bob', state: 'online' }]));
  const laptop = await act(() => server.connect('bob'));
  await act(() => phone.ask('presence:set', { state: 'away' }));
  expect(last()?.[0]?.state).toBe('online');
  await act(() => laptop.ask('presence:set', { state: 'away' }));
  await waitFor(() => expect(last()?.[0]?.state).toBe('away'));
  await act(() => laptop.ask('status:set', { text: 'Lunch', emoji: '🍜' }));
  await waitFor(() => expect(last()?.[0]?.status).toEqual({ text: 'Lunch', emoji: '🍜' }));
  act(() => {
    phone.disconnect();
    laptop.disconnect();
  });
  await waitFor(() => expect(last()?.[0]?.state).toBe('offline'));
  expect(last()?.[0]?.lastSeenAt).toMatch(/Z$/u);
});

test('nothing is known without a connection, and a user who hides is offline', async () => {
  show(['bob']);
  const bob = await act(() => server.connect('bob'));
  await waitFor(() => expect(last()?.[0]?.state).toBe('online'));
  act(() => server.goOffline('alice'));
  expect(last()).toEqual([]);
  await bob.ask('settings:update', { hidePresence: true });
  act(() => server.goOnline());
  await waitFor(() => expect(last()).toEqual([{ userId: 'bob', state: 'offline' }]));
  await act(() => bob.ask('settings:update', { hidePresence: false }));
  await waitFor(() => expect(last()?.[0]?.state).toBe('online'));
});

async function aClient(userId: string) {
  const client = new ChatClient({
    url: 'http://server',
    token: server.token(userId),
    outbox: new MemoryOutbox(),
  });
  client.retain();
  await vi.waitFor(() => expect(client.socket.connected).toBe(true));
  return client;
}

const stateOf = async (userId: string) => {
  const carol = await server.connect('carol');
  const { users } = await carol.ask('presence:list', { userIds: [userId] });
  carol.disconnect();
  return users[0]?.state;
};

test('a page is away without input for a while, and after a shorter while when it is hidden', async () => {
  const client = await aClient('alice');
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
  const stop = reportActivity(client, { idleAfter: 1000, hiddenAfter: 100 });
  vi.advanceTimersByTime(999);
  window.dispatchEvent(new Event('keydown'));
  vi.advanceTimersByTime(999);
  expect(await stateOf('alice')).toBe('online');
  vi.advanceTimersByTime(1);
  expect(await stateOf('alice')).toBe('away');
  window.dispatchEvent(new Event('pointermove'));
  expect(await stateOf('alice')).toBe('online');

  const visibility = vi.spyOn(document, 'visibilityState', 'get').mockReturnValue('hidden');
  document.dispatchEvent(new Event('visibilitychange'));
  vi.advanceTimersByTime(100);
  expect(await stateOf('alice')).toBe('away');
  // A new connection is told so, too.
  act(() => server.goOffline('alice'));
  act(() => server.goOnline());
  vi.useRealTimers();
  await vi.waitFor(async () => expect(await stateOf('alice')).toBe('away'));
  visibility.mockReturnValue('visible');
  document.dispatchEvent(new Event('visibilitychange'));
  expect(await stateOf('alice')).toBe('online');
  stop();
  visibility.mockRestore();
});

test('a user sets a status, and chooses to hide', async () => {
  const client = await aClient('alice');
  expect(await setStatus(client, { text: ' Busy ' })).toEqual({ text: 'Busy' });
  expect(await setStatus(client, {})).toBeNull();
  await expect(setStatus(client, { text: 'x'.repeat(101) })).rejects.toThrow('text');
  expect(await isPresenceHidden(client)).toBe(false);
  await hidePresence(client, true);
  expect([await isPresenceHidden(client), await stateOf('alice')]).toEqual([true, 'offline']);
});

test('the components name the state, and say the status or when the user was last seen', () => {
  const lastSeenAt = new Date(Date.now() - 5 * 60_000).toISOString();
  render(
    <>
      <PresenceBadge state="away" />
      <p data-testid="away">
        <StatusLine presence={{ userId: 'bob', state: 'away', lastSeenAt }} />
      </p>
      <p data-testid="lunch">
        <StatusLine
          presence={{ userId: 'bob', state: 'away', lastSeenAt, status: { text: 'Lunch', emoji: '🍜' } }}
        />
      </p>
      <p data-testid="online">
        <StatusLine presence={{ userId: 'bob', state: 'online' }} />
      </p>
      <p data-testid="other">
        <StatusLine
          presence={{ userId: 'bob', state: 'away', lastSeenAt }}
          labels={{ lastSeen: (at, now) => `gesehen ${agoOf(at, now, 'de')}` }}
        />
      </p>
    </>,
  );
  expect(screen.getByRole('img', { name: 'away' })).toBeTruthy();
  expect(screen.getByTestId('away').textContent).toBe('last seen 5 minutes ago');
  expect(screen.getByTestId('lunch').textContent).toBe('🍜Lunch');
  expect(screen.getByTestId('online').textContent).toBe('');
  expect(screen.getByTestId('other').textContent).toBe('gesehen vor 5 Minuten');
});

test('a time is told in the largest unit, and one that is ahead is now', () => {
  const now = new Date('2026-12-01T12:00:00Z');
  const ago = (at: string) => agoOf(new Date(at), now, 'en');
  expect(ago('2026-12-01T11:59:30Z')).toBe('now');
  expect(ago('2026-12-01T12:30:00Z')).toBe('now');
  expect(ago('2026-12-01T11:59:00Z')).toBe('1 minute ago');
  expect(ago('2026-12-01T09:00:00Z')).toBe('3 hours ago');
  expect(ago('2026-11-30T11:00:00Z')).toBe('yesterday');
  expect(ago('2026-11-20T12:00:00Z')).toBe('last week');
  expect(ago('2024-11-20T12:00:00Z')).toBe('2 years ago');
});
