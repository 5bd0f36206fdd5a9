"""Fixtures of the tests: users, rooms and clients of their own for each."""

from __future__ import annotations

import itertools
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from typing import Any, TypeVar

import jwt
from server import SECRET, Server

from chatoxide import ChatClient, Room
from chatoxide.client import Transport
from chatoxide.token import TokenSource

E = TypeVar('E')

_serial = itertools.count(1)


def unique(name: str) -> str:
    """An id that no other test uses."""
    return f'{name}-{next(_serial)}'


def token_of(user_id: str, secret: str = SECRET) -> str:
    """A token that names the user as the id begins: `alice-7` is Alice."""
    return jwt.encode({'sub': user_id, 'name': user_id.split('-')[0].capitalize()}, secret, algorithm='HS256')


class World:
    def __init__(self, server: Server, stack: AsyncExitStack) -> None:
        self.server = server
        self.stack = stack

    async def connect(
        self,
        name: str,
        *,
        url: str | None = None,
        token: TokenSource | None = None,
        transports: tuple[Transport, ...] = ('websocket',),
    ) -> ChatClient:
        """A client of a new user; closed when the test ends."""
        source = token or token_of(unique(name))
        client = ChatClient(url or self.server.url, source, transports=transports)
        return await self.stack.enter_async_context(client)

    async def meet(self, *clients: ChatClient) -> list[Room]:
        """A new public room that these clients have joined, in this order."""
        room = await clients[0].create_room(unique('Room'))
        return [await client.join(room.id) for client in clients]


async def next_of(events: AsyncIterator[Any], kind: type[E]) -> E:
    """The next event of the kind; what comes before it is passed over."""
    async for event in events:
        if isinstance(event, kind):
            return event
    raise AssertionError(f'the events ended before a {kind.__name__} came')


async def take(events: AsyncIterator[Any], kind: type[E], count: int) -> list[E]:
    """The next events of the kind; what is of another is passed over."""
    return [await next_of(events, kind) for _ in range(count)]
