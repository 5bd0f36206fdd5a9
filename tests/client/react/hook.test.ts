// @vitest-environment jsdom
// The hook of @chatoxide/react as two users have it: the names of the original's, and what goes beyond them.
import { act, renderHook, waitFor } from '@testing-library/react';
import { useChat } from '@chatoxide/react';
import { describe, expect, test, vi } from 'vitest';
import { BACKENDS } from '../support/databases';
import { seedMessages } from '../support/seed';
import { aWorld } from '../support/world';
import { PATIENCE, pagesOf, refused } from './pages';

describe.each(BACKENDS)('the hook on %s', (backend) => {
  const world = aWorld(backend);
  const pages = pagesOf(world);

  async function aRoom(messages = 0, type: 'public' | 'private' = 'public') {
    const [alice, bob] = [world.user('alice'), world.user('bob')];
    const room = await world.room({ type, members: [alice, bob] });
    if (messages > 0) await world.messages(room, alice, messages);
    return { alice, bob, room };
  }

  async function meet(messages = 0) {
    const { alice, bob, room } = await aRoom(messages);
    return {
      alice,
      bob,
      room,
      hers: await pages.openReady(room, alice),
      his: await pages.openReady(room, bob),
    };
  }

  test('two users see the history in order, and each other, once', async () => {
    const { hers, his, alice } = await meet(3);
    const old = ['message 0', 'message 1', 'message 2'];
    await hers.shows(...old);

    const sent = await act(() => hers.chat.sendMessage('hello', { replyTo: 'x' }));
    await act(() => his.chat.sendMessage('hello yourself'));

    expect(sent).toMatchObject({ senderName: 'Alice', replyTo: 'x', status: 'sent' });
    for (const page of [hers, his]) {
      await page.shows(...old, 'hello', 'hello yourself');
      page.neverDoubled();
      expect(page.chat.members.map(({ name }) => name)).toEqual(['Alice', 'Bob']);
    }
    expect(hers.chat.userId).toBe(alice.id);
  });

  test('a message is there at once, under one key from then on', async () => {
    const { hers, his } = await meet();
    act(() => void hers.chat.sendMessage('now'));
    expect(hers.chat.messages).toMatchObject([{ content: 'now', status: 'sending', senderName: 'Alice' }]);
    const { key } = hers.chat.messages[0];
    await hers.sees(({ messages }) => expect(messages).toMatchObject([{ status: 'sent', key }]));
    await his.shows('now');
    expect(hers.chat.messages[0].id).toBe(his.chat.messages[0].id);
    expect(hers.drawn.flatMap(({ messages }) => messages.map((message) => message.key))).toEqual(
      expect.not.arrayContaining([hers.chat.messages[0].id]),
    );
    hers.neverDoubled();
  });

  test('edits, deletions and reactions reach both, and reactions outlast a reload', async () => {
    const { hers, his, alice, bob, room } = await meet();
    const { id } = await act(() => hers.chat.sendMessage('first'));
    const { id: other } = await act(() => hers.chat.sendMessage('second'));
    await his.shows('first', 'second');

    const edited = await act(() => hers.chat.editMessage(id, 'better'));
    expect(edited.updatedAt).not.toBeNull();
    act(() => void his.chat.addReaction(id, '👍'));
    expect(his.chat.messages[0].reactions, 'at once').toEqual([{ emoji: '👍', userId: bob.id }]);
    await act(() => his.chat.addReaction(id, '👍'));
    await act(() => hers.chat.addReaction(id, '👍'));
    await act(() => hers.chat.deleteMessage(other));

    const both = [
      { emoji: '👍', userId: bob.id },
      { emoji: '👍', userId: alice.id },
    ];
    for (const page of [hers, his]) {
      await page.shows('better');
      await page.sees(({ messages }) => expect(messages[0].reactions).toEqual(both));
    }
    const again = await pages.openReady(room, alice);
    expect(again.chat.messages).toMatchObject([{ content: 'better', reactions: both }]);
    await act(() => his.chat.removeReaction(id, '👍'));
    for (const page of [hers, again]) {
      await page.sees(({ messages }) => expect(messages[0].reactions).toEqual([both[1]]));
    }
  });

  test('a refused change is undone and says why', async () => {
    const { hers, his } = await meet();
    const { id } = await act(() => hers.chat.sendMessage('mine'));
    await his.shows('mine');

    expect(await refused(() => his.chat.editMessage(id, 'x'))).toBe('message_not_found');
    expect(await refused(() => his.chat.deleteMessage(id))).toBe('delete_refused');
    expect(await refused(() => his.chat.addReaction(id, 'x'.repeat(65)))).toBe('bad_input');
    expect(his.chat.messages[0]).toMatchObject({ content: 'mine', reactions: [] });
  });

  test('a message that is refused stays, can be sent again, and can be forgotten', async () => {
    const { hers, his } = await meet();
    const unfit = 'refused for its nul \0';

    expect(await refused(() => hers.chat.sendMessage(unfit))).toBe('bad_input');
    const failed = { status: 'failed', failure: { code: 'bad_input' } };
    await hers.sees(({ messages }) => expect(messages).toMatchObject([failed]));
    const { id } = hers.chat.messages[0];
    act(() => hers.chat.retry(id));
    expect(hers.chat.messages).toMatchObject([{ status: 'sending' }]);
    await hers.sees(({ messages }) => expect(messages).toMatchObject([{ status: 'failed' }]));
    await act(() => hers.chat.sendMessage('after it'));
    await his.shows('after it');
    act(() => hers.chat.discard(id));
    await hers.shows('after it');
  });

  test('typing, presence and reading are seen by the other', async () => {
    const { hers, his, alice, bob } = await meet();
    for (const page of [hers, his]) {
      await page.sees(({ present }) => expect([...present].sort()).toEqual([alice.id, bob.id].sort()));
    }
    act(() => his.chat.startTyping());
    await hers.sees(({ typingUsers }) =>
      expect(typingUsers).toEqual([expect.objectContaining({ userId: bob.id, userName: 'Bob' })]),
    );
    expect(his.chat.typingUsers).toEqual([]);
    act(() => his.chat.stopTyping());
    await hers.sees(({ typingUsers }) => expect(typingUsers).toEqual([]));
    act(() => his.chat.startTyping());
    await hers.sees(({ typingUsers }) => expect(typingUsers).toHaveLength(1));
    await act(() => his.chat.sendMessage('done'));
    await hers.sees(({ typingUsers }) => expect(typingUsers).toEqual([]));

    act(() => hers.chat.markAsRead());
    await his.sees(({ readBy, messages }) =>
      expect((readBy.get(alice.id) ?? '') >= messages[0].createdAt).toBe(true),
    );
    his.close();
    await hers.sees(({ present }) => expect([...present]).toEqual([alice.id]));
  });

  test('messages that come while nobody looks are unread, from where the reading stopped', async () => {
    const { alice, bob, room } = await aRoom();
    let isReading = true;
    const hers = await pages.openReady(room, alice, { isReading: () => isReading });
    const his = await pages.openReady(room, bob);
    await act(() => his.chat.sendMessage('seen'));
    await hers.shows('seen');
    expect(hers.chat).toMatchObject({ unreadCount: 0, firstUnreadId: null });

    isReading = false;
    const first = await act(() => his.chat.sendMessage('missed'));
    await act(() => his.chat.sendMessage('missed, too'));
    await hers.sees((chat) => expect(chat).toMatchObject({ unreadCount: 2, firstUnreadId: first.id }));
    act(() => hers.chat.markAsRead());
    expect(hers.chat, 'the divider stays').toMatchObject({ unreadCount: 0, firstUnreadId: first.id });
    await act(() => hers.chat.sendMessage('an answer'));
    expect(hers.chat).toMatchObject({ unreadCount: 0, firstUnreadId: null });
  });

  test('paging reaches the beginning, past more messages of one moment than a page holds', async () => {
    const { alice, room } = await aRoom();
    const from = Date.now() - 60_000;
    const contents = Array.from({ length: 190 }, (_, index) => `${room} ${String(index).padStart(3, '0')}`);
    const at = (index: number) =>
      index < 40 ? index : index < 150 ? 40 : 41 + Math.floor((index - 150) / 8);
    const messages = contents.map((content, index) => ({
      id: content,
      senderId: alice.id,
      content,
      at: from + at(index),
    }));
    await seedMessages(world.database, room, messages);
    const hers = await pages.openReady(room, alice);
    expect(hers.chat.hasMore).toBe(true);

    for (let calls = 0; hers.chat.hasMore; calls += 1) {
      expect(calls).toBeLessThan(5);
      const before = hers.contents.length;
      const [page, same] = await act(() => Promise.all([hers.chat.loadMore(), hers.chat.loadMore()]));
      expect(same).toBe(page);
      await hers.sees(() => expect(hers.contents).toHaveLength(before + page.length));
      expect(hers.chat.isLoading).toBe(false);
    }

    expect(hers.contents).toEqual(contents);
    hers.neverDoubled();
    expect(await act(() => hers.chat.loadMore())).toEqual([]);
  });

  test('a user who may not enter gets an error and no event', async () => {
    const { alice, room } = await aRoom(1, 'private');
    const hers = await pages.openReady(room, alice);
    const mallory = pages.open(room, world.user('mallory'));
    await mallory.sees(({ refusal }) => expect(refusal).toMatchObject({ code: 'forbidden' }));
    expect(await refused(() => mallory.chat.sendMessage('let me in'))).toBe('forbidden');
    await act(() => hers.chat.sendMessage('between us'));
    await mallory.sees((chat) =>
      expect(chat.messages).toMatchObject([{ content: 'let me in', status: 'failed' }]),
    );
    expect(mallory.chat).toMatchObject({ isReady: false, members: [] });
  });

  test('in strict mode a room is joined once, and left once', async () => {
    const { alice, bob, room } = await aRoom();
    const watcher = await world.connect(bob);
    await world.join(room, watcher);
    const hers = await pages.openReady(room, alice, { strict: true });
    await act(() => hers.chat.sendMessage('here'));
    hers.close();
    await watcher.next('room:user-left');
    expect(watcher.events()).toEqual(['room:user-joined', 'message:new', 'room:user-left']);
  });

  test('with a token function that is new at each render two rooms share one connection, in strict mode, too', async () => {
    const { alice, bob, room } = await aRoom();
    const other = await world.room({ members: [alice, bob] });
    const watcher = await world.connect(bob);
    await world.join(room, watcher);
    await world.join(other, watcher);
    const asked = vi.fn(() => world.tokenOf(alice));
    const { result, unmount } = renderHook(
      () => {
        const options = { url: world.server.url };
        return [useChat(room, () => asked(), options), useChat(other, () => asked(), options)] as const;
      },
      { reactStrictMode: true },
    );
    await waitFor(
      () => expect(result.current).toMatchObject([{ isReady: true }, { isReady: true }]),
      PATIENCE,
    );

    await act(() => result.current[0].sendMessage('one'));
    await act(() => result.current[1].sendMessage('two'));
    expect(asked).toHaveBeenCalledTimes(1);
    unmount();
    await watcher.next('room:user-left');
    await watcher.next('room:user-left');
    const once = ['message:new', 'room:user-joined', 'room:user-left'];
    expect(watcher.events().sort()).toEqual([...once, ...once].sort());
  });
});
