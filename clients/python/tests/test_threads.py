"""Threads: replies beside the room, and what is unread of them."""

from __future__ import annotations

import pytest
from world import World, next_of

from chatoxide import ChatError, MessageDeleted, NewMessage, ThreadUnread


async def test_a_thread_is_answered_followed_and_read(world: World) -> None:
    alice, bob = await world.connect('alice'), await world.connect('bob')
    room, theirs = await world.meet(alice, bob)
    told = alice.events()
    root = await room.send('where do we eat?')
    reply = await theirs.send('at the lake', thread=root)
    assert await next_of(told, ThreadUnread) == ThreadUnread(root.id, room.id, 1)
    open_reply = await theirs.send('for all', thread=reply, also_to_room=True)

    assert reply.thread is not None
    assert open_reply.thread is not None
    assert (reply.thread.root_id, reply.thread.also_to_room) == (root.id, False)
    assert (open_reply.thread.root_id, open_reply.thread.also_to_room) == (root.id, True)

    page = await room.thread(root)
    assert page.root is not None
    assert page.root.thread_summary is not None
    assert [message.content for message in page.messages] == ['at the lake', 'for all']
    assert (page.root.thread_summary.reply_count, page.is_following, page.unread_count) == (2, True, 2)
    [followed] = (await alice.threads(room_id=room.id, unread_only=True)).threads
    assert (followed.root.id, followed.root.excerpt, followed.unread_count) == (root.id, root.content, 2)

    assert await room.mark_thread_read(root, reply) == 1
    assert await room.mark_thread_read(root, open_reply) == 0
    assert (await alice.threads(room_id=room.id, unread_only=True)).threads == ()
    await room.unfollow_thread(root)
    assert (await alice.threads(room_id=room.id)).threads == ()
    assert await room.follow_thread(root) == 0
    assert len((await alice.threads(room_id=room.id)).threads) == 1


async def test_changes_carry_the_state_of_their_thread(world: World) -> None:
    alice = await world.connect('alice')
    [room] = await world.meet(alice)
    events = room.events()
    root = await room.send('where do we eat?')
    assert (await next_of(events, NewMessage)).root is None
    reply = await room.send('at the lake', thread=root)
    told = (await next_of(events, NewMessage)).root
    assert told is not None
    assert told.summary is not None
    assert (told.id, told.summary.reply_count, told.summary.last_reply_id) == (root.id, 1, reply.id)
    await room.delete(reply)
    gone = (await next_of(events, MessageDeleted)).root
    assert gone is not None
    assert (gone.id, gone.summary) == (root.id, None)


async def test_a_thread_is_read_page_by_page(world: World) -> None:
    alice = await world.connect('alice')
    [room] = await world.meet(alice)
    root = await room.send('count')
    for number in range(5):
        await room.send(str(number), thread=root)
    newest = await room.thread(root, limit=2)
    older = await room.thread(root, limit=2, before=newest.before)
    oldest = await room.thread(root, limit=2, before=older.before)
    pages = [[message.content for message in page.messages] for page in (oldest, older, newest)]
    assert pages == [['0'], ['1', '2'], ['3', '4']]
    assert (newest.has_more, oldest.has_more, oldest.before) == (True, False, None)
    later = await room.send('later', thread=root)
    assert (await room.thread(root, after=newest.after)).messages[0].id == later.id


async def test_a_root_that_is_gone_takes_no_reply(world: World) -> None:
    alice = await world.connect('alice')
    [room] = await world.meet(alice)
    root = await room.send('where do we eat?')
    await room.send('at the lake', thread=root)
    await room.delete(root)
    assert (await room.thread(root)).root is None
    with pytest.raises(ChatError) as refused:
        await room.send('and now?', thread=root)
    assert refused.value.code == 'message_not_found'
