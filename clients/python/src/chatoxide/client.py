"""The chat client: one user's connection to a server."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from datetime import datetime
from types import TracebackType
from typing import Literal

from .bot import Bot, Command, EventHandler
from .connection import Again, Connection
from .errors import ChatError
from .events import ClientEvent, Connected, Disconnected, Interrupted, read_client_event
from .feed import Feed
from .log import RoomLog
from .models import ListedRoom, Member, MentionPage, Message, RoomInfo, Status, UserPresence
from .place import Place
from .reads import RoomUnread, Settings
from .record import Json, Record
from .room import Room
from .search import SearchOrder, SearchPage, SearchResult
from .threads import FollowedThreads, Quote
from .token import TokenSource

LOG = logging.getLogger('chatoxide')

Transport = Literal['websocket', 'polling']


class ChatClient:
    """`async with ChatClient(url, token=token) as client:` connects, comes back by itself after each break, and closes.

    The namespace is the path of `url`; `path` is that of Socket.IO on the server (its setting `SOCKET_PATH`).

    `token` is text, or a function, async or not, that is asked each time that the client connects. Entering the block
    raises `ChatError`: `signed_out` when the token was not taken, `offline` when there was no connection within
    `connect_timeout` seconds. It may be entered once.
    """

    def __init__(
        self,
        url: str,
        token: TokenSource,
        *,
        path: str = '/socket.io',
        connect_timeout: float = 20,
        transports: Sequence[Transport] = ('websocket',),
    ) -> None:
        self._connect_timeout = connect_timeout
        self._connection = Connection(
            Place.of(url, path),
            token,
            transports,
            hear=self._hear,
            connected=self._on_connected,
            disconnected=self._on_disconnected,
            ended=self._on_ended,
        )
        self._feed: Feed[ClientEvent] = Feed()
        self._rooms: dict[str, Room] = {}
        self._logs: dict[str, RoomLog] = {}
        self._joining = asyncio.Lock()

    async def __aenter__(self) -> ChatClient:
        await self._connection.open(self._connect_timeout)
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        await self._connection.close()

    async def run(
        self,
        commands: Mapping[str, Command] | None = None,
        *,
        prefix: str = '!',
        rooms: Iterable[str] = (),
        on_event: EventHandler | None = None,
    ) -> None:
        """Connects as a bot and stays: `asyncio.run(client.run({'echo': echo}))` is a whole program.

        It joins all rooms of which the user is a member, those into which the user is invited later, and `rooms`, such
        as public ones. `commands` are functions by name: a message of another user such as `!echo Hello` calls
        `commands['echo'](room, message, 'Hello')`, and a text that this returns is sent as a reply. `on_event` is
        called with every event of every room, before a command.

        The events of a room are handled one after the other, and rooms side by side. What a function raises is logged.
        Ends when the task is cancelled, as Ctrl+C does; raises `ChatError` when the token was refused, also later, or
        when one of `rooms` cannot be joined.
        """
        async with self:
            await Bot(self, commands or {}, prefix, on_event).run(rooms)

    @property
    def user_id(self) -> str | None:
        """The user id of the last token; None when it is not known."""
        return self._connection.user_id

    @property
    def is_connected(self) -> bool:
        return self._connection.is_up

    async def join(self, room_id: str) -> Room:
        """Enters a room, for as long as the client lives or until `Room.leave`. Joined twice it is the same room."""
        async with self._joining:
            room = self._rooms.get(room_id)
            if room and not room.is_closed:
                return room
            log = self._logs[room_id] = RoomLog(self._connection, room_id)
            try:
                shown = await log.enter()
            except BaseException:
                del self._logs[room_id]
                raise
            room = self._rooms[room_id] = Room(self._connection, log, shown, lambda: self._forget(log))
            return room

    async def start_direct(self, user_id: str) -> Room:
        """Enters the direct room with another user, made if need be. The other one is told."""
        answer = await self._connection.ask('dm:start', user_id)
        return await self.join(answer.record('room').text('id'))

    async def rooms(self) -> list[ListedRoom]:
        """The rooms that the user is in and those that are open to all: where something was said last first."""
        answer = await self._connection.ask('rooms:list', {})
        return [ListedRoom.read(room) for room in answer.records('rooms')]

    async def create_room(
        self, name: str, *, type: Literal['public', 'private'] = 'public', members: Iterable[str] = ()
    ) -> RoomInfo:
        """Makes a room of the user and of `members` (ids).

        Not asked again after a break: `offline` leaves open whether it was made.
        """
        request = {'name': name, 'type': type, 'members': list(members)}
        answer = await self._connection.ask('room:create', request, Again.IF_NOT_DONE)
        return RoomInfo.read(answer.record('room'))

    async def become_member(self, room_id: str) -> RoomInfo:
        """Makes the user a member of a public room: `rooms()` lists it as theirs, with unread counts."""
        answer = await self._connection.ask('member:join', room_id)
        return RoomInfo.read(answer.record('room'))

    async def end_membership(self, room_id: str) -> None:
        """Ends the user's membership of a room, on all devices."""
        await self._connection.ask('member:leave', room_id)

    async def watch_users(self, user_ids: Iterable[str]) -> list[str]:
        """Watches up to 500 users who share a room with this one, in place of those of the last call.

        Returns the ids of those who are online by any device. `events()` yields `UsersPresence` when they come and
        go. A new connection watches nobody: call it again after `Connected`.
        """
        answer = await self._connection.ask('users:watch', {'userIds': list(user_ids)})
        return answer.texts('online')

    async def presence(self, user_ids: Iterable[str]) -> list[UserPresence]:
        """The presence of up to 500 users, without those who share no room with this one."""
        answer = await self._connection.ask('presence:list', {'userIds': list(user_ids)})
        return [UserPresence.read(user) for user in answer.records('users')]

    async def watch_presence(self, user_ids: Iterable[str]) -> list[UserPresence]:
        """Watches the presence of up to 500 users who share a room with this one, in place of those of the last call.

        Returns how it is. `events()` yields `PresenceChanged` when it changes. A new connection watches nobody: call
        it again after `Connected`.
        """
        answer = await self._connection.ask('presence:watch', {'userIds': list(user_ids)})
        return [UserPresence.read(user) for user in answer.records('users')]

    async def set_away(self, is_away: bool) -> None:
        """This device is away, or active again. A new connection is active."""
        await self._connection.ask('presence:set', {'state': 'away' if is_away else 'online'})

    async def set_status(
        self, text: str | None = None, *, emoji: str | None = None, clear_at: datetime | None = None
    ) -> Status | None:
        """Sets the user's status, until `clear_at` if it is given; without text and emoji there is none from now on.

        A `clear_at` without a zone is in that of this machine.
        """
        end = int(clear_at.timestamp() * 1000) if clear_at else None
        answer = await self._connection.ask('status:set', {'text': text, 'emoji': emoji, 'clearAt': end})
        return None if answer.is_none('status') else Status.read(answer.record('status'))

    async def settings(self) -> Settings:
        return Settings.read(await self._connection.ask('settings:show', {}))

    async def hide_presence(self, is_hidden: bool) -> Settings:
        """Shows this user to others as offline, or as they are."""
        return Settings.read(await self._connection.ask('settings:update', {'hidePresence': is_hidden}))

    async def hide_reads(self, is_hidden: bool) -> Settings:
        """Hides from others what this user reads, or shows it."""
        return Settings.read(await self._connection.ask('settings:update', {'privateReads': is_hidden}))

    async def unread(self) -> list[RoomUnread]:
        """The unread counts of all rooms of the user. After `rooms()`, `events()` yields each that changes."""
        answer = await self._connection.ask('unread:list', {})
        return [RoomUnread.read(room) for room in answer.records('rooms')]

    async def messages(self, message_ids: Iterable[str]) -> list[Message]:
        """Those of at most 50 messages that exist and that the user may read, oldest first."""
        answer = await self._connection.ask('messages:show', {'messageIds': list(message_ids)})
        return [Message.read(message) for message in answer.records('messages')]

    async def quotes(self, message_ids: Iterable[str]) -> list[Quote]:
        """At most 50 messages as others quote them, in this order, also those that are gone."""
        request = {'messageIds': list(message_ids), 'asQuotes': True}
        answer = await self._connection.ask('messages:show', request)
        return [Quote.read(quote) for quote in answer.records('quotes')]

    async def users(self, user_ids: Iterable[str]) -> list[Member]:
        """Those of these users who exist: their names and pictures."""
        answer = await self._connection.ask('users:show', {'userIds': list(user_ids)})
        return [Member.read(user) for user in answer.records('users')]

    async def mentions(self, before: str | None = None, limit: int = 50) -> MentionPage:
        """The messages that mention the user, newest first, at most 100; `before` is that of the last page."""
        return MentionPage.read(
            await self._connection.ask('mentions:list', {'before': before, 'limit': limit})
        )

    async def read_mentions(self) -> None:
        """Marks all mentions as read, on all devices."""
        await self._connection.ask('mentions:read', {})

    async def threads(
        self,
        *,
        room_id: str | None = None,
        unread_only: bool = False,
        after: str | None = None,
        limit: int = 50,
    ) -> FollowedThreads:
        """The threads that the user follows, at most 100, the one with the newest reply first.

        `after` is that of the last page.
        """
        request: dict[str, Json] = {'unreadOnly': unread_only, 'limit': limit}
        if room_id is not None:
            request['roomId'] = room_id
        if after is not None:
            request['after'] = after
        return FollowedThreads.read(await self._connection.ask('threads:list', request))

    async def search_page(
        self, query: str, *, order: SearchOrder = 'newest', limit: int = 20, after: str | None = None
    ) -> SearchPage:
        """A page of what `search` finds, at most 50 messages; `after` is that of the page before."""
        request = {'query': query, 'order': order, 'limit': limit, 'after': after}
        return SearchPage.read(await self._connection.ask('messages:search', request))

    async def search(
        self, query: str, *, order: SearchOrder = 'newest', page_size: int = 50
    ) -> AsyncIterator[SearchResult]:
        """The messages that match, in all rooms that the user may read; pages are loaded as they are read.

        A query has words, `"phrases"`, `prefix*`, and `from:`, `in:`, `before:`, `after:` and `has:`. `relevance` ranks
        the newest 500. Raises `ChatError`: `bad_input` for a query that is none, `no_search` by a server that has no
        search.
        """
        after: str | None = None
        while True:
            page = await self.search_page(query, order=order, limit=page_size, after=after)
            for result in page.results:
                yield result
            after = page.after
            if after is None:
                return

    async def find_users(self, query: str) -> list[Member]:
        """Users whose name or id contains the text, in upper or lower case: by name, at most 20."""
        answer = await self._connection.ask('users:find', {'query': query})
        return [Member.read(user) for user in answer.records('users')]

    def events(self) -> AsyncIterator[ClientEvent]:
        """Events of this client from now on: a connection lost or back, an invitation, a direct room of somebody.

        Ends when the client is closed, and raises `ChatError` when a new connection was refused.
        """
        return self._read(self._feed.end)

    async def _read(self, position: int) -> AsyncIterator[ClientEvent]:
        while True:
            try:
                event = await self._feed.get(position)
            except StopAsyncIteration:
                return
            if event:
                position += 1
                yield event
            else:
                position = self._feed.start
                yield Interrupted(None)

    def _hear(self, name: str, argument: object) -> None:
        if argument is None:
            return
        try:
            data = Record(argument, name)
            event = read_client_event(name, data)
            if event:
                self._feed.append(event)
            elif not data.is_none('roomId') and (log := self._logs.get(data.text('roomId'))):
                log.hear(name, data)
        except ChatError as error:
            # A change to a message is then a gap in the room's log, which readers see and ask about.
            LOG.error('%s', error)

    def _on_connected(self) -> None:
        self._feed.append(Connected())
        for log in self._logs.values():
            log.enter_again()

    def _on_disconnected(self, reason: str) -> None:
        self._feed.append(Disconnected(reason))
        for log in self._logs.values():
            log.lose()

    def _on_ended(self, error: ChatError | None) -> None:
        self._feed.close(error)
        for log in self._logs.values():
            log.close(error)

    def _forget(self, log: RoomLog) -> None:
        if self._logs.get(log.room_id) is log:
            del self._logs[log.room_id]
            del self._rooms[log.room_id]
