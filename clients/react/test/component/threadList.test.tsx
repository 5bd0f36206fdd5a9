// @vitest-environment jsdom
// The list of followed threads, and the unread replies below the messages that they hang on.
import { act, cleanup, fireEvent, render, screen, waitFor, within } from '@testing-library/react';
import axe from 'axe-core';
import { afterEach, beforeAll, beforeEach, expect, test, vi } from 'vitest';
import {
  ChatProvider,
  ChatRoom,
  ThreadList,
  useUnreadThreads,
  type ThreadRowProps,
} from '../../src/index.js';
import { layOut, startChatServer, type ChatServer, type TestUser } from '../../src/testing/index.js';

let server: ChatServer;
let bob: TestUser;
let alice: TestUser;
let serial = 0;
beforeAll(layOut);
beforeEach(async () => {
  server = startChatServer({
    users: [
      { id: 'alice', name: 'Alice' },
      { id: 'bob', name: 'Bob' },
    ],
    rooms: [
      { id: 'general', members: ['alice', 'bob'] },
      { id: 'barn', members: ['alice', 'bob'] },
    ],
  });
  [alice, bob] = await Promise.all([server.connect('alice'), server.connect('bob')]);
});
afterEach(() => {
  cleanup();
  server.close();
  sessionStorage.clear();
  localStorage.clear();
});

/** A thread that alice has begun, with a reply of bob's. */
async function begin(roomId: string, content: string): Promise<string> {
  const { id } = await alice.send(roomId, content);
  await bob.send(roomId, `re: ${content}`, { threadId: id });
  return id;
}

function Unread() {
  return <output>{useUnreadThreads().size}</output>;
}

const show = (part: React.ReactNode) =>
  render(
    <ChatProvider url={`http://thread-list/${(serial += 1)}`} token={server.token('alice')}>
      <Unread />
      {part}
    </ChatProvider>,
  );
const list = () => screen.findByRole('list', { name: 'Threads' });
const rows = () => screen.getAllByRole('listitem').map(({ textContent }) => textContent);

test('threads of all rooms are listed, the one with the newest reply first, and open by a click', async () => {
  const eating = await begin('general', 'where do we eat?');
  await begin('barn', 'who feeds the horses?');
  const opened = vi.fn();
  show(<ThreadList onOpen={opened} />);
  await list();
  await waitFor(() => expect(rows()).toHaveLength(2));
  expect(rows()[0]).toMatch(/AliceBarn.*who feeds the horses\?.*1 reply.*1 unread$/i);
  expect(screen.getByRole('status').textContent).toBe('2');
  const { violations } = await axe.run(document.body, { rules: { region: { enabled: false } } });
  expect(violations.map(({ id }) => id)).toEqual([]);

  await act(() => bob.send('general', 'at noon', { threadId: eating }));
  await waitFor(() => expect(rows()[0]).toMatch(/where do we eat\?.*2 replies.*2 unread$/));
  const [first, second] = screen.getAllByRole('button');
  act(() => first?.focus());
  fireEvent.keyDown(first as HTMLElement, { key: 'ArrowDown' });
  expect(document.activeElement).toBe(second);
  fireEvent.keyDown(second as HTMLElement, { key: 'ArrowUp' });
  fireEvent.click(document.activeElement as HTMLElement);
  expect(opened.mock.lastCall?.[0]).toMatchObject({ roomId: 'general', root: { id: eating } });
});

test('a thread that is read is unread nowhere, and one whose root is deleted says so', async () => {
  const rootId = await begin('general', 'where do we eat?');
  show(<ThreadList />);
  await within(await list()).findByText('1 unread');
  const page = await alice.ask('thread:load', { rootId });
  await act(() =>
    alice.ask('thread:read', { rootId, messageId: (page.messages as { id: string }[])[0]?.id ?? '' }),
  );
  await waitFor(() => expect(screen.queryByText('1 unread')).toBeNull());
  expect(screen.getByRole('status').textContent).toBe('0');
  await act(() => alice.ask('message:delete', { messageId: rootId, roomId: 'general' }));
  await screen.findByText('Deleted message');
});

test('who follows no thread is told what to do, and unread ones can be shown alone', async () => {
  const { unmount } = show(<ThreadList />);
  await screen.findByText('You follow no threads yet. You do when you reply in one.');
  unmount();
  await begin('barn', 'who feeds the horses?');
  await begin('general', 'where do we eat?');
  show(<ThreadList unreadOnly roomId="barn" />);
  await waitFor(() => expect(rows()).toHaveLength(1));
  expect(rows()[0]).toContain('who feeds the horses?');
});

test('a page may replace the rows', async () => {
  await begin('general', 'where do we eat?');
  function Row({ thread, rowProps }: ThreadRowProps) {
    return <button {...rowProps}>{`${thread.root.excerpt} (${thread.threadSummary.replyCount})`}</button>;
  }
  show(<ThreadList components={{ Row }} />);
  await screen.findByRole('button', { name: 'where do we eat? (1)' });
});

test('the room shows below a message how many replies in its thread are unread', async () => {
  const rootId = await begin('general', 'where do we eat?');
  show(<ChatRoom roomId="general" onOpenThread={() => undefined} />);
  await screen.findByRole('button', { name: /1 reply.*1 unread$/ });
  await act(() => bob.send('general', 'at noon', { threadId: rootId }));
  await screen.findByRole('button', { name: /2 replies.*2 unread$/ });
  await act(() => alice.ask('thread:unfollow', { rootId }));
  await waitFor(() => expect(screen.queryByText('2 unread')).toBeNull());
});
