"""Unread counts, readers, settings and look-ups; and that no event of a client is without a call."""

from __future__ import annotations

import ast
import json
from pathlib import Path

from world import World, next_of

import chatoxide
from chatoxide import RoomUnread, UnreadChanged

ASYNCAPI = Path(__file__).parents[3] / 'docs' / 'asyncapi.json'


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
    quote, gone = await alice.quotes([message.id, 'never-sent'])
    assert (quote.id, quote.excerpt, quote.sender_id) == (message.id, 'hello', alice.user_id)
    assert (gone.id, gone.is_deleted) == ('never-sent', True)
    [user] = await alice.users([alice.user_id, 'nobody-at-all'])
    assert (user.id, user.name) == (alice.user_id, 'Alice')


def sent_by_calls() -> set[str]:
    """The texts that the package passes to the methods that send an event."""
    trees = [ast.parse(path.read_text()) for path in Path(chatoxide.__file__).parent.glob('*.py')]
    calls = [node for tree in trees for node in ast.walk(tree) if isinstance(node, ast.Call)]
    return {
        argument.value
        for call in calls
        if isinstance(call.func, ast.Attribute) and call.func.attr in {'ask', '_ask_unread', '_tell'}
        for argument in call.args
        if isinstance(argument, ast.Constant) and isinstance(argument.value, str)
    }


def test_each_event_of_a_client_has_a_call() -> None:
    operations = json.loads(ASYNCAPI.read_text())['operations']
    events = {
        name.removeprefix('client.').replace('.', ':', 1) for name in operations if name.startswith('client.')
    }
    assert len(events) > 40
    assert events - sent_by_calls() == set()
