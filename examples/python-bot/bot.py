"""A bot: greets who comes into a room, and says again what follows `!echo`."""

import asyncio
import os
import sys

from chatoxide import ChatClient, ChatError, Message, Room, RoomEvent, UserJoined


async def echo(room: Room, message: Message, text: str) -> str:
    return text


async def greet(room: Room, event: RoomEvent) -> None:
    if isinstance(event, UserJoined):
        await room.send(f'Welcome, {event.user.name or event.user.id}!')


token = os.environ.get('CHAT_TOKEN') or sys.exit('Set CHAT_TOKEN: the command `chatoxide token` prints one')
client = ChatClient(os.environ.get('CHAT_URL', 'http://localhost:3000'), token)
rooms = [os.environ.get('CHAT_ROOM', 'general')]
try:
    asyncio.run(client.run({'echo': echo}, rooms=rooms, on_event=greet))
except ChatError as error:
    sys.exit(str(error))
except KeyboardInterrupt:
    print('Good-bye')
