"""A bot: a client that is in all rooms of its user, and answers commands."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Mapping
from typing import Protocol, TypeAlias

from .errors import ChatError
from .events import ClientEvent, Connected, DirectStarted, Interrupted, Invited, NewMessage, RoomEvent
from .models import ListedRoom, Message
from .room import Room

LOG = logging.getLogger('chatoxide')

Command: TypeAlias = Callable[[Room, Message, str], Awaitable[str | None]]
"""Called with the room, the message and the text after the command's name. What it returns is sent as a reply."""

EventHandler: TypeAlias = Callable[[Room, RoomEvent], Awaitable[object]]


class Client(Protocol):
    """The part of a `ChatClient` that a bot uses."""

    @property
    def user_id(self) -> str | None: ...

    async def rooms(self) -> list[ListedRoom]: ...

    async def join(self, room_id: str) -> Room: ...

    def events(self) -> AsyncIterator[ClientEvent]: ...


class Bot:
    def __init__(
        self, client: Client, commands: Mapping[str, Command], prefix: str, on_event: EventHandler | None
    ) -> None:
        self._client = client
        self._commands = commands
        self._prefix = prefix
        self._on_event = on_event
        # A task for each room that is read.
        self._reading: dict[str, asyncio.Task[None]] = {}

    async def run(self, rooms: Iterable[str]) -> None:
        """Ends when the client is closed. Raises `ChatError` when one of `rooms` cannot be joined."""
        # From before the list of rooms, so that no invitation falls between the two.
        events = self._client.events()
        try:
            for room_id in rooms:
                await self._follow(room_id)
            await self._follow_mine()
            async for event in events:
                match event:
                    case Invited(room=room) | DirectStarted(room=room):
                        await self._try_to_follow(room.id)
                    case Connected() | Interrupted():
                        # Invitations may have been missed.
                        await self._follow_mine()
        finally:
            for task in self._reading.values():
                task.cancel()
            await asyncio.gather(*self._reading.values(), return_exceptions=True)

    async def _follow_mine(self) -> None:
        try:
            listed = await self._client.rooms()
        except ChatError as error:
            if not error.is_passing:
                raise
            # The next connection asks again.
            LOG.warning('the rooms could not be listed: %s', error)
            return
        for room in listed:
            if room.is_member:
                await self._try_to_follow(room.id)

    async def _try_to_follow(self, room_id: str) -> None:
        try:
            await self._follow(room_id)
        except ChatError as error:
            LOG.warning('%s could not be joined: %s', room_id, error)

    async def _follow(self, room_id: str) -> None:
        reading = self._reading.get(room_id)
        if reading and not reading.done():
            return
        room = await self._client.join(room_id)
        self._reading[room_id] = asyncio.create_task(self._read(room))

    async def _read(self, room: Room) -> None:
        try:
            async for event in room.events():
                await self._hear(room, event)
        except ChatError as error:
            LOG.warning('%s is not read any more: %s', room.id, error)

    async def _hear(self, room: Room, event: RoomEvent) -> None:
        try:
            if self._on_event:
                await self._on_event(room, event)
            if isinstance(event, NewMessage) and event.message.sender_id != self._client.user_id:
                await self._obey(room, event.message)
        except Exception:
            # One message must not stop the bot.
            LOG.exception('an event in %s could not be handled', room.id)

    async def _obey(self, room: Room, message: Message) -> None:
        if not message.content.startswith(self._prefix):
            return
        name, *rest = message.content.removeprefix(self._prefix).split(maxsplit=1) or ['']
        command = self._commands.get(name)
        if not command:
            return
        answer = await command(room, message, rest[0] if rest else '')
        if answer is not None:
            await room.send(answer, reply_to=message)
