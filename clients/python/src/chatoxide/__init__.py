"""A client for the chat server chatoxide."""

from .bot import Command, EventHandler
from .client import ChatClient
from .errors import ChatError
from .events import (
    Change,
    ClientEvent,
    Connected,
    DirectStarted,
    Disconnected,
    Discontinuity,
    Interrupted,
    Invited,
    MembersChanged,
    MembershipEnded,
    MessageDeleted,
    MessageUpdated,
    NewMessage,
    ReactionAdded,
    ReactionRemoved,
    RoomActivity,
    RoomEvent,
    TypingStarted,
    TypingStopped,
    UserJoined,
    UserLeft,
    UserRead,
    UsersPresence,
)
from .mentions import Mention, find_mentions
from .models import ListedRoom, Member, Message, Presence, Reaction, RoomInfo, TokenUser
from .reader import RoomEvents
from .room import MessageRef, Room
from .token import TokenSource

__all__ = [
    'Change',
    'ChatClient',
    'ChatError',
    'ClientEvent',
    'Command',
    'Connected',
    'DirectStarted',
    'Disconnected',
    'Discontinuity',
    'EventHandler',
    'Interrupted',
    'Invited',
    'ListedRoom',
    'Member',
    'MembersChanged',
    'MembershipEnded',
    'Mention',
    'Message',
    'MessageDeleted',
    'MessageRef',
    'MessageUpdated',
    'NewMessage',
    'Presence',
    'Reaction',
    'ReactionAdded',
    'ReactionRemoved',
    'Room',
    'RoomActivity',
    'RoomEvent',
    'RoomEvents',
    'RoomInfo',
    'TokenSource',
    'TokenUser',
    'TypingStarted',
    'TypingStopped',
    'UserJoined',
    'UserLeft',
    'UserRead',
    'UsersPresence',
    'find_mentions',
]
