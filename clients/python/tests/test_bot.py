"""The examples are programs that work."""

from __future__ import annotations

import asyncio
import os
import runpy
import signal
import socket
import sys
from asyncio.subprocess import Process
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from world import World, next_of, token_of, unique

from chatoxide import ChatClient, NewMessage, UserJoined

EXAMPLES = Path(__file__).parents[3] / 'examples' / 'python-bot'


@asynccontextmanager
async def running(
    program: str, world: World, user: str, room: str, token: str | None = None
) -> AsyncIterator[Process]:
    """A program of the examples; it is over when the block is."""
    settings = {'CHAT_URL': world.server.url, 'CHAT_ROOM': room}
    settings['CHAT_TOKEN'] = token_of(user) if token is None else token
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        EXAMPLES / program,
        env=os.environ | settings,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        # A shell lets what it starts in the background ignore SIGINT, and that would be inherited.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    )
    try:
        yield process
    finally:
        if process.returncode is None:
            process.kill()
            await process.communicate()


async def test_the_bot_greets_and_answers(world: World) -> None:
    alice, bob = await world.connect('alice'), await world.connect('bob')
    (alices,) = await world.meet(alice)
    events = alices.events()
    name = unique('bot')
    async with running('bot.py', world, name, alices.id) as bot:
        assert (await next_of(events, UserJoined)).user.id == name
        question = await alices.send('!echo Is anybody there?')
        assert (await next_of(events, NewMessage)).message == question
        answer = (await next_of(events, NewMessage)).message
        assert (answer.sender_id, answer.content) == (name, 'Is anybody there?')
        assert answer.reply_to == question.id

        await bob.join(alices.id)
        greeting = (await next_of(events, NewMessage)).message
        assert greeting.content == 'Welcome, Bob!'

        bot.send_signal(signal.SIGINT)
        said, _ = await bot.communicate()
        assert (said, bot.returncode) == (b'Good-bye\n', 0)


async def test_the_listener_says_hello_and_prints_what_is_said(world: World) -> None:
    (alices,) = await world.meet(await world.connect('alice'))
    events = alices.events()
    async with running('listen.py', world, unique('listener'), alices.id) as listener:
        assert (await next_of(events, NewMessage)).message.content == 'Hello'
        await alices.send('Who is there?')
        assert listener.stdout
        assert await listener.stdout.readline() == b'Listener: Hello\n'
        assert await listener.stdout.readline() == b'Alice: Who is there?\n'

        listener.send_signal(signal.SIGINT)
        assert await listener.communicate() == (b'Good-bye\n', b'')


@pytest.mark.parametrize('program', ['bot.py', 'listen.py'])
async def test_an_example_says_in_one_line_why_it_cannot_start(program: str, world: World) -> None:
    for token, room, why in [
        ('', 'general', b'Set CHAT_TOKEN: the command `chatoxide token` prints one\n'),
        ('no token', 'general', b'Authentication failed (signed_out)\n'),
        (token_of(unique('bot')), 'nowhere', b'Room not found (room_not_found)\n'),
    ]:
        async with running(program, world, 'bot', room, token) as refused:
            assert await refused.communicate() == (b'', why)
            assert refused.returncode == 1


@pytest.mark.parametrize('program', ['bot.py', 'listen.py'])
def test_an_example_without_a_server_says_so_in_one_line(
    program: str, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    with socket.create_server(('127.0.0.1', 0)) as reserved:
        url = f'http://127.0.0.1:{reserved.getsockname()[1]}'
    monkeypatch.setenv('CHAT_URL', url)
    monkeypatch.setenv('CHAT_TOKEN', token_of('alice'))
    # It would try for longer.
    patient = ChatClient.__init__.__kwdefaults__ or {}
    monkeypatch.setattr(ChatClient.__init__, '__kwdefaults__', {**patient, 'connect_timeout': 1.5})

    with pytest.raises(SystemExit) as ended:
        runpy.run_path(str(EXAMPLES / program), run_name='__main__')

    assert isinstance(ended.value.code, str)
    assert ended.value.code.startswith(f'No connection to {url}')
    assert '\n' not in ended.value.code
    (warned,) = (record.getMessage() for record in caplog.records)
    assert warned.startswith(f'No connection to {url}')
    assert warned.endswith('; trying for 1.5 seconds')
