"""All that the server says is understood, by the examples that its own tests use."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from chatoxide import (
    ChatError,
    FollowedThreads,
    ListedRoom,
    Member,
    MentionPage,
    Message,
    Presence,
    ReaderPage,
    RoomDetails,
    RoomInfo,
    RoomUnread,
    SearchPage,
    Settings,
    Status,
    ThreadPage,
    UserPresence,
)
from chatoxide.events import read_client_event, read_room_event
from chatoxide.models import read_messages
from chatoxide.reader import History
from chatoxide.record import Record

FIXTURES = Path(__file__).parents[3] / 'tests' / 'fixtures' / 'protocol'

# Acks say what the first says, and the second says nothing.
PASSED_OVER = {'room:error', 'server:pulse'}

ACKS: dict[str, Any] = {
    'ack_chunk': lambda answer: answer.record('chunk').numbers('missing'),
    'ack_dm_start': lambda answer: RoomInfo.read(answer.record('room')),
    'ack_message_edit': lambda answer: Message.read(answer.record('message')),
    'ack_mentions_list': MentionPage.read,
    'ack_mentions_read': lambda answer: answer.time('at'),
    'ack_message_send': lambda answer: Message.read(answer.record('message')),
    'ack_messages_load': read_messages,
    'ack_messages_search': SearchPage.read,
    'ack_messages_show': read_messages,
    'ack_member_join': lambda answer: RoomInfo.read(answer.record('room')),
    'ack_room_create': lambda answer: RoomInfo.read(answer.record('room')),
    'ack_room_invite': lambda answer: [Member.read(member) for member in answer.records('members')],
    'ack_room_presence': Presence.read,
    'ack_room_update': lambda answer: RoomDetails.read(answer.record('room')),
    'ack_rooms_list': lambda answer: [ListedRoom.read(room) for room in answer.records('rooms')],
    'ack_presence_list': lambda answer: [UserPresence.read(user) for user in answer.records('users')],
    'ack_presence_watch': lambda answer: [UserPresence.read(user) for user in answer.records('users')],
    'ack_message_readers': ReaderPage.read,
    'ack_settings_show': Settings.read,
    'ack_settings_update': Settings.read,
    'ack_unread_list': lambda answer: [RoomUnread.read(room) for room in answer.records('rooms')],
    'ack_thread_load': ThreadPage.read,
    'ack_threads_list': FollowedThreads.read,
    'ack_status_set': lambda answer: (
        None if answer.is_none('status') else Status.read(answer.record('status'))
    ),
    'ack_thread_follow': lambda answer: answer.number('unreadCount'),
    'ack_thread_read': lambda answer: answer.number('unreadCount'),
    'ack_thread_unfollow': lambda answer: answer.number('unreadCount'),
    'ack_users_watch': lambda answer: answer.texts('online'),
    'ack_users_find': lambda answer: [Member.read(user) for user in answer.records('users')],
    'ack_users_show': lambda answer: [Member.read(user) for user in answer.records('users')],
}


def fixture(name: str) -> Any:
    return json.loads((FIXTURES / f'{name}.json').read_text())


# Neither acks nor what a client asks.
OTHERS = ('ack_', 'request_')
EVENTS = [path.stem for path in sorted(FIXTURES.glob('*.json')) if not path.stem.startswith(OTHERS)]


def read_event(name: str, example: object) -> object:
    data = Record(example, name)
    if name == 'room:history':
        return History.read(data)
    return read_room_event(name, data) or read_client_event(name, data)


def with_more(value: Any) -> Any:
    """The same with a key in each object that no client knows."""
    if isinstance(value, dict):
        return {key: with_more(inner) for key, inner in value.items()} | {'fromTheFuture': {'at': 1}}
    if isinstance(value, list):
        return [with_more(inner) for inner in value]
    return value


def places(value: Any, place: str = '') -> list[str]:
    """Every place in it, as fixtures name them: `user.name`, `messages[].replyTo`."""
    if isinstance(value, dict):
        inner = [(f'{place}.{key}' if place else key, of) for key, of in value.items()]
    else:
        inner = [(f'{place}[]', value[0])] if isinstance(value, list) and value else []
    return [found for name, of in inner for found in [name, *places(of, name)]]


def with_out(value: Any, place: str, put: Any = ...) -> Any:
    """The same without what is at the place, or with something else there."""
    head, _, rest = place.partition('.')
    if head.endswith('[]'):
        key = head.removesuffix('[]')
        return value | {key: [put if not rest else with_out(inner, rest, put) for inner in value[key]]}
    if rest:
        return value | {head: with_out(value[head], rest, put)}
    without = {key: of for key, of in value.items() if key != head}
    return without if put is ... else value | {head: put}


@pytest.mark.parametrize('name', EVENTS)
def test_every_event_is_understood(name: str) -> None:
    told = fixture(name)
    if told['event'] in PASSED_OVER:
        assert read_event(told['event'], told['example']) is None
        return
    plain = read_event(told['event'], told['example'])
    assert plain is not None
    read_event(told['event'], with_more(told['example']))
    for place in told['optional']:
        read_event(told['event'], with_out(told['example'], place))
    for place in told['nullable']:
        read_event(told['event'], with_out(told['example'], place, None))


@pytest.mark.parametrize('name', ACKS)
def test_every_answer_is_understood(name: str) -> None:
    told = fixture(name)
    example, read = told['example'], ACKS[name]
    assert read(Record(example, name)) == read(Record(example | {'fromTheFuture': 1}, name))
    read(Record(with_more(example), name))
    for place in told['optional']:
        read(Record(with_out(example, place), name))
    for place in told['nullable']:
        read(Record(with_out(example, place, None), name))


def test_a_message_is_read_in_full() -> None:
    message = Message.read(Record(fixture('message_updated')['example'], 'message'))

    assert (message.id, message.room_id) == ('0199b0a5-3a2a-7c1e-9d53-6f0c1d2e3f40', 'general')
    assert (message.sender_id, message.sender_name, message.seq) == ('alice', 'Alice', 7)
    assert message.created_at.isoformat() == '2026-01-31T09:05:07.042000+00:00'
    assert [(reaction.emoji, reaction.user_id) for reaction in message.reactions] == [('👍', 'bob')]


@pytest.mark.parametrize(
    ('place', 'put'),
    [
        ('id', ...),
        ('id', 7),
        ('content', None),
        ('createdAt', 'yesterday'),
        ('reactions', 'none'),
        ('reactions[]', 'x'),
        ('seq', True),
        ('seq', 'x'),
    ],
)
def test_an_invalid_packet_is_an_error_that_says_where(place: str, put: object) -> None:
    example = with_out(fixture('message_updated')['example'], place, put)

    with pytest.raises(ChatError) as fault:
        Message.read(Record(example, 'message'))

    assert fault.value.code == 'internal'
    assert place in fault.value.message
