"""Threads: pages of their replies, and those that the user follows."""

from __future__ import annotations

from dataclasses import dataclass

from .models import Message, ThreadSummary, read_messages
from .record import Record


@dataclass(frozen=True, slots=True)
class Quote:
    """A message as others quote it."""

    id: str
    # None if it is gone.
    sender_id: str | None
    sender_name: str | None
    # The beginning of the message; it ends in an ellipsis if there is more. Empty if it is gone.
    excerpt: str
    is_deleted: bool

    @classmethod
    def read(cls, record: Record) -> Quote:
        return cls(
            id=record.text('id'),
            sender_id=record.text_or_none('senderId'),
            sender_name=record.text_or_none('senderName'),
            excerpt=record.text('excerpt'),
            is_deleted=record.flag('isDeleted'),
        )


@dataclass(frozen=True, slots=True)
class ThreadPage:
    root_id: str
    room_id: str
    # None if it was deleted.
    root: Message | None
    # The replies, oldest first.
    messages: tuple[Message, ...]
    # The cursor for older replies; None if there are none.
    before: str | None
    # The cursor for newer replies, also for those that are sent later; None if there is no reply yet.
    after: str | None
    # There are more replies in the direction that was asked for.
    has_more: bool
    is_following: bool
    # Replies of others that the user has not read: 99 stands for 99 or more.
    unread_count: int

    @classmethod
    def read(cls, record: Record) -> ThreadPage:
        return cls(
            root_id=record.text('rootId'),
            room_id=record.text('roomId'),
            root=None if record.is_none('root') else Message.read(record.record('root')),
            messages=tuple(read_messages(record)),
            before=record.text_or_none('before'),
            after=record.text_or_none('after'),
            has_more=record.flag('hasMore'),
            is_following=record.flag('isFollowing'),
            unread_count=record.number('unreadCount'),
        )


@dataclass(frozen=True, slots=True)
class FollowedThread:
    room_id: str
    root: Quote
    summary: ThreadSummary
    # Replies of others that the user has not read: 99 stands for 99 or more.
    unread_count: int

    @classmethod
    def read(cls, record: Record) -> FollowedThread:
        return cls(
            room_id=record.text('roomId'),
            root=Quote.read(record.record('root')),
            summary=ThreadSummary.read(record.record('threadSummary')),
            unread_count=record.number('unreadCount'),
        )


@dataclass(frozen=True, slots=True)
class FollowedThreads:
    # The one with the newest reply first.
    threads: tuple[FollowedThread, ...]
    # For the next page; None on the last one.
    after: str | None

    @classmethod
    def read(cls, record: Record) -> FollowedThreads:
        return cls(
            threads=tuple(FollowedThread.read(thread) for thread in record.records('threads')),
            after=record.text_or_none('after'),
        )
