"""A bot: greets who comes into a room, and says again what follows `!echo`.

CHAT_URL=http://localhost:3000 CHAT_TOKEN=... CHAT_ROOM=general python bot.py
"""

import asyncio
import os

from chatoxide import ChatClient, NewMessage, UserJoined


async def main() -> None:
    async with ChatClient(os.environ['CHAT_URL'], os.environ['CHAT_TOKEN']) as client:
        room = await client.join(os.environ['CHAT_ROOM'])
        async for event in room.events():
            match event:
                case UserJoined(user=user):
                    await room.send(f'Welcome, {user.name or user.id}!')
                case NewMessage(message=message) if message.sender_id != client.user_id:
                    if message.content.startswith('!echo '):
                        await room.send(message.content.removeprefix('!echo '), reply_to=message)


if __name__ == '__main__':
    try:
        asyncio.run(main())
    except KeyboardInterrupt:
        print('Good-bye')
