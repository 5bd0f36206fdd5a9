"""Unread counts, the readers of a message, and the user's settings."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from .record import Record


@dataclass(frozen=True, slots=True)
class RoomUnread:
    """The unread messages of a room, for all devices of the user."""

    room_id: str
    # Messages of others since the user read it last: 99 stands for 99 or more.
    unread_count: int
    # Those of them that mention the user.
    mention_count: int
    # The last change in the room's log that the counts include.
    seq: int

    @classmethod
    def read(cls, record: Record) -> RoomUnread:
        return cls(
            room_id=record.text('roomId'),
            unread_count=record.number('unreadCount'),
            mention_count=record.number('mentionCount'),
            seq=record.number('seq'),
        )


@dataclass(frozen=True, slots=True)
class MessageReader:
    """A member who has read a message."""

    id: str
    name: str
    # The URL of a picture.
    avatar: str | None
    # When the member read it or a later message, in UTC.
    at: datetime

    @classmethod
    def read(cls, record: Record) -> MessageReader:
        return cls(
            id=record.text('id'),
            name=record.text('name'),
            avatar=record.text_or_none('avatar'),
            at=record.time('at'),
        )


@dataclass(frozen=True, slots=True)
class ReaderPage:
    readers: tuple[MessageReader, ...]
    # For the next page; None on the last one.
    after: str | None

    @classmethod
    def read(cls, record: Record) -> ReaderPage:
        return cls(
            readers=tuple(MessageReader.read(reader) for reader in record.records('readers')),
            after=record.text_or_none('after'),
        )


@dataclass(frozen=True, slots=True)
class Settings:
    """The user's settings, for all devices."""

    # Others are not shown what the user has read.
    private_reads: bool
    # Others are shown the user as offline.
    hide_presence: bool

    @classmethod
    def read(cls, record: Record) -> Settings:
        settings = record.record('settings')
        return cls(private_reads=settings.flag('privateReads'), hide_presence=settings.flag('hidePresence'))
