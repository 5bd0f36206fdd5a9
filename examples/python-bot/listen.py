"""Says hello in a room, and prints what is said there."""

import asyncio
import os

from chatoxide import ChatClient, NewMessage


async def main() -> None:
    url = os.environ.get('CHAT_URL', 'http://localhost:3000')
    async with ChatClient(url, os.environ['CHAT_TOKEN']) as client:
        room = await client.join(os.environ.get('CHAT_ROOM', 'general'))
        await room.send('Hello')
        async for event in room.events():
            match event:
                case NewMessage(message=message):
                    print(f'{message.sender_name}: {message.content}', flush=True)


asyncio.run(main())
