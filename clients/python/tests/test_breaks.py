"""Connections and servers break; nothing is missed, told twice or sent twice."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
from cutting_proxy import CuttingProxy
from world import World, next_of, take, token_of, unique

from chatoxide import (
    ChatError,
    ClientEvent,
    Connected,
    Disconnected,
    Discontinuity,
    Interrupted,
    Message,
    MessageDeleted,
    MessageUpdated,
    NewMessage,
    ReactionAdded,
    Room,
    RoomEvents,
)

COUNT = 60


@pytest_asyncio.fixture
async def proxy(world: World) -> AsyncIterator[CuttingProxy]:
    proxy = CuttingProxy(world.server.port)
    await proxy.start()
    yield proxy
    # Close the clients of the test first.
    await world.stack.aclose()
    await proxy.stop()


async def test_the_server_dies_amid_sends(world: World) -> None:
    alices, bobs = await world.meet(await world.connect('alice'), await world.connect('bob'))
    heard_by_alice, heard_by_bob = alices.events(), bobs.events()
    halfway = asyncio.Event()

    async def talk(room: Room) -> list[str]:
        sent = []
        for number in range(COUNT):
            sent.append((await room.send(f'{number}')).id)
            if number == COUNT // 2:
                halfway.set()
        return sent

    talking = asyncio.gather(talk(alices), talk(bobs))
    await halfway.wait()
    await world.server.kill()
    await world.server.start()
    of_alice, of_bob = await talking

    told = await take(heard_by_alice, NewMessage, 2 * COUNT)
    assert [event.seq for event in told] == list(range(1, 2 * COUNT + 1))
    assert await take(heard_by_bob, NewMessage, 2 * COUNT) == told
    # Each was acked once, and all that was acked is there, in the order in which it was sent.
    assert [event.message.id for event in told if event.message.id in of_alice] == of_alice
    assert [event.message.id for event in told if event.message.id in of_bob] == of_bob
    assert len({*of_alice, *of_bob}) == 2 * COUNT


async def test_messages_sent_at_once_keep_their_order_over_a_break(world: World, proxy: CuttingProxy) -> None:
    (room,) = await world.meet(await world.connect('alice', url=proxy.url))
    sending = [asyncio.create_task(room.send(f'{number}')) for number in range(COUNT)]
    await sending[COUNT // 3]
    proxy.cut()
    proxy.mend()
    await asyncio.gather(*sending)

    contents = [message.content async for message in room.history()]
    assert contents == [f'{number}' for number in reversed(range(COUNT))]


async def test_events_during_a_break_are_passed_on(world: World, proxy: CuttingProxy) -> None:
    events, news, bobs, before = await cut_off(world, proxy)
    await bobs.edit(before, 'changed')
    await bobs.react(before, '👍')
    missed = [await bobs.send(f'{number}') for number in range(3)]
    await bobs.delete(missed[1])
    proxy.mend()
    await next_of(news, Connected)
    after = await bobs.send('after')

    assert isinstance(await next_of(events, Interrupted), Interrupted)
    assert (await next_of(events, MessageUpdated)).message.content == 'changed'
    assert (await next_of(events, ReactionAdded)).message_id == before.id
    told = [event async for event in until_message(events, after.id)]
    messages = [event.message for event in told if isinstance(event, NewMessage)]
    # The message that was sent and deleted during the break may be reported or not. Its deletion must be.
    assert [message.content for message in messages if message.id != missed[1].id] == ['0', '2', 'after']
    assert [event.message_id for event in told if isinstance(event, MessageDeleted)] == [missed[1].id]
    seqs = [event.seq for event in told if isinstance(event, (NewMessage, MessageDeleted))]
    assert seqs == sorted(set(seqs))


async def test_a_reader_goes_on_where_another_has_ended(world: World) -> None:
    (room,) = await world.meet(await world.connect('alice'))
    sent = [await room.send(f'{number}') for number in range(4)]
    first = room.events()
    await take(first, NewMessage, 2)

    told = await take(room.events(since=first.seq), NewMessage, 2)

    assert [event.message for event in told] == sent[2:]


async def test_entries_deleted_during_a_break_are_reported_missing(world: World, proxy: CuttingProxy) -> None:
    events, _, bobs, heard = await cut_off(world, proxy)
    missed = [await bobs.send(f'{number}') for number in range(5)]
    # The server keeps the newest entries in memory, too.
    await world.server.kill()
    world.server.database.forget_log(bobs.id, up_to=4)
    await world.server.start()
    proxy.mend()

    gap = await next_of(events, Discontinuity)
    assert (gap.room_id, gap.since, gap.seq) == (bobs.id, 1, 6)
    assert [message.id for message in gap.messages] == [message.id for message in [heard, *missed]]
    after = await bobs.send('after')
    assert await next_of(events, NewMessage) == NewMessage(bobs.id, 7, after)


async def test_a_new_connection_takes_a_new_token(world: World, proxy: CuttingProxy) -> None:
    name = unique('alice')
    tokens = [token_of(name), token_of(name), 'not a token']
    alice = await world.connect('alice', url=proxy.url, token=lambda: tokens.pop(0))
    (room,) = await world.meet(alice)
    events, news = room.events(), alice.events()

    proxy.cut()
    proxy.mend()
    await next_of(news, Connected)
    proxy.cut()
    proxy.mend()

    # A refused client does not reconnect: every waiting call raises the reason.
    for waiting in (next_of(news, Connected), next_of(events, NewMessage), room.send('Hello')):
        with pytest.raises(ChatError) as refused:
            await waiting
        assert refused.value.code == 'signed_out'


async def test_a_message_that_breaks_the_connection_is_given_up(world: World) -> None:
    (room,) = await world.meet(await world.connect('alice'))

    with pytest.raises(ChatError) as refused:
        await room.send('long', metadata={'text': 'x' * 2_000_000})

    assert refused.value.code == 'offline'
    assert (await room.send('short')).content == 'short'


async def cut_off(
    world: World, proxy: CuttingProxy
) -> tuple[RoomEvents, AsyncIterator[ClientEvent], Room, Message]:
    """The events of Alice, whose connection is cut; the room as Bob sees it; and the message of his that she has."""
    alice, bob = await world.connect('alice', url=proxy.url), await world.connect('bob')
    alices, bobs = await world.meet(alice, bob)
    events, news = alices.events(), alice.events()
    heard = await bobs.send('heard')
    assert (await next_of(events, NewMessage)).message == heard
    proxy.cut()
    await next_of(news, Disconnected)
    assert not alice.is_connected
    return events, news, bobs, heard


async def until_message(events: AsyncIterator[object], message_id: str) -> AsyncIterator[object]:
    async for event in events:
        yield event
        if isinstance(event, NewMessage) and event.message.id == message_id:
            return
