"""Reads the events of a room: all of them, once, in order, at the reader's own pace."""

from __future__ import annotations

from collections import deque
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Protocol, TypeAlias

from .events import Change, Discontinuity, Interrupted, RoomEvent
from .feed import Feed
from .models import Message, read_messages
from .record import Record


@dataclass(frozen=True, slots=True)
class History:
    """The history that a room shows at a join, with all changes up to `seq`."""

    seq: int
    # Oldest first.
    messages: tuple[Message, ...]

    @classmethod
    def read(cls, record: Record) -> History:
        return cls(seq=record.number('seq'), messages=tuple(read_messages(record)))


@dataclass(frozen=True, slots=True)
class Synced:
    """An answer of `messages:sync`."""

    changes: tuple[Change, ...]
    # The last entry that this ack covers: the next `since`.
    seq: int
    # True when these changes are all that were missing.
    complete: bool
    # True when the next request must continue from `seq`. When neither is true, the log does not reach back to `since`.
    more: bool


class Source(Protocol):
    """Where a reader gets what it has not heard."""

    @property
    def room_id(self) -> str: ...

    async def sync(self, since: int) -> Synced: ...

    async def enter(self) -> History: ...


Entry: TypeAlias = RoomEvent | History


class RoomEvents(AsyncIterator[RoomEvent]):
    """The events of a room after `since`.

    Changes that the feed does not have, or no longer has, are asked for by `messages:sync`: after a break, after a gap,
    and when the reader is slower than the room.
    """

    def __init__(self, source: Source, feed: Feed[Entry], since: int, *, is_behind: bool) -> None:
        self._source = source
        self._feed = feed
        self._seq = since
        self._is_behind = is_behind
        self._position = feed.end
        self._missed: deque[Change] = deque()
        self._reach = since

    @property
    def seq(self) -> int:
        """The last change that was told. Whoever keeps it can go on from there: `Room.events(since=...)`."""
        return self._seq

    def __aiter__(self) -> RoomEvents:
        return self

    async def __anext__(self) -> RoomEvent:
        while True:
            event = self._next_missed() or await (self._catch_up() if self._is_behind else self._hear())
            if event:
                return event

    def _next_missed(self) -> Change | None:
        if not self._missed:
            return None
        change = self._missed.popleft()
        # After the last missed change the reader continues at the ack's `seq`. Deletions voided the entries between.
        self._seq = change.seq if self._missed else self._reach
        return change

    async def _catch_up(self) -> Discontinuity | None:
        since = self._seq
        answer = await self._source.sync(since)
        if answer.complete or answer.more:
            self._missed.extend(answer.changes)
            self._reach = answer.seq
            self._is_behind = answer.more
            if not answer.changes:
                self._seq = answer.seq
            return None
        history = await self._source.enter()
        self._seq = history.seq
        self._is_behind = False
        return Discontinuity(self._source.room_id, since, history.seq, history.messages)

    async def _hear(self) -> RoomEvent | None:
        entry = await self._feed.get(self._position)
        if entry is None:
            self._position = self._feed.start
            self._is_behind = True
            return Interrupted(self._source.room_id)
        self._position += 1
        if isinstance(entry, History):
            self._is_behind = entry.seq != self._seq
            return None
        if not isinstance(entry, Change):
            return entry
        return self._take(entry)

    def _take(self, change: Change) -> Change | None:
        if change.seq == self._seq + 1:
            self._seq = change.seq
            return change
        # A gap is filled from the log, with the change behind it too. What is older was told before.
        self._is_behind = change.seq > self._seq
        return None
