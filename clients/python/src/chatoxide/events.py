"""The events of a room and of the client."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TypeAlias

from .models import Member, MentionNotice, Message, RoomInfo, ThreadRoot, TokenUser, UserPresence
from .reads import RoomUnread
from .record import Record

# Changes in a room's log. Their `seq` counts up from 1. A number is missing only where a later deletion voided it.


@dataclass(frozen=True, slots=True)
class NewMessage:
    room_id: str
    seq: int
    message: Message
    # The state of the thread that the message is a reply in, from now on.
    root: ThreadRoot | None = None


@dataclass(frozen=True, slots=True)
class MessageUpdated:
    room_id: str
    seq: int
    message: Message


@dataclass(frozen=True, slots=True)
class MessageDeleted:
    room_id: str
    seq: int
    message_id: str
    # The state of the thread that the message was a reply in, from now on.
    root: ThreadRoot | None = None


@dataclass(frozen=True, slots=True)
class ReactionAdded:
    room_id: str
    seq: int
    message_id: str
    user_id: str
    emoji: str


@dataclass(frozen=True, slots=True)
class ReactionRemoved:
    room_id: str
    seq: int
    message_id: str
    user_id: str
    emoji: str


@dataclass(frozen=True, slots=True)
class RoomUpdated:
    """The room has this name and topic from now on."""

    room_id: str
    seq: int
    name: str
    topic: str | None
    # The id of the user who changed it.
    user_id: str


# Ephemeral events: not in the room's log, and only sent to clients that are in the room at that moment.


@dataclass(frozen=True, slots=True)
class UserJoined:
    room_id: str
    user: TokenUser


@dataclass(frozen=True, slots=True)
class UserLeft:
    room_id: str
    user_id: str


@dataclass(frozen=True, slots=True)
class UserRead:
    """The user has read all that there is."""

    room_id: str
    user_id: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Delivered:
    """The changes up to `seq` have reached a device of the user."""

    room_id: str
    user_id: str
    seq: int


@dataclass(frozen=True, slots=True)
class TypingStarted:
    room_id: str
    user_id: str
    # None when the token has no name.
    user_name: str | None


@dataclass(frozen=True, slots=True)
class TypingStopped:
    room_id: str
    user_id: str


@dataclass(frozen=True, slots=True)
class MembersChanged:
    """Told on joining, and when it changes."""

    room_id: str
    members: tuple[Member, ...]


# Events that this client creates itself, about its connection and its readers.


@dataclass(frozen=True, slots=True)
class Interrupted:
    """The connection was lost and is back, or this reader was too slow.

    Who came, left, read or typed meanwhile is not told. Changes to messages are, all of them, after this.
    """

    # None in the events of `ChatClient.events`.
    room_id: str | None


@dataclass(frozen=True, slots=True)
class Discontinuity:
    """Changes to messages were missed for good: the server's log does not reach back to `since`.

    `messages` are the newest, oldest first, with all changes up to `seq`; what comes later is told. Older messages are
    to be loaded anew.
    """

    room_id: str
    since: int
    seq: int
    messages: tuple[Message, ...]


@dataclass(frozen=True, slots=True)
class Connected:
    """The connection is back."""


@dataclass(frozen=True, slots=True)
class Disconnected:
    """The connection is lost, and comes back by itself."""

    reason: str


@dataclass(frozen=True, slots=True)
class Invited:
    """Somebody has put this user into a room."""

    room: RoomInfo
    by: TokenUser


@dataclass(frozen=True, slots=True)
class DirectStarted:
    """Somebody wants to talk with this user."""

    room: RoomInfo
    by: TokenUser


@dataclass(frozen=True, slots=True)
class MembershipEnded:
    """This user is no longer a member of a room: by another device, too."""

    room_id: str


@dataclass(frozen=True, slots=True)
class UsersPresence:
    """Watched users came online or went offline, by any device. The ids of both."""

    online: tuple[str, ...]
    offline: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class PresenceChanged:
    """The presence of users whom `watch_presence` named, as it is now."""

    users: tuple[UserPresence, ...]


@dataclass(frozen=True, slots=True)
class Mentioned:
    """A message mentions the user, in whatever room it is."""

    mention: MentionNotice


@dataclass(frozen=True, slots=True)
class MentionsRead:
    """The user has read all mentions up to then, on some device."""

    at: datetime


@dataclass(frozen=True, slots=True)
class UnreadChanged:
    """The unread count of a room of this user's, on whatever device; told where `rooms()` was asked for."""

    unread: RoomUnread


@dataclass(frozen=True, slots=True)
class ThreadUnread:
    """The number of unread replies of a thread that this user follows: 99 stands for 99 or more."""

    root_id: str
    room_id: str
    unread_count: int


@dataclass(frozen=True, slots=True)
class RoomActivity:
    """Something was said in a room of this user's that is not joined; told where `rooms()` was asked for."""

    room_id: str
    last_message_at: datetime
    # How many messages each user has sent since the last one of these, by id.
    sent_by: Mapping[str, int]


Change: TypeAlias = (
    NewMessage | MessageUpdated | MessageDeleted | ReactionAdded | ReactionRemoved | RoomUpdated
)
Sign: TypeAlias = (
    UserJoined | UserLeft | UserRead | Delivered | TypingStarted | TypingStopped | MembersChanged
)
RoomEvent: TypeAlias = Change | Sign | Interrupted | Discontinuity
ClientEvent: TypeAlias = (
    Connected
    | Disconnected
    | Invited
    | MembershipEnded
    | DirectStarted
    | RoomActivity
    | Mentioned
    | MentionsRead
    | ThreadUnread
    | UnreadChanged
    | UsersPresence
    | PresenceChanged
    | Interrupted
)

_CHANGES: dict[str, Callable[[Record], Change]] = {
    'message:new': lambda data: NewMessage(
        room_id=data.text('roomId'),
        seq=data.number('seq'),
        message=Message.read(data),
        root=ThreadRoot.read_of(data),
    ),
    'message:updated': lambda data: MessageUpdated(
        room_id=data.text('roomId'), seq=data.number('seq'), message=Message.read(data)
    ),
    'message:deleted': lambda data: MessageDeleted(
        room_id=data.text('roomId'),
        seq=data.number('seq'),
        message_id=data.text('messageId'),
        root=ThreadRoot.read_of(data),
    ),
    'reaction:added': lambda data: ReactionAdded(
        room_id=data.text('roomId'),
        seq=data.number('seq'),
        message_id=data.text('messageId'),
        user_id=data.text('userId'),
        emoji=data.text('emoji'),
    ),
    'reaction:removed': lambda data: ReactionRemoved(
        room_id=data.text('roomId'),
        seq=data.number('seq'),
        message_id=data.text('messageId'),
        user_id=data.text('userId'),
        emoji=data.text('emoji'),
    ),
    'room:updated': lambda data: RoomUpdated(
        room_id=data.text('roomId'),
        seq=data.number('seq'),
        name=data.text('name'),
        topic=data.text_or_none('topic'),
        user_id=data.text('by'),
    ),
}

_SIGNS: dict[str, Callable[[Record], Sign]] = {
    'room:user-joined': lambda data: UserJoined(
        room_id=data.text('roomId'), user=TokenUser.read(data.record('user'))
    ),
    'room:user-left': lambda data: UserLeft(room_id=data.text('roomId'), user_id=data.text('userId')),
    'room:user-read': lambda data: UserRead(
        room_id=data.text('roomId'), user_id=data.text('userId'), at=data.time('timestamp')
    ),
    'message:delivered': lambda data: Delivered(
        room_id=data.text('roomId'), user_id=data.text('userId'), seq=data.number('seq')
    ),
    'typing:user': lambda data: TypingStarted(
        room_id=data.text('roomId'), user_id=data.text('userId'), user_name=data.text_or_none('userName')
    ),
    'typing:stopped': lambda data: TypingStopped(room_id=data.text('roomId'), user_id=data.text('userId')),
    'room:members': lambda data: MembersChanged(
        room_id=data.text('roomId'), members=tuple(Member.read(member) for member in data.records('members'))
    ),
}

_OF_THE_CLIENT: dict[str, Callable[[Record], ClientEvent]] = {
    'room:invited': lambda data: Invited(
        room=RoomInfo.read(data.record('room')), by=TokenUser.read(data.record('from'))
    ),
    'dm:started': lambda data: DirectStarted(
        room=RoomInfo.read(data.record('room')), by=TokenUser.read(data.record('from'))
    ),
    'member:left': lambda data: MembershipEnded(room_id=data.text('roomId')),
    'users:presence': lambda data: UsersPresence(
        online=tuple(data.texts('online')), offline=tuple(data.texts('offline'))
    ),
    'presence:update': lambda data: PresenceChanged(
        users=tuple(UserPresence.read(user) for user in data.records('users'))
    ),
    'mention:new': lambda data: Mentioned(mention=MentionNotice.read(data)),
    'room:unread': lambda data: UnreadChanged(unread=RoomUnread.read(data)),
    'thread:unread': lambda data: ThreadUnread(
        root_id=data.text('rootId'), room_id=data.text('roomId'), unread_count=data.number('unreadCount')
    ),
    'mention:read': lambda data: MentionsRead(at=data.time('at')),
    'room:activity': lambda data: RoomActivity(
        room_id=data.text('roomId'),
        last_message_at=data.time('lastMessageAt'),
        sent_by={said.text('userId'): said.number('count') for said in data.records('by')},
    ),
}


def read_change(name: str, data: Record) -> Change | None:
    """A change to a room or its messages; None when the event is something else."""
    read = _CHANGES.get(name)
    return read(data) if read else None


def read_room_event(name: str, data: Record) -> Change | Sign | None:
    """Reads an event of a room; None when the event is another."""
    read = _SIGNS.get(name)
    return read(data) if read else read_change(name, data)


def read_client_event(name: str, data: Record) -> ClientEvent | None:
    """Reads an event of the user that belongs to no joined room; None when the event is another."""
    read = _OF_THE_CLIENT.get(name)
    return read(data) if read else None
