"""Prints the messages that match a query, the newest first: `python search.py from:alice lunch`."""

import asyncio
import os
import sys

from chatoxide import ChatClient, ChatError


async def search(url: str, token: str, query: str) -> None:
    async with ChatClient(url, token) as client:
        async for found in client.search(query):
            message = found.message
            print(f'{message.created_at:%Y-%m-%d %H:%M} {message.sender_name}: {message.content}')


url = os.environ.get('CHAT_URL', 'http://localhost:3000')
token = os.environ.get('CHAT_TOKEN') or sys.exit('Set CHAT_TOKEN: the command `chatoxide token` prints one')
try:
    asyncio.run(search(url, token, ' '.join(sys.argv[1:])))
except ChatError as error:
    sys.exit(str(error))
