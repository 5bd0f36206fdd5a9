"""A server at another path, whose chat is in a namespace, and with types of messages of its own."""

from __future__ import annotations

from pathlib import Path

import pytest
from server import Server, Sqlite
from world import next_of, token_of

from chatoxide import ChatClient, ChatError, NewMessage
from chatoxide.place import Place

SETTINGS = {'SOCKET_PATH': '/api/socketio', 'NAMESPACE': '/chat', 'MESSAGE_TYPES': 'poll'}


async def test_path_and_namespace(tmp_path: Path) -> None:
    server = Server(Sqlite(tmp_path), tmp_path, SETTINGS)
    await server.start()
    url, path = f'{server.url}/chat', '/api/socketio/'
    try:
        async with (
            ChatClient(url, token_of('alice'), path=path) as alice,
            ChatClient(url, token_of('bob'), path=path, transports=('polling', 'websocket')) as bob,
        ):
            made = await alice.create_room('Here')
            rooms = [await client.join(made.id) for client in (alice, bob)]
            sent = await rooms[0].send('a or b?', type='poll')
            assert sent.type == 'poll'
            heard = await next_of(rooms[1].events(), NewMessage)
            assert (heard.message.id, heard.message.type) == (sent.id, 'poll')
        with pytest.raises(ChatError) as refused:
            async with ChatClient(url, 'not a token', path=path):
                pass
        assert refused.value.code == 'signed_out'
    finally:
        await server.stop()


def test_place_of_a_url() -> None:
    assert Place.of('https://h:1/chat/?a=1', '/x/') == Place('https://h:1?a=1', 'x', '/chat')
    assert Place.of('http://h', '/socket.io') == Place('http://h', 'socket.io', '/')
