"""The examples are programs that work."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from asyncio.subprocess import Process
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from world import World, next_of, token_of, unique

from chatoxide import NewMessage, UserJoined

EXAMPLES = Path(__file__).parents[3] / 'examples' / 'python-bot'


@asynccontextmanager
async def running(program: str, world: World, user: str, room: str) -> AsyncIterator[Process]:
    """A program of the examples; it is over when the block is."""
    settings = {'CHAT_URL': world.server.url, 'CHAT_TOKEN': token_of(user), 'CHAT_ROOM': room}
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        EXAMPLES / program,
        env=os.environ | settings,
        stdout=asyncio.subprocess.PIPE,
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
