"""Two talk: messages, changes, reactions, and who is there."""

from __future__ import annotations

import asyncio

import pytest
from plain_client import Person
from world import World, next_of, take, unique

from chatoxide import (
    Interrupted,
    MessageDeleted,
    MessageUpdated,
    NewMessage,
    Reaction,
    ReactionAdded,
    ReactionRemoved,
    TypingStarted,
    TypingStopped,
    UserJoined,
    UserLeft,
    UserRead,
)
from chatoxide.client import Transport


@pytest.mark.parametrize('transports', [('websocket',), ('polling',), ('polling', 'websocket')])
async def test_both_hear_what_either_says(world: World, transports: tuple[Transport, ...]) -> None:
    alice = await world.connect('alice', transports=transports)
    bob = await world.connect('bob', transports=transports)
    alices, bobs = await world.meet(alice, bob)
    heard_by_alice, heard_by_bob = alices.events(), bobs.events()

    question = await alices.send('How are you?', metadata={'mood': ['curious', 1]})
    answer = await bobs.send('Fine', reply_to=question)

    for events in (heard_by_alice, heard_by_bob):
        told = await take(events, NewMessage, 2)
        assert [event.message for event in told] == [question, answer]
        assert [event.seq for event in told] == [1, 2]
    assert (question.content, question.type, question.metadata) == (
        'How are you?',
        'text',
        {'mood': ['curious', 1]},
    )
    assert (question.sender_id, question.sender_name) == (alice.user_id, 'Alice')
    assert answer.reply_to == question.id
    assert question.created_at <= answer.created_at


@pytest.mark.parametrize('transports', [('websocket',), ('polling',)])
async def test_a_burst_is_heard_whole_over_one_connection(
    world: World, transports: tuple[Transport, ...]
) -> None:
    alice = await world.connect('alice', transports=transports)
    (room,) = await world.meet(alice)
    events = room.events()

    def burst() -> None:
        with Person(world.server.url, 'bob', ['websocket']) as bob:
            bob.asks('room:join', room.id)
            for number in range(100):
                bob.tells('message:send', {'roomId': room.id, 'content': f'{number}'})
            assert bob.asks('room:leave', room.id)

    await asyncio.to_thread(burst)

    told: list[str] = []
    async for event in events:
        assert not isinstance(event, Interrupted)
        if isinstance(event, NewMessage):
            told.append(event.message.content)
        if len(told) == 100:
            break
    assert told == [f'{number}' for number in range(100)]


async def test_changes_to_a_message_are_told_in_order(world: World) -> None:
    alice, bob = await world.connect('alice'), await world.connect('bob')
    alices, bobs = await world.meet(alice, bob)
    events = bobs.events()

    message = await alices.send('Helo')
    edited = await alices.edit(message, 'Hello')
    await bobs.react(message, '👋')
    await bobs.unreact(message, '👋')
    await alices.delete(message)

    room, reader = bobs.id, bob.user_id
    assert reader
    assert await next_of(events, NewMessage) == NewMessage(room, 1, message)
    assert await next_of(events, MessageUpdated) == MessageUpdated(room, 2, edited)
    assert await next_of(events, ReactionAdded) == ReactionAdded(room, 3, message.id, reader, '👋')
    assert await next_of(events, ReactionRemoved) == ReactionRemoved(room, 4, message.id, reader, '👋')
    assert await next_of(events, MessageDeleted) == MessageDeleted(room, 5, message.id)
    assert edited.content == 'Hello'
    assert edited.updated_at is not None


async def test_a_user_who_joins_gets_the_history(world: World) -> None:
    alice, bob = await world.connect('alice'), await world.connect('bob')
    (alices,) = await world.meet(alice)
    first = await alices.send('first')
    await alices.send('second')
    await alices.react(first, '👍')

    bobs = await bob.join(alices.id)

    assert [message.content for message in bobs.messages] == ['first', 'second']
    assert bobs.messages[0].reactions == (Reaction('👍', alice.user_id or ''),)
    assert await bob.join(alices.id) is bobs


async def test_others_see_who_comes_reads_and_goes(world: World) -> None:
    alice, bob = await world.connect('alice'), await world.connect('bob')
    (alices,) = await world.meet(alice)
    events = alices.events()

    bobs = await bob.join(alices.id)
    assert (await next_of(events, UserJoined)).user.id == bob.user_id
    assert set((await alices.presence()).users) == {alice.user_id, bob.user_id}
    await bobs.mark_read()
    assert (await next_of(events, UserRead)).user_id == bob.user_id
    await bobs.leave()
    assert (await next_of(events, UserLeft)).user_id == bob.user_id
    assert (await alices.presence()).count == 1


async def test_the_events_of_a_room_that_was_left_end(world: World) -> None:
    alice, bob = await world.connect('alice'), await world.connect('bob')
    alices, bobs = await world.meet(alice, bob)
    events = bobs.events()
    await bobs.leave()
    await alices.send('behind your back')

    assert NewMessage not in [type(event) async for event in events]
    again = await bob.join(alices.id)
    assert again is not bobs
    assert [message.content for message in again.messages] == ['behind your back']


async def test_typing_is_told_for_as_long_as_it_takes(world: World) -> None:
    alice, bob = await world.connect('alice'), await world.connect('bob')
    alices, bobs = await world.meet(alice, bob)
    events = bobs.events()

    async with alices.typing():
        started = await next_of(events, TypingStarted)
        # It is said again before others would take the writer for idle.
        assert await next_of(events, TypingStarted) == started
    assert (started.user_id, started.user_name) == (alice.user_id, 'Alice')
    assert (await next_of(events, TypingStopped)).user_id == alice.user_id


async def test_a_client_id_makes_it_one_message(world: World) -> None:
    (room,) = await world.meet(await world.connect('alice'))
    client_id = unique('client')

    first = await room.send('once', client_id=client_id)
    second = await room.send('once', client_id=client_id)

    assert second.id == first.id
    assert [message.content async for message in room.history()] == ['once']


async def test_a_text_that_exceeds_a_packet_is_one_message_and_an_edit_likewise(world: World) -> None:
    alice = await world.connect('alice')
    bob = await world.connect('bob')
    alices, bobs = await world.meet(alice, bob)
    heard = bobs.events()
    text = 'ä語😀 and more\n' * 30_000

    sent = await alices.send(text, client_id='long')
    again = await alices.send(text, client_id='long')
    edited = await alices.edit(sent, f'{text}!')

    assert (sent.content == text, again.id == sent.id, edited.content == f'{text}!') == (True, True, True)
    [new] = await take(heard, NewMessage, 1)
    assert new.message.content == text
    [updated] = await take(heard, MessageUpdated, 1)
    assert updated.message.content == f'{text}!'
