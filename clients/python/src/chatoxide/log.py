"""A room as the server tells it to this client: joined, joined again after each break, and heard."""

from __future__ import annotations

import asyncio
import logging

from .connection import Connection
from .errors import ChatError
from .events import Change, Interrupted, MembersChanged, read_change, read_room_event
from .feed import Feed
from .models import Member
from .reader import Entry, History, RoomEvents, Synced
from .record import Record

LOG = logging.getLogger('chatoxide')


class RoomLog:
    """Puts the changes that arrive into a feed; readers ask `sync` for those that it lacks."""

    def __init__(self, connection: Connection, room_id: str) -> None:
        self.room_id = room_id
        self.members: tuple[Member, ...] = ()
        self._connection = connection
        self._feed: Feed[Entry] = Feed()
        self._history: History | None = None
        # The `seq` of the last change that was received.
        self._seq = 0
        self._is_away = False
        self._entering: asyncio.Task[None] | None = None

    @property
    def is_closed(self) -> bool:
        return self._feed.is_closed

    async def enter(self) -> History:
        """Joins, or joins anew: the history as it is now."""
        await self._connection.ask('room:join', self.room_id)
        if not self._history:
            raise ChatError('internal', f'The server showed no history of {self.room_id}')
        return self._history

    async def sync(self, since: int) -> Synced:
        """Returns the changes after `since`, or the first of them."""
        answer = await self._connection.ask('messages:sync', {'roomId': self.room_id, 'since': since})
        changes = [
            read_change(event.text('event'), event.record('data')) for event in answer.records('events')
        ]
        return Synced(
            changes=tuple(change for change in changes if change),
            seq=answer.number('seq'),
            complete=answer.flag('complete'),
            more=answer.flag('more'),
        )

    def read(self, since: int) -> RoomEvents:
        """A reader of all changes after `since`, and of what else happens from now on."""
        return RoomEvents(self, self._feed, since, is_behind=since != self._seq)

    def hear(self, event: str, data: Record) -> None:
        """Takes what the server tells of this room."""
        if event == 'room:history':
            self._show(History.read(data))
            return
        entry = read_room_event(event, data)
        if not entry:
            return
        if isinstance(entry, Change):
            self._seq = entry.seq
        elif isinstance(entry, MembersChanged):
            self.members = entry.members
        self._feed.append(entry)

    def lose(self) -> None:
        """The connection was lost."""
        self._is_away = True

    def enter_again(self) -> None:
        """The connection is back."""
        was_joined = self._history is not None
        # A join that is still running retries by itself.
        is_entering = self._entering is not None and not self._entering.done()
        if was_joined and not is_entering and not self.is_closed:
            self._entering = asyncio.create_task(self._enter_again())

    def close(self, error: ChatError | None = None) -> None:
        """Readers get what is left, and then the error or, without one, the end."""
        if self._entering:
            self._entering.cancel()
        self._feed.close(error)

    def _show(self, history: History) -> None:
        if self._is_away:
            self._feed.append(Interrupted(self.room_id))
            self._is_away = False
        self._history = history
        self._seq = history.seq
        self._feed.append(history)

    async def _enter_again(self) -> None:
        while True:
            try:
                await self.enter()
                return
            except ChatError as error:
                if not error.is_passing:
                    self._feed.close(error)
                    return
                LOG.warning('%s cannot be joined again yet: %s', self.room_id, error)
