"""The example is a program that works."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from pathlib import Path

from world import World, next_of, token_of, unique

from chatoxide import NewMessage, UserJoined

BOT = Path(__file__).parents[1] / 'examples' / 'bot.py'


async def test_the_bot_greets_and_answers(world: World) -> None:
    alice, bob = await world.connect('alice'), await world.connect('bob')
    (alices,) = await world.meet(alice)
    events = alices.events()
    name = unique('bot')
    settings = {'CHAT_URL': world.server.url, 'CHAT_TOKEN': token_of(name), 'CHAT_ROOM': alices.id}
    bot = await asyncio.create_subprocess_exec(
        sys.executable,
        BOT,
        env=os.environ | settings,
        stdout=asyncio.subprocess.PIPE,
        # A shell lets what it starts in the background ignore SIGINT, and that would be inherited.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    )
    try:
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
    finally:
        if bot.returncode is None:
            bot.kill()
            await bot.communicate()
