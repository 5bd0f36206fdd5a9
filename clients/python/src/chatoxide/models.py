"""Messages, rooms and users, as the server tells them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from .record import Json, Record


@dataclass(frozen=True, slots=True)
class Reaction:
    emoji: str
    user_id: str

    @classmethod
    def read(cls, record: Record) -> Reaction:
        return cls(emoji=record.text('emoji'), user_id=record.text('userId'))


@dataclass(frozen=True, slots=True)
class Member:
    id: str
    name: str
    # The URL of a picture.
    avatar: str | None

    @classmethod
    def read(cls, record: Record) -> Member:
        return cls(id=record.text('id'), name=record.text('name'), avatar=record.text_or_none('avatar'))


@dataclass(frozen=True, slots=True)
class ThreadPlace:
    """The thread that a reply belongs to."""

    # The id of the message that the thread hangs on.
    root_id: str
    # The reply is shown in the room, too.
    also_to_room: bool

    @classmethod
    def read(cls, record: Record) -> ThreadPlace:
        return cls(root_id=record.text('rootId'), also_to_room=record.flag('alsoToRoom'))


@dataclass(frozen=True, slots=True)
class ThreadSummary:
    """The state of a thread, as its root shows it."""

    reply_count: int
    last_reply_id: str
    last_reply_sender_id: str
    last_reply_at: datetime
    # The five users who have replied last, the last one first.
    participants: tuple[Member, ...]
    participant_count: int

    @classmethod
    def read(cls, record: Record) -> ThreadSummary:
        last = record.record('lastReply')
        return cls(
            reply_count=record.number('replyCount'),
            last_reply_id=last.text('id'),
            last_reply_sender_id=last.text('senderId'),
            last_reply_at=last.time('createdAt'),
            participants=tuple(Member.read(user) for user in record.records('participants')),
            participant_count=record.number('participantCount'),
        )


@dataclass(frozen=True, slots=True)
class ThreadRoot:
    """The state of a thread after a reply or the deletion of one."""

    id: str
    # None if the thread has no replies any more.
    summary: ThreadSummary | None

    @classmethod
    def read(cls, record: Record) -> ThreadRoot:
        return cls(id=record.text('id'), summary=_summary(record))

    @classmethod
    def read_of(cls, change: Record) -> ThreadRoot | None:
        """That of a change in a room's log; None if the change is not about a reply in a thread."""
        return None if change.is_none('root') else cls.read(change.record('root'))


def _summary(record: Record) -> ThreadSummary | None:
    if record.is_none('threadSummary'):
        return None
    return ThreadSummary.read(record.record('threadSummary'))


@dataclass(frozen=True, slots=True)
class Message:
    id: str
    room_id: str
    sender_id: str
    # The name in the database, not in the token.
    sender_name: str
    content: str
    # `text`, `image`, `file` or `system`.
    type: str
    # Any JSON; `{}` when the sender gave none.
    metadata: Json
    # The id of the message that this one answers.
    reply_to: str | None
    # Times are in UTC.
    created_at: datetime
    # None until it is edited.
    updated_at: datetime | None
    # In the order in which they were added.
    reactions: tuple[Reaction, ...]
    # The number of the change in the room's log; None in history and pages.
    seq: int | None
    # The thread that the message is a reply in.
    thread: ThreadPlace | None = None
    # The state of the thread that hangs on the message.
    thread_summary: ThreadSummary | None = None

    @classmethod
    def read(cls, record: Record) -> Message:
        return cls(
            id=record.text('id'),
            room_id=record.text('roomId'),
            sender_id=record.text('senderId'),
            sender_name=record.text('senderName'),
            content=record.text('content'),
            type=record.text('type'),
            metadata=record.json('metadata'),
            reply_to=record.text_or_none('replyTo'),
            created_at=record.time('createdAt'),
            updated_at=record.time_or_none('updatedAt'),
            reactions=tuple(Reaction.read(reaction) for reaction in record.records('reactions')),
            seq=record.number_or_none('seq'),
            thread=None if record.is_none('thread') else ThreadPlace.read(record.record('thread')),
            thread_summary=_summary(record),
        )


@dataclass(frozen=True, slots=True)
class RoomInfo:
    id: str
    name: str
    # `public`, `private` or `direct`.
    type: str
    created_at: datetime
    # Ids.
    members: tuple[str, ...]

    @classmethod
    def read(cls, record: Record) -> RoomInfo:
        return cls(
            id=record.text('id'),
            name=record.text('name'),
            type=record.text('type'),
            created_at=record.time('createdAt'),
            members=tuple(record.texts('members')),
        )


@dataclass(frozen=True, slots=True)
class RoomDetails:
    """A room as `Room.update` leaves it."""

    id: str
    name: str
    # `public` or `private`.
    type: str
    created_at: datetime
    topic: str | None
    # The id of the user who created it; None if that was not recorded.
    owner_id: str | None

    @classmethod
    def read(cls, record: Record) -> RoomDetails:
        return cls(
            id=record.text('id'),
            name=record.text('name'),
            type=record.text('type'),
            created_at=record.time('createdAt'),
            topic=record.text_or_none('topic'),
            owner_id=record.text_or_none('ownerId'),
        )


@dataclass(frozen=True, slots=True)
class ListedRoom:
    """A room as `ChatClient.rooms` lists it."""

    id: str
    name: str
    # `public`, `private` or `direct`.
    type: str
    created_at: datetime
    is_member: bool
    # The other one of a direct room.
    direct_with: Member | None
    last_message_at: datetime | None
    topic: str | None
    # Messages of others since the caller read it last: 99 stands for 99 or more.
    unread_count: int
    # Unread messages that mention the caller: 99 stands for 99 or more.
    mention_count: int

    @classmethod
    def read(cls, record: Record) -> ListedRoom:
        return cls(
            id=record.text('id'),
            name=record.text('name'),
            type=record.text('type'),
            created_at=record.time('createdAt'),
            is_member=record.flag('isMember'),
            direct_with=None if record.is_none('with') else Member.read(record.record('with')),
            last_message_at=record.time_or_none('lastMessageAt'),
            topic=record.text_or_none('topic'),
            unread_count=record.number('unreadCount'),
            mention_count=record.number('mentionCount'),
        )


@dataclass(frozen=True, slots=True)
class Presence:
    """The users who are in a room at this moment."""

    # Ids; at most 500.
    users: tuple[str, ...]
    # How many there are in all.
    count: int

    @classmethod
    def read(cls, record: Record) -> Presence:
        return cls(users=tuple(record.texts('users')), count=record.number('count'))


@dataclass(frozen=True, slots=True)
class Status:
    """The words of a user about themself: a text, an emoji, or both."""

    text: str | None
    emoji: str | None
    # When it ends, in UTC; None: when it is changed.
    clear_at: datetime | None

    @classmethod
    def read(cls, record: Record) -> Status:
        return cls(
            text=record.text_or_none('text'),
            emoji=record.text_or_none('emoji'),
            clear_at=record.time_or_none('clearAt'),
        )


@dataclass(frozen=True, slots=True)
class UserPresence:
    """Whether a user is there, by all of their devices."""

    user_id: str
    # `online`, `away` (connected, and no device is active) or `offline`.
    state: str
    # When they were last online, in UTC; None while they are, if they never were, and if they hide it.
    last_seen_at: datetime | None
    status: Status | None

    @classmethod
    def read(cls, record: Record) -> UserPresence:
        return cls(
            user_id=record.text('userId'),
            state=record.text('state'),
            last_seen_at=record.time_or_none('lastSeenAt'),
            status=None if record.is_none('status') else Status.read(record.record('status')),
        )


@dataclass(frozen=True, slots=True)
class TokenUser:
    """A user as their token names them."""

    id: str
    # None when the token has no name.
    name: str | None

    @classmethod
    def read(cls, record: Record) -> TokenUser:
        return cls(id=record.text('id'), name=record.text_or_none('name'))


def read_messages(record: Record) -> list[Message]:
    """The server's messages are newest first, these are oldest first."""
    return [Message.read(message) for message in reversed(record.records('messages'))]


@dataclass(frozen=True, slots=True)
class MentionNotice:
    """A message that mentions the user."""

    message_id: str
    room_id: str
    sender_id: str
    # The name in the database.
    sender_name: str
    # `user`: by name or id; `here`: as one who was online; `room`: as a member.
    kind: str
    # The beginning of the message; it ends in an ellipsis if there is more.
    excerpt: str
    # The time of the message, or of the edit that added the mention, in UTC.
    at: datetime
    is_unread: bool

    @classmethod
    def read(cls, record: Record) -> MentionNotice:
        sender = record.record('sender')
        return cls(
            message_id=record.text('messageId'),
            room_id=record.text('roomId'),
            sender_id=sender.text('id'),
            sender_name=sender.text('name'),
            kind=record.text('kind'),
            excerpt=record.text('excerpt'),
            at=record.time('at'),
            is_unread=record.flag('isUnread'),
        )


@dataclass(frozen=True, slots=True)
class MentionPage:
    # Newest first.
    mentions: tuple[MentionNotice, ...]
    # For the next page; None on the last one.
    before: str | None

    @classmethod
    def read(cls, record: Record) -> MentionPage:
        mentions = tuple(MentionNotice.read(mention) for mention in record.records('mentions'))
        return cls(mentions=mentions, before=record.text_or_none('before'))
