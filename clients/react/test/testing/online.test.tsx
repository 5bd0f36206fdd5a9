// @vitest-environment jsdom
// The hook that says who is online, with the server in memory.
import { act, cleanup, render, waitFor } from '@testing-library/react';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { ChatProvider, useOnline } from '../../src/index.js';
import { startChatServer, type ChatServer } from '../../src/testing/index.js';

let server: ChatServer;
beforeEach(() => {
  server = startChatServer({ rooms: [{ id: 'general', members: ['alice', 'bob', 'carol'] }] });
});
afterEach(() => {
  cleanup();
  server.close();
});

/** The users with which each component was rendered. */
const drawn: Record<string, string[][]> = {};

function Online({ name, userIds }: { name: string; userIds: string[] }) {
  (drawn[name] ??= []).push([...useOnline(userIds)].sort());
  return null;
}

/** Draws a component for each of these lists of users on Alice's page. */
function show(lists: Record<string, string[]>) {
  const page = () => (
    <ChatProvider url="http://server" token={server.token('alice')}>
      {Object.entries(lists).map(([name, userIds]) => (
        <Online key={name} name={name} userIds={[...userIds]} />
      ))}
    </ChatProvider>
  );
  for (const name of Object.keys(lists)) drawn[name] = [];
  const { rerender } = render(page());
  return { again: () => rerender(page()) };
}

const last = (name: string) => drawn[name]?.at(-1);

test('a user is online from the first device to the last, and each component is drawn for its own users', async () => {
  const { again } = show({ both: ['bob', 'carol'], carol: ['carol'] });
  const phone = await act(() => server.connect('bob'));
  await waitFor(() => expect(last('both')).toEqual(['bob']));
  const laptop = await act(() => server.connect('bob'));
  const { length } = drawn.carol ?? [];
  act(() => phone.disconnect());
  const carol = await act(() => server.connect('carol'));
  await waitFor(() => expect(last('both')).toEqual(['bob', 'carol']));
  expect(last('carol')).toEqual(['carol']);
  act(() => laptop.disconnect());
  await waitFor(() => expect(last('both')).toEqual(['carol']));
  expect(drawn.carol).toHaveLength(length + 1);

  again();
  expect(last('both')).toEqual(['carol']);
  act(() => carol.disconnect());
  await waitFor(() => expect(last('both')).toEqual([]));
});

test('nobody is online while one is offline oneself, and whoever came meanwhile is online afterwards', async () => {
  show({ both: ['bob', 'carol'] });
  const bob = await act(() => server.connect('bob'));
  await waitFor(() => expect(last('both')).toEqual(['bob']));
  act(() => server.goOffline('alice'));
  expect(last('both')).toEqual([]);
  bob.disconnect();
  await server.connect('carol');
  act(() => server.goOnline());
  await waitFor(() => expect(last('both')).toEqual(['carol']));
});
