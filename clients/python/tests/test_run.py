"""`ChatClient.run`: a bot is in all rooms of its user, also after a break, and its commands answer."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from cutting_proxy import CuttingProxy
from world import World, next_of, token_of, unique

from chatoxide import (
    ChatClient,
    ChatError,
    Disconnected,
    Message,
    NewMessage,
    Room,
    RoomEvent,
    UserJoined,
)


async def shout(room: Room, message: Message, text: str) -> str:
    return text.upper()


async def fail(room: Room, message: Message, text: str) -> None:
    raise ValueError('a fault of the command')


@asynccontextmanager
async def running(client: ChatClient, **options: object) -> AsyncIterator[asyncio.Task[None]]:
    """The bot, running; what it raises is not lost."""
    task = asyncio.create_task(client.run({'shout': shout, 'fail': fail}, **options))  # type: ignore[arg-type]
    try:
        yield task
        assert not task.done(), task
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


def bot_of(world: World, url: str | None = None) -> tuple[str, ChatClient]:
    name = unique('bot')
    return name, ChatClient(url or world.server.url, token_of(name))


async def answer_to(room: Room, command: str) -> Message:
    """The message after the command."""
    events = room.events()
    sent = await room.send(command)
    while (await next_of(events, NewMessage)).message != sent:
        pass
    return (await next_of(events, NewMessage)).message


async def has_come(room: Room, name: str) -> None:
    """Waits until the user is in the room."""
    events = room.events()
    if name in (await room.presence()).users:
        return
    while (await next_of(events, UserJoined)).user.id != name:
        pass


async def test_it_is_in_all_rooms_of_its_user_and_in_no_other(world: World) -> None:
    name, client = bot_of(world)
    alice = await world.connect('alice')
    await world.connect('bot', token=token_of(name))
    private = await alice.join((await alice.create_room('Private', type='private', members=[name])).id)
    (other,) = await world.meet(alice)
    (asked_for,) = await world.meet(alice)
    async with running(client, rooms=[asked_for.id]):
        for room in (private, asked_for):
            await has_come(room, name)
            answer = await answer_to(room, '!shout hello')
            assert (answer.sender_id, answer.content) == (name, 'HELLO')
        assert name not in (await other.presence()).users


async def test_it_follows_an_invitation_and_a_direct_message(world: World) -> None:
    name, client = bot_of(world)
    alice = await world.connect('alice')
    (first,) = await world.meet(alice)
    async with running(client, rooms=[first.id]):
        await has_come(first, name)
        invited = await alice.join((await alice.create_room('Later', type='private')).id)
        await invited.invite(name)
        await has_come(invited, name)
        assert (await answer_to(invited, '!shout invited')).content == 'INVITED'
        direct = await alice.start_direct(name)
        await has_come(direct, name)
        assert (await answer_to(direct, '!shout direct')).content == 'DIRECT'


async def test_after_a_break_it_follows_an_invitation_and_reads_each_room_once(world: World) -> None:
    proxy = CuttingProxy(world.server.port)
    await proxy.start()
    name, client = bot_of(world, proxy.url)
    alice = await world.connect('alice')
    await world.connect('bot', token=token_of(name))
    mine = await alice.join((await alice.create_room('Mine', type='private', members=[name])).id)
    async with running(client, rooms=[mine.id]):
        await has_come(mine, name)
        assert (await answer_to(mine, '!shout before')).content == 'BEFORE'
        # An invitation is followed once the list of rooms has come.
        (last,) = await world.meet(alice)
        await last.invite(name)
        await has_come(last, name)
        news = client.events()
        proxy.cut()
        await next_of(news, Disconnected)
        room = await alice.join((await alice.create_room('Meanwhile', type='private', members=[name])).id)
        proxy.mend()
        await has_come(room, name)
        assert (await answer_to(room, '!shout back')).content == 'BACK'

        for word in ('once', 'end'):
            assert (await answer_to(mine, f'!shout {word}')).content == word.upper()
        answers = [message.content async for message in mine.history() if message.sender_id == name]
        assert answers == ['END', 'ONCE', 'BEFORE']
    await proxy.stop()


async def test_a_command_that_fails_is_logged_and_stops_nothing(
    world: World, caplog: pytest.LogCaptureFixture
) -> None:
    name, client = bot_of(world)
    (room,) = await world.meet(await world.connect('alice'))
    with caplog.at_level(logging.ERROR, 'chatoxide'):
        async with running(client, rooms=[room.id]):
            await has_come(room, name)
            await room.send('!fail')
            assert (await answer_to(room, '!shout still here')).content == 'STILL HERE'
    assert 'a fault of the command' in caplog.text


async def test_only_commands_of_others_are_answered(world: World) -> None:
    name, client = bot_of(world)
    alice = await world.connect('alice')
    (room,) = await world.meet(alice)
    seen: list[str] = []

    async def note(room: Room, event: RoomEvent) -> None:
        if isinstance(event, NewMessage):
            seen.append(event.message.content)

    async with running(client, rooms=[room.id], prefix='/', on_event=note):
        await has_come(room, name)
        other_tab = await (await world.connect('bot', token=token_of(name))).join(room.id)
        await other_tab.send('/shout by the bot itself')
        for content in ('!shout another prefix', '/unknown', '/', ' /shout not at the start', 'shout'):
            await room.send(content)
        answer = await answer_to(room, '/shout\n of two lines ')
        assert answer.content == 'OF TWO LINES '
    assert seen[:7] == [
        '/shout by the bot itself',
        '!shout another prefix',
        '/unknown',
        '/',
        ' /shout not at the start',
        'shout',
        '/shout\n of two lines ',
    ]


async def test_it_raises_what_it_cannot_begin_with(world: World) -> None:
    _, client = bot_of(world)
    with pytest.raises(ChatError, match='Room not found'):
        await client.run(rooms=[unique('nowhere')])
    refused = ChatClient(
        world.server.url, token_of('bot', 'another secret, as long as it needs to be: 0123456789')
    )
    with pytest.raises(ChatError) as raised:
        await refused.run()
    assert raised.value.code == 'signed_out'
