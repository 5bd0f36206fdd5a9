// @vitest-environment jsdom
// The original's hook and component, unmodified, against a running server: what its users see.
import { act, cleanup, fireEvent, render, renderHook, screen, waitFor } from '@testing-library/react';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { BACKENDS } from '../support/databases';
import { seedMessages } from '../support/seed';
import type { User } from '../support/tokens';
import { aWorld } from '../support/world';
import { type Chat, loadOriginalHook, type OriginalHook } from './original_hook';

const PATIENCE = { timeout: 15_000 };

let original: OriginalHook;

beforeAll(async () => {
  // jsdom lays nothing out, so there is nothing to scroll.
  Element.prototype.scrollIntoView = () => {};
  original = await loadOriginalHook();
});
afterAll(() => original.remove());
afterEach(cleanup);

const contents = (chat: Chat) => chat.messages.map((message) => message.content);

describe.each(BACKENDS)('the original hook on %s', (backend) => {
  const world = aWorld(backend);

  /** The hook as a user has it on a page. */
  async function enter(room: string, user: User) {
    process.env.NEXT_PUBLIC_CHAT_URL = world.server.url;
    const token = world.tokenOf(user);
    const { result, unmount } = renderHook(() => original.useChat(room, token));
    await waitFor(() => expect(result.current.members.length).toBeGreaterThan(0), PATIENCE);
    return {
      unmount,
      chat: () => result.current,
      sees: (look: (chat: Chat) => void) => waitFor(() => look(result.current), PATIENCE),
    };
  }

  async function aRoom(messages = 0) {
    const [alice, bob] = [world.user('alice'), world.user('bob')];
    const room = await world.room({ members: [alice, bob] });
    if (messages > 0) await world.messages(room, alice, messages);
    return { alice, bob, room };
  }

  test('two users see the history in order, and each other, once', async () => {
    const { room, alice, bob } = await aRoom(3);
    const hers = await enter(room, alice);
    const his = await enter(room, bob);
    const old = ['message 0', 'message 1', 'message 2'];
    await hers.sees((chat) => expect(contents(chat)).toEqual(old));

    const sent = await act(() => hers.chat().sendMessage('hello', { replyTo: 'x' }));
    await act(() => his.chat().sendMessage('hello yourself'));

    expect(sent.senderName).toBe('Alice');
    for (const page of [hers, his]) {
      await page.sees((chat) => expect(contents(chat)).toEqual([...old, 'hello', 'hello yourself']));
    }
  });

  test('an edit and a deletion are seen by both; only an author can', async () => {
    const { room, alice, bob } = await aRoom();
    const hers = await enter(room, alice);
    const his = await enter(room, bob);
    const first = await act(() => hers.chat().sendMessage('first'));
    const second = await act(() => hers.chat().sendMessage('second'));

    await act(() => hers.chat().editMessage(first.id, 'first, edited'));
    await expect(his.chat().editMessage(second.id, 'not his')).rejects.toThrow('Message not found');
    // The hook deletes without asking for an answer.
    act(() => his.chat().deleteMessage(first.id));
    act(() => hers.chat().deleteMessage(second.id));

    for (const page of [hers, his]) {
      await page.sees((chat) => expect(contents(chat)).toEqual(['first, edited']));
      expect(page.chat().messages[0].updatedAt).toEqual(expect.any(String));
    }
  });

  test('a reaction is shown once, survives a reload, and goes', async () => {
    const { room, alice, bob } = await aRoom();
    const hers = await enter(room, alice);
    const his = await enter(room, bob);
    const { id } = await act(() => hers.chat().sendMessage('react'));
    const shown = [{ emoji: '👍', userId: bob.id }];

    act(() => his.chat().addReaction(id, '👍'));
    act(() => his.chat().addReaction(id, '👍'));
    act(() => his.chat().addReaction(id, '🎉'));
    act(() => his.chat().removeReaction(id, '🎉'));
    await act(() => his.chat().sendMessage('after'));

    for (const page of [hers, his]) {
      await page.sees((chat) => expect(contents(chat)).toEqual(['react', 'after']));
      expect(page.chat().messages[0].reactions).toEqual(shown);
    }
    hers.unmount();
    const reloaded = await enter(room, alice);
    await reloaded.sees((chat) => expect(chat.messages[0]?.reactions).toEqual(shown));
    act(() => his.chat().removeReaction(id, '👍'));
    await reloaded.sees((chat) => expect(chat.messages[0].reactions).toEqual([]));
  });

  test('typing is seen, and is over with the message or by itself', async () => {
    const { room, alice, bob } = await aRoom();
    const hers = await enter(room, alice);
    const his = await enter(room, bob);
    const typing = [expect.objectContaining({ userId: bob.id, userName: 'Bob' })];

    act(() => his.chat().startTyping());
    await hers.sees((chat) => expect(chat.typingUsers).toEqual(typing));
    await act(() => his.chat().sendMessage('typed'));
    await hers.sees((chat) => expect(chat.typingUsers).toEqual([]));

    act(() => his.chat().startTyping());
    await hers.sees((chat) => expect(chat.typingUsers).toEqual(typing));
    act(() => his.chat().stopTyping());
    await hers.sees((chat) => expect(chat.typingUsers).toEqual([]));
  });

  test('paging reaches the beginning with none missing and none doubled', async () => {
    const { room, alice } = await aRoom();
    // Seven of them in each millisecond, so that every page ends in the middle of one.
    const from = Date.now() - 60_000;
    const ids = Array.from({ length: 180 }, (_, index) => `${room}-${String(index).padStart(3, '0')}`);
    await seedMessages(
      world.database,
      room,
      ids.map((id, index) => ({ id, senderId: alice.id, content: id, at: from + Math.floor(index / 7) })),
    );
    const { chat, sees } = await enter(room, alice);
    await sees(({ messages }) => expect(messages.length).toBeGreaterThanOrEqual(50));

    for (let page = 1; chat().messages.length < ids.length; page += 1) {
      expect(page).toBeLessThan(10);
      await act(() => chat().loadMore());
    }
    expect(contents(chat())).toEqual(ids);
    await act(() => chat().loadMore());
    expect(contents(chat())).toEqual(ids);
  });

  test('the page shows messages, edits, reactions and typing, sends, and marks as read on focus', async () => {
    const { room, alice, bob } = await aRoom();
    process.env.NEXT_PUBLIC_CHAT_URL = world.server.url;
    const { ChatRoom } = original;
    render(<ChatRoom roomId={room} currentUserId={alice.id} token={world.tokenOf(alice)} />);
    await screen.findByText(/Connected/, {}, PATIENCE);
    const his = await enter(room, bob);
    const watcher = await world.connect(bob);
    await world.join(room, watcher);

    const input = screen.getByPlaceholderText<HTMLInputElement>('Type a message...');
    fireEvent.change(input, { target: { value: 'written on the page' } });
    fireEvent.click(screen.getByText('Send'));
    await his.sees((chat) => expect(contents(chat)).toEqual(['written on the page']));
    await waitFor(() => expect(input.value).toBe(''), PATIENCE);
    const sent = await act(() => his.chat().sendMessage('an answer'));
    await screen.findByText('an answer', {}, PATIENCE);

    await act(() => his.chat().editMessage(sent.id, 'a better answer'));
    await screen.findByText('a better answer', {}, PATIENCE);
    await screen.findByText('(edited)', {}, PATIENCE);
    act(() => his.chat().addReaction(sent.id, '🎉'));
    await screen.findByText('🎉', {}, PATIENCE);
    act(() => his.chat().startTyping());
    await screen.findByText('Bob typing...', {}, PATIENCE);

    fireEvent.focus(window);
    expect(await watcher.next('room:user-read')).toMatchObject({ roomId: room, userId: alice.id });
  });

  test('the status follows a restart of the server, and what was said before is there again', async () => {
    const { room, alice } = await aRoom();
    const hers = await enter(room, alice);
    await act(() => hers.chat().sendMessage('before'));

    await world.server.stop();
    await hers.sees((chat) => expect(chat.connected).toBe(false));
    await world.server.start();
    await hers.sees((chat) => expect(chat.connected).toBe(true));
    await act(() => hers.chat().sendMessage('after'));
    await hers.sees((chat) => expect(contents(chat)).toEqual(['before', 'after']));
  });
});
