"""Says hello in a room, and prints what is said there."""

import asyncio
import os
import sys

from chatoxide import ChatClient, ChatError, NewMessage


async def listen(url: str, token: str, room_id: str) -> None:
    async with ChatClient(url, token) as client:
        room = await client.join(room_id)
        await room.send('Hello')
        async for event in room.events():
            match event:
                case NewMessage(message=message):
                    print(f'{message.sender_name}: {message.content}', flush=True)


url = os.environ.get('CHAT_URL', 'http://localhost:3000')
token = os.environ.get('CHAT_TOKEN') or sys.exit('Set CHAT_TOKEN: the command `chatoxide token` prints one')
try:
    asyncio.run(listen(url, token, os.environ.get('CHAT_ROOM', 'general')))
except ChatError as error:
    sys.exit(str(error))
except KeyboardInterrupt:
    print('Good-bye')
