"""A refusal raises `ChatError`, with the server's code."""

from __future__ import annotations

import socket

import pytest
from world import World, token_of, unique

from chatoxide import ChatClient, ChatError, NewMessage


async def test_a_token_of_another_secret(world: World) -> None:
    client = ChatClient(
        world.server.url, token_of(unique('mallory'), 'another secret, of the same length or longer')
    )

    with pytest.raises(ChatError) as refused:
        await client.__aenter__()

    assert refused.value.code == 'signed_out'
    assert not client.is_connected


async def test_a_token_may_come_from_a_function(world: World) -> None:
    name = unique('alice')

    async def token() -> str:
        return token_of(name)

    assert (await world.connect('alice', token=token)).user_id == name
    assert (await world.connect('alice', token=lambda: token_of(name))).user_id == name


async def test_a_function_that_fails_to_get_a_token(world: World) -> None:
    def token() -> str:
        raise KeyError('no token')

    with pytest.raises(KeyError, match='no token'):
        await world.connect('alice', token=token)


async def test_nobody_listens() -> None:
    with socket.create_server(('127.0.0.1', 0)) as reserved:
        port = reserved.getsockname()[1]
    client = ChatClient(f'http://127.0.0.1:{port}', token_of('alice'), connect_timeout=0)

    with pytest.raises(ChatError) as refused:
        await client.__aenter__()

    assert refused.value.code == 'offline'
    assert f':{port}' in refused.value.message


async def test_a_room_that_is_not_there(world: World) -> None:
    alice = await world.connect('alice')

    with pytest.raises(ChatError) as refused:
        await alice.join('nowhere')

    assert refused.value.code == 'room_not_found'


async def test_a_room_of_others(world: World) -> None:
    alice, mallory = await world.connect('alice'), await world.connect('mallory')
    made = await alice.create_room('Plans', type='private')

    with pytest.raises(ChatError) as refused:
        await mallory.join(made.id)

    assert refused.value.code == 'forbidden'


async def test_messages_of_others(world: World) -> None:
    alices, bobs = await world.meet(await world.connect('alice'), await world.connect('bob'))
    message = await alices.send('mine')

    with pytest.raises(ChatError) as edited:
        await bobs.edit(message, 'yours')
    with pytest.raises(ChatError) as deleted:
        await bobs.delete(message)

    assert (edited.value.code, deleted.value.code) == ('message_not_found', 'delete_refused')


async def test_a_message_that_is_not_representable(world: World) -> None:
    (room,) = await world.meet(await world.connect('alice'))

    with pytest.raises(ChatError) as refused:
        await room.send('nul \0')

    assert refused.value.code == 'bad_input'


async def test_a_closed_client(world: World) -> None:
    client = ChatClient(world.server.url, token_of(unique('alice')))
    async with client:
        (room,) = await world.meet(client)
        events, news = room.events(), client.events()

    with pytest.raises(ChatError) as refused:
        await room.send('too late')

    assert refused.value.code == 'closed'
    assert [event async for event in news] == []
    assert NewMessage not in [type(event) async for event in events]
