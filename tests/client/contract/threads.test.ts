// Threads: what clients that know them and clients that do not hear of the same replies, on every transport.
import { expect, test } from 'vitest';
import type { Client } from '../support/client';
import { everywhere, settled } from '../support/world';

interface State {
  root?: { threadSummary: { replyCount: number } | null };
}

everywhere('threads', (world) => {
  async function say(client: Client, roomId: string, content: string, more = {}) {
    return (await client.ask('message:send', { roomId, content, ...more })).message;
  }

  test('a reply is a message of the room for a client that knows no threads', async () => {
    const { room, alice, bob } = await world.meet('alice', 'bob');
    const root = await say(alice, room, 'where do we eat?');
    const reply = await say(bob, room, 'at the lake', { threadId: root.id });
    const open = await say(bob, room, 'for all', { threadId: reply.id, alsoToRoom: true });

    expect(reply).toMatchObject({ replyTo: root.id, thread: { rootId: root.id, alsoToRoom: false } });
    expect(open).toMatchObject({ replyTo: root.id, thread: { rootId: root.id, alsoToRoom: true } });
    await settled(alice, bob);
    const heard = alice.all('message:new').map(({ id, replyTo }) => [id, replyTo]);
    expect(heard).toEqual([
      [root.id, null],
      [reply.id, root.id],
      [open.id, root.id],
    ]);
    const carol = await world.connect(world.user('carol'));
    await carol.ask('room:join', room);
    const { messages } = await carol.next('room:history');
    expect(messages.map(({ content }) => content)).toEqual(['for all', 'at the lake', 'where do we eat?']);
    expect(messages[2]).toMatchObject({ threadSummary: { replyCount: 2, lastReply: { id: open.id } } });
  });

  test('each reply and deletion carries the state of its thread', async () => {
    const { room, alice, bob } = await world.meet('alice', 'bob');
    const root = await say(alice, room, 'where do we eat?');
    const first = await say(bob, room, 'at the lake', { threadId: root.id });
    const second = await say(alice, room, 'see you there', { threadId: root.id });
    await alice.ask('message:delete', { messageId: second.id });
    await bob.ask('message:delete', { messageId: first.id });
    await settled(alice, bob);
    const changes = [...bob.all('message:new').slice(1), ...bob.all('message:deleted')] as State[];
    const counts = changes.map(({ root: state }) => state?.threadSummary?.replyCount ?? null);
    expect(counts).toEqual([1, 2, 1, null]);
  });

  test('its pages lead to its beginning and to its end', async () => {
    const { room, alice } = await world.meet('alice');
    const root = await say(alice, room, 'count');
    const contents = Array.from({ length: 7 }, (_, serial) => `reply ${serial}`);
    for (const content of contents) await say(alice, room, content, { threadId: root.id });

    const newest = await alice.ask('thread:load', { rootId: root.id, limit: 3 });
    const older = await alice.ask('thread:load', { rootId: root.id, limit: 3, before: newest.before });
    const oldest = await alice.ask('thread:load', { rootId: root.id, limit: 3, before: older.before });

    const pages = [newest, older, oldest];
    const loaded = pages.flatMap(({ messages }) => messages.map(({ content }) => content));
    expect(loaded).toEqual(contents.toReversed());
    expect(pages.map(({ before }) => before !== null)).toEqual([true, true, false]);
    expect(newest).toMatchObject({ rootId: root.id, roomId: room, root: { id: root.id, content: 'count' } });

    await say(alice, room, 'and later', { threadId: root.id });
    const later = await alice.ask('thread:load', { rootId: root.id, after: newest.after });
    expect(later.messages.map(({ content }) => content)).toEqual(['and later']);
  });

  test('every device of a follower is told what is unread, and that it was read', async () => {
    const { room, alice, bob } = await world.meet('alice', 'bob');
    const phone = await world.connect(alice.user);
    const root = await say(alice, room, 'where do we eat?');
    const reply = await say(bob, room, 'at the lake', { threadId: root.id });
    const unread = (unreadCount: number) => ({ rootId: root.id, roomId: room, unreadCount });
    for (const device of [alice, phone]) expect(await device.next('thread:unread')).toEqual(unread(1));
    expect((await phone.ask('threads:list', {})).threads).toMatchObject([
      { roomId: room, root: { id: root.id, isDeleted: false }, unreadCount: 1 },
    ]);

    await alice.ask('thread:read', { rootId: root.id, messageId: reply.id });
    for (const device of [alice, phone]) expect(await device.next('thread:unread')).toEqual(unread(0));
    expect((await phone.ask('threads:list', { unreadOnly: true })).threads).toEqual([]);

    await alice.ask('thread:unfollow', { rootId: root.id });
    await say(bob, room, 'at noon', { threadId: root.id });
    expect((await phone.ask('threads:list', {})).threads).toEqual([]);
    const back = await alice.ask('thread:follow', { rootId: root.id });
    expect(back.success).toBe(true);
    expect((await phone.ask('threads:list', {})).threads).toHaveLength(1);
  });

  test('a thread is part of what a client catches up with', async () => {
    const { room, alice, bob } = await world.meet('alice', 'bob');
    const root = await say(alice, room, 'where do we eat?');
    const since = root.seq;
    const reply = await say(bob, room, 'at the lake', { threadId: root.id });
    const first = await alice.ask('messages:sync', { roomId: room, since });
    expect(first).toMatchObject({
      complete: true,
      events: [
        {
          event: 'message:new',
          data: { id: reply.id, thread: { rootId: root.id }, root: { threadSummary: { replyCount: 1 } } },
        },
      ],
    });
    await bob.ask('message:delete', { messageId: reply.id });
    const second = await alice.ask('messages:sync', { roomId: room, since: first.seq });
    expect(second).toMatchObject({
      complete: true,
      events: [{ event: 'message:deleted', data: { root: { id: root.id, threadSummary: null } } }],
    });
  });

  test('a thread outlives its root', async () => {
    const { room, alice, bob } = await world.meet('alice', 'bob');
    const root = await say(alice, room, 'where do we eat?');
    await say(bob, room, 'at the lake', { threadId: root.id });
    await alice.ask('message:delete', { messageId: root.id });
    const page = await bob.ask('thread:load', { rootId: root.id });
    expect(page).toMatchObject({ root: null, messages: [{ content: 'at the lake' }] });
    const refused = await bob.ask('message:send', { roomId: room, content: 'and now?', threadId: root.id });
    expect(refused).toMatchObject({ success: false, code: 'message_not_found' });
  });

  test('a stranger neither reads, follows nor answers, and learns nothing', async () => {
    const { room, alice } = await world.meetIn({ type: 'private' }, 'alice');
    const { room: own, alice: stranger } = await world.meet('alice');
    const root = await say(alice, room, 'between us');
    const reply = await say(alice, room, 'yes', { threadId: root.id });
    await settled(alice);
    alice.forget();
    const tries = (rootId: string, messageId: string) => [
      stranger.ask('thread:load', { rootId }),
      stranger.ask('thread:follow', { rootId }),
      stranger.ask('thread:unfollow', { rootId }),
      stranger.ask('thread:read', { rootId, messageId }),
      stranger.ask('message:send', { roomId: own, content: 'x', threadId: rootId }),
    ];

    const there = await Promise.all(tries(root.id, reply.id));
    const nowhere = await Promise.all(tries(world.unique('never'), world.unique('never')));

    expect(there.map(({ success }) => success)).toEqual([false, false, false, false, false]);
    expect(there.map(({ code }) => code)).toEqual(nowhere.map(({ code }) => code));
    expect((await stranger.ask('threads:list', {})).threads).toEqual([]);
    await settled(alice, stranger);
    expect(alice.events()).toEqual([]);
  });

  test('a root of another room of one’s own is refused, too', async () => {
    const { room, alice } = await world.meet('alice');
    const other = await world.room({ members: [alice.user] });
    await alice.ask('room:join', other);
    const root = await say(alice, other, 'elsewhere');
    const refused = await alice.ask('message:send', { roomId: room, content: 'x', threadId: root.id });
    expect(refused).toMatchObject({ success: false, code: 'message_not_found' });
  });

  test('a removed member hears no more of a thread', async () => {
    const alice = await world.connect(world.user('alice'));
    const { room } = await alice.ask('room:create', { name: 'Private', type: 'private' });
    const [bob, carol] = [await world.connect(world.user('bob')), await world.connect(world.user('carol'))];
    for (const { id: userId } of [bob, carol]) await alice.ask('room:invite', { roomId: room.id, userId });
    const root = await say(bob, room.id, 'where do we eat?');
    await say(alice, room.id, 'at the lake', { threadId: root.id });
    await bob.next('thread:unread');
    await carol.ask('thread:follow', { rootId: root.id });
    await carol.next('thread:unread');
    await alice.ask('member:remove', { roomId: room.id, userId: bob.id });
    await bob.next('member:left');
    await say(alice, room.id, 'without Bob', { threadId: root.id });
    // All followers are told together.
    await carol.next('thread:unread');
    await settled(bob);
    expect(bob.all('thread:unread')).toHaveLength(1);
    expect((await bob.ask('threads:list', {})).threads).toEqual([]);
    expect(await bob.ask('thread:load', { rootId: root.id })).toMatchObject({ success: false });
  });

  test.each([
    ['thread:load', {}],
    ['thread:load', { rootId: 7 }],
    ['thread:load', { rootId: 'x', limit: -1 }],
    ['thread:load', { rootId: 'x', before: 'no cursor' }],
    ['thread:load', { rootId: 'x', before: 'a', after: 'b' }],
    ['thread:follow', null],
    ['thread:unfollow', 'x'],
    ['thread:read', { rootId: 'x' }],
    ['threads:list', { limit: 'x' }],
    ['threads:list', { after: 7 }],
    ['message:send', { roomId: 'x', content: 'x', threadId: 7 }],
  ] as const)('%s %j is refused as bad input', async (event, argument) => {
    const { alice } = await world.meet('alice');
    expect(await alice.ask(event, argument)).toMatchObject({ success: false, code: 'bad_input' });
  });
});
