"""A room's history, back to its beginning."""

from __future__ import annotations

from dataclasses import replace

from world import World, take

from chatoxide import Message, NewMessage

COUNT = 230


async def test_all_of_it_without_gap_or_double(world: World) -> None:
    alice, bob = await world.connect('alice'), await world.connect('bob')
    (alices,) = await world.meet(alice)
    sent = [await alices.send(f'message {number}') for number in range(COUNT)]
    bobs = await bob.join(alices.id)

    # Newest first, over more than one page.
    told = [message.id async for message in bobs.history()]
    assert told == [message.id for message in reversed(sent)]

    # By hand, from what was shown on joining.
    pages = list(bobs.messages)
    while older := await bobs.load_before(pages[0], limit=40):
        pages = older + pages
    assert [message.id for message in pages] == [message.id for message in sent]

    # The same from the log, in more than one answer.
    events = await take(bobs.events(since=0), NewMessage, COUNT)
    assert [event.message for event in events] == sent
    assert [event.seq for event in events] == list(range(1, COUNT + 1))


async def test_a_page_of_long_messages(world: World) -> None:
    (room,) = await world.meet(await world.connect('alice'))
    long = 'x' * 65_536
    # Together more than the 4 MiB that the websocket library takes by itself.
    sent = [await room.send(f'{number:02}{long[2:]}') for number in range(70)]

    assert await room.load_before(sent[-1], limit=100) == [told_later(message) for message in sent[:-1]]


def told_later(message: Message) -> Message:
    """As it is told in pages."""
    return replace(message, seq=None)
