"""A reader of a room hears each change once and in order, whatever comes late, twice or not at all."""

from __future__ import annotations

from datetime import datetime, timezone

import pytest

from chatoxide import ChatError, Discontinuity, Interrupted, Message, MessageDeleted, RoomEvent, UserLeft
from chatoxide.feed import Feed
from chatoxide.reader import Entry, History, RoomEvents, Synced

PAGE = 3


class Log:
    """A room's log, of which a reader may have heard only some."""

    room_id = 'room'

    def __init__(self, head: int, forgotten: int = 0, deleted: frozenset[int] = frozenset()) -> None:
        self.head = head
        # Up to here it has been forgotten.
        self.forgotten = forgotten
        # Those of messages that are no more, which are left out.
        self.deleted = deleted
        self.asked: list[int] = []

    async def sync(self, since: int) -> Synced:
        self.asked.append(since)
        if since < self.forgotten or since > self.head:
            return Synced(changes=(), seq=self.head, complete=False, more=False)
        reach = min(since + PAGE, self.head)
        changes = tuple(change(seq) for seq in range(since + 1, reach + 1) if seq not in self.deleted)
        return Synced(changes=changes, seq=reach, complete=reach == self.head, more=reach < self.head)

    async def enter(self) -> History:
        return History(seq=self.head, messages=(MESSAGE,))


MESSAGE = Message(
    id='1',
    room_id='room',
    sender_id='alice',
    sender_name='Alice',
    content='Hello',
    type='text',
    metadata={},
    reply_to=None,
    created_at=datetime(2026, 1, 31, tzinfo=timezone.utc),
    updated_at=None,
    reactions=(),
    seq=None,
)


def change(seq: int) -> MessageDeleted:
    return MessageDeleted('room', seq, f'message {seq}')


def heard(log: Log, *entries: Entry, since: int = 0, size: int = 100) -> RoomEvents:
    """A reader that has all of the entries before it."""
    feed: Feed[Entry] = Feed(size)
    reader = RoomEvents(log, feed, since, is_behind=False)
    for entry in entries:
        feed.append(entry)
    feed.close()
    return reader


async def told(reader: RoomEvents) -> list[RoomEvent]:
    return [event async for event in reader]


async def test_events_in_order_are_passed_on_unchanged() -> None:
    log = Log(head=2)
    reader = heard(log, change(1), UserLeft('room', 'bob'), change(2))

    assert await told(reader) == [change(1), UserLeft('room', 'bob'), change(2)]
    assert (log.asked, reader.seq) == ([], 2)


async def test_an_event_that_comes_twice_is_passed_on_once() -> None:
    reader = heard(Log(head=2), change(1), change(1), change(2), change(1))

    assert await told(reader) == [change(1), change(2)]


async def test_a_gap_is_filled_from_the_log_in_pages() -> None:
    log = Log(head=9)
    reader = heard(log, change(1), change(8), change(9))

    assert await told(reader) == [change(seq) for seq in range(1, 10)]
    assert log.asked == [1, 4, 7]


async def test_after_a_break_the_rest_is_asked_for() -> None:
    log = Log(head=4)
    reader = heard(log, change(1), Interrupted('room'), History(3, ()), change(4))

    assert await told(reader) == [change(1), Interrupted('room'), change(2), change(3), change(4)]


async def test_after_a_break_in_which_nothing_happened_nothing_is_asked() -> None:
    log = Log(head=1)
    reader = heard(log, change(1), Interrupted('room'), History(1, ()))

    assert await told(reader) == [change(1), Interrupted('room')]
    assert log.asked == []


async def test_a_slow_reader_is_told_and_misses_no_change() -> None:
    changes = [change(seq) for seq in range(1, 11)]
    reader = heard(Log(head=10), *changes, UserLeft('room', 'bob'), size=4)

    events = await told(reader)

    assert events == [Interrupted('room'), *changes, UserLeft('room', 'bob')]


async def test_a_message_deleted_meanwhile_is_not_requested_again() -> None:
    log = Log(head=7, deleted=frozenset({2, 3, 4, 5, 6}))
    reader = heard(log, History(6, ()), change(7))

    assert await told(reader) == [change(1), change(7)]
    assert log.asked == [0, 3, 6]


async def test_entries_that_retention_has_deleted_are_a_discontinuity() -> None:
    reader = heard(Log(head=8, forgotten=5), change(1), History(7, ()), change(8))

    assert await told(reader) == [change(1), Discontinuity('room', 1, 8, (MESSAGE,))]
    assert reader.seq == 8


async def test_a_log_that_went_back_is_a_discontinuity() -> None:
    reader = heard(Log(head=3), History(2, ()), change(3), since=9)

    assert await told(reader) == [Discontinuity('room', 9, 3, (MESSAGE,))]


async def test_a_refusal_ends_the_events_when_all_was_told() -> None:
    feed: Feed[Entry] = Feed()
    reader = RoomEvents(Log(head=1), feed, 0, is_behind=False)
    feed.append(change(1))
    feed.close(ChatError('forbidden', 'Not a member'))

    assert await anext(reader) == change(1)
    with pytest.raises(ChatError, match='Not a member'):
        await anext(reader)
