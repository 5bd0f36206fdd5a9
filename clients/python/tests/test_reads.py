"""Unread counts, readers and settings; and that no event of the server's is without a call."""

from __future__ import annotations

import json
from pathlib import Path

from world import World, next_of

import chatoxide
from chatoxide import RoomUnread, UnreadChanged

FIXTURES = Path(__file__).parents[3] / 'tests' / 'fixtures' / 'protocol'


async def test_unread_counts_are_told_and_listed(world: World) -> None:
    alice, bob = await world.connect('alice'), await world.connect('bob')
    assert alice.user_id
    [room] = await world.meet(bob)
    await room.invite(alice.user_id)
    await alice.rooms()
    told = alice.events()
    message = await room.send('hello')
    change = await next_of(told, UnreadChanged)
    assert (change.unread.room_id, change.unread.unread_count, change.unread.mention_count) == (room.id, 1, 0)
    [unread] = await alice.unread()
    assert unread == RoomUnread(room.id, 1, 0, change.unread.seq)

    own = await alice.join(room.id)
    await own.mark_read()
    assert [unread.unread_count for unread in await alice.unread()] == [0]
    await own.mark_unread(message)
    assert [unread.unread_count for unread in await alice.unread()] == [1]


async def test_readers_are_named_unless_they_hide_it(world: World) -> None:
    alice, bob = await world.connect('alice'), await world.connect('bob')
    assert bob.user_id
    room, theirs = await world.meet(alice, bob)
    await room.invite(bob.user_id)
    message = await room.send('hello')
    assert (await room.readers(message)).readers == ()
    await theirs.mark_read()
    [reader] = (await room.readers(message)).readers
    assert (reader.id, reader.at >= message.created_at) == (bob.user_id, True)

    assert (await bob.hide_reads(True)).private_reads
    assert (await room.readers(message)).readers == ()
    assert await bob.settings() == await bob.hide_presence(False)
    assert not (await bob.hide_reads(False)).private_reads


async def test_messages_and_users_are_looked_up(world: World) -> None:
    alice = await world.connect('alice')
    assert alice.user_id
    [room] = await world.meet(alice)
    message = await room.send('hello')
    [found] = await alice.messages([message.id, 'never-sent'])
    assert (found.id, found.content) == (message.id, 'hello')
    [user] = await alice.users([alice.user_id, 'nobody-at-all'])
    assert (user.id, user.name) == (alice.user_id, 'Alice')


def test_each_request_has_a_call() -> None:
    source = Path(chatoxide.__file__).parent
    texts = ''.join(path.read_text() for path in source.glob('*.py'))
    requests = [json.loads(path.read_text())['request'] for path in FIXTURES.glob('request_*.json')]
    assert len(requests) > 40
    assert [name for name in requests if f"'{name}'" not in texts] == []
