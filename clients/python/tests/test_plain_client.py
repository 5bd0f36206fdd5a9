"""A Socket.IO client as others wrote it, without anything of ours."""

from __future__ import annotations

import asyncio

import pytest
import socketio
from cutting_proxy import CuttingProxy
from plain_client import PATIENCE, Person
from world import World, unique

TRANSPORTS = [['websocket'], ['polling'], ['polling', 'websocket']]


def talk(url: str, transports: list[str]) -> None:
    with Person(url, 'alice', transports) as alice, Person(url, 'bob', transports) as bob:
        room = alice.asks('room:create', {'name': unique('Plain'), 'type': 'public'})['room']['id']
        for person in (alice, bob):
            person.tells('room:join', room)
            assert person.hears('room:history') == {'roomId': room, 'messages': [], 'seq': 0}
        assert alice.hears('room:user-joined')['user']['id'] == bob.id

        first = alice.asks('message:send', {'roomId': room, 'content': 'Grüße 👋'})['message']
        assert (first['content'], first['senderId']) == ('Grüße 👋', alice.id)
        assert alice.hears('message:new') == bob.hears('message:new') == first
        bob.asks('reaction:add', {'messageId': first['id'], 'roomId': room, 'emoji': '🎉'})
        assert alice.hears('reaction:added')['userId'] == bob.id
        bob.tells('typing:start', room)
        assert alice.hears('typing:user') == {'roomId': room, 'userId': bob.id, 'userName': 'Bob'}
        edited = alice.asks('message:edit', {'messageId': first['id'], 'content': 'Hello'})['message']
        assert bob.hears('message:updated') == edited

        # A burst without acks keeps its order.
        for number in range(50):
            bob.tells('message:send', {'roomId': room, 'content': f'{number}'})
        assert [alice.hears('message:new')['content'] for _ in range(50)] == [f'{n}' for n in range(50)]
        page = alice.asks(
            'messages:load', {'roomId': room, 'before': '2999-01-01T00:00:00.000Z', 'limit': 51}
        )
        assert [message['content'] for message in page['messages']] == [
            *(f'{number}' for number in reversed(range(50))),
            'Hello',
        ]
        alice.asks('message:delete', {'messageId': first['id'], 'roomId': room})
        assert bob.hears('message:deleted')['messageId'] == first['id']
        assert alice.heard_nothing_more('message:new')


@pytest.mark.parametrize('transports', TRANSPORTS, ids='+'.join)
async def test_two_talk(world: World, transports: list[str]) -> None:
    await asyncio.to_thread(talk, world.server.url, transports)


async def test_a_bad_token_is_refused(world: World) -> None:
    def come_in() -> None:
        client = socketio.Client(handle_sigint=False)
        told: list[object] = []
        client.on('connect_error', told.append)
        with pytest.raises(socketio.exceptions.ConnectionError):
            client.connect(
                world.server.url,
                auth={'token': 'not a token'},
                transports=['websocket'],
                wait_timeout=PATIENCE,
            )
        assert told == [{'message': 'Authentication failed'}]

    await asyncio.to_thread(come_in)


@pytest.mark.parametrize('transports', TRANSPORTS, ids='+'.join)
async def test_its_own_reconnection_finds_the_room_as_it_is(world: World, transports: list[str]) -> None:
    proxy = CuttingProxy(world.server.port)
    await proxy.start()
    loop = asyncio.get_running_loop()

    def story() -> None:
        with (
            Person(proxy.url, 'alice', transports) as alice,
            Person(world.server.url, 'bob', ['websocket']) as bob,
        ):
            room = bob.asks('room:create', {'name': unique('Plain'), 'type': 'public'})['room']['id']
            for person in (alice, bob):
                person.asks('room:join', room)
            alice.hears('room:history')
            loop.call_soon_threadsafe(proxy.cut)
            alice.hears('disconnect')
            missed = bob.asks('message:send', {'roomId': room, 'content': 'missed'})['message']
            loop.call_soon_threadsafe(proxy.mend)
            alice.hears('connect')
            alice.asks('room:join', room)
            history = alice.hears('room:history')
            assert [message['id'] for message in history['messages']] == [missed['id']]

    await asyncio.to_thread(story)
    await proxy.stop()
