"""Requests are repeated when the server refuses for the moment or the connection breaks, or they are not."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from typing import ClassVar

import pytest
import pytest_asyncio

from chatoxide import ChatClient, ChatError, Room
from chatoxide.place import Place
from chatoxide.record import Json, Record

MESSAGE: dict[str, Json] = {
    'id': '1',
    'roomId': 'room',
    'senderId': 'alice',
    'senderName': 'Alice',
    'content': 'Hello',
    'type': 'text',
    'metadata': {},
    'replyTo': None,
    'createdAt': '2026-01-31T09:05:07.042Z',
    'updatedAt': None,
    'reactions': [],
}


class ScriptedLink:
    """A link to a server that says what the test has written: code words of refusals, and `done`."""

    script: ClassVar[list[str]] = []
    # The requests that were sent: the content of each, or its event name when it has none.
    sent: ClassVar[list[str]] = []

    is_up = True

    def __init__(
        self, _place: Place, hear: Callable[[str, object], None], lost: Callable[[str], None]
    ) -> None:
        self._hear = hear
        self._lost = lost
        self._gone = asyncio.Event()

    async def open(self, token: str, transports: Sequence[str]) -> None: ...

    async def close(self) -> None: ...

    async def wait_lost(self) -> None:
        await self._gone.wait()

    async def ask(self, event: str, argument: object) -> Record:
        if event == 'room:join':
            self._hear('room:history', {'roomId': argument, 'messages': [], 'seq': 0})
            return Record({}, event)
        self.sent.append(
            str(argument['content']) if isinstance(argument, dict) and 'content' in argument else event
        )
        # Yield to the event loop, so that other tasks can send requests meanwhile.
        await asyncio.sleep(0)
        said = self.script.pop(0)
        if said == 'offline':
            self.is_up = False
            self._gone.set()
            self._lost('cut')
        if said != 'done':
            raise ChatError(said, 'not now')
        return Record({'message': MESSAGE}, event)


@pytest_asyncio.fixture
async def room(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Room]:
    monkeypatch.setattr('chatoxide.connection.Link', ScriptedLink)
    monkeypatch.setattr('chatoxide.connection._ASK_AGAIN', (0, 0))
    monkeypatch.setattr('chatoxide.connection._RECONNECT', (0, 0))
    ScriptedLink.script.clear()
    ScriptedLink.sent.clear()
    async with ChatClient('http://nowhere', 'token') as client:
        yield await client.join('room')


def script(*said: str) -> None:
    ScriptedLink.script.extend(said)


@pytest.mark.parametrize('code', ['busy', 'shutting_down', 'unavailable', 'offline'])
async def test_a_message_is_sent_again(room: Room, code: str) -> None:
    script(code, code, 'done')

    assert (await room.send('Hello')).id == '1'
    assert ScriptedLink.sent == ['Hello'] * 3


@pytest.mark.parametrize(('code', 'times'), [('busy', 8), ('unavailable', 8), ('offline', 5)])
async def test_a_message_is_not_sent_again_for_ever(room: Room, code: str, times: int) -> None:
    script(*[code] * 20)

    with pytest.raises(ChatError) as refused:
        await room.send('Hello')

    assert refused.value.code == code
    assert ScriptedLink.sent == ['Hello'] * times


@pytest.mark.parametrize('code', ['forbidden', 'conflict', 'bad_input', 'internal'])
async def test_a_permanent_refusal_is_raised_at_once(room: Room, code: str) -> None:
    script(code)

    with pytest.raises(ChatError) as refused:
        await room.send('Hello')

    assert (refused.value.code, ScriptedLink.sent) == (code, ['Hello'])


@pytest.mark.parametrize('code', ['unavailable', 'offline'])
async def test_a_request_that_may_have_succeeded_is_not_retried(room: Room, code: str) -> None:
    script(code, code)

    with pytest.raises(ChatError) as edited:
        await room.edit('1', 'Hello')
    with pytest.raises(ChatError) as deleted:
        await room.delete('1')

    assert (edited.value.code, deleted.value.code) == (code, code)
    assert ScriptedLink.sent == ['Hello', 'message:delete']


@pytest.mark.parametrize('code', ['busy', 'shutting_down'])
async def test_a_request_that_was_not_carried_out_is_retried(room: Room, code: str) -> None:
    script(code, 'done', code, 'done')

    await room.edit('1', 'Hello')
    await room.delete('1')

    assert ScriptedLink.sent == ['Hello', 'Hello', 'message:delete', 'message:delete']


async def test_a_message_that_is_sent_again_is_not_overtaken(room: Room) -> None:
    script('busy', 'offline', 'done', 'done')

    await asyncio.gather(room.send('first'), room.send('second'))

    assert ScriptedLink.sent == ['first', 'first', 'first', 'second']


@pytest.mark.parametrize('code', ['busy', 'offline'])
async def test_nobody_waits_to_say_that_one_was_typing(room: Room, code: str) -> None:
    script(code, 'done')

    async with room.typing():
        pass

    assert ScriptedLink.sent.count('typing:start') == 1
