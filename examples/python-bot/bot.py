"""A bot: greets who comes into a room, and says again what follows `!echo`."""

import asyncio
import os

from chatoxide import ChatClient, Message, Room, RoomEvent, UserJoined


async def echo(room: Room, message: Message, text: str) -> str:
    return text


async def greet(room: Room, event: RoomEvent) -> None:
    if isinstance(event, UserJoined):
        await room.send(f'Welcome, {event.user.name or event.user.id}!')


client = ChatClient(os.environ.get('CHAT_URL', 'http://localhost:3000'), os.environ['CHAT_TOKEN'])
rooms = [os.environ.get('CHAT_ROOM', 'general')]
try:
    asyncio.run(client.run({'echo': echo}, rooms=rooms, on_event=greet))
except KeyboardInterrupt:
    print('Good-bye')
