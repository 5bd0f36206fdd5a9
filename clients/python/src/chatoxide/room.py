"""A room that was joined: what one can do in it, and what happens there."""

from __future__ import annotations

import asyncio
import logging
import uuid
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import datetime, timezone
from typing import TypeAlias

from .connection import Again, Connection
from .errors import ChatError
from .log import RoomLog
from .models import Member, Message, Presence, RoomDetails, read_messages
from .reader import History, RoomEvents
from .reads import ReaderPage
from .record import Json
from .threads import ThreadPage

LOG = logging.getLogger('chatoxide')

# Seconds. Others take a writer for idle whom nothing is said of for some six seconds.
_TYPING_REPEAT = 2.0
_PAGE = 100
_THE_END = datetime.max.replace(tzinfo=timezone.utc)

MessageRef: TypeAlias = Message | str
"""A message, or its id."""


class Room:
    """Made by `ChatClient.join`. It stays joined over lost connections, until `leave`."""

    def __init__(
        self, connection: Connection, log: RoomLog, shown: History, left: Callable[[], None]
    ) -> None:
        self._connection = connection
        self._log = log
        self._shown = shown
        self._left = left
        # Messages are sent one after the other, so that one that has to be sent again is not overtaken.
        self._sending = asyncio.Lock()

    @property
    def id(self) -> str:
        return self._log.room_id

    @property
    def messages(self) -> tuple[Message, ...]:
        """The newest messages as they were when the room was joined, oldest first."""
        return self._shown.messages

    @property
    def members(self) -> tuple[Member, ...]:
        """Those of whom the room is, as they were told last."""
        return self._log.members

    @property
    def is_closed(self) -> bool:
        """It was left, may not be entered any more, or the client is closed: nothing more is heard of it."""
        return self._log.is_closed

    def events(self, since: int | None = None) -> RoomEvents:
        """Events of the room: every change to its messages after `since`, once and in order, over all breaks.

        And, from now on, who comes, goes, reads and types. Without `since` it goes on where `messages` end. The events
        end when the room is left or the client closed, and raise `ChatError` when the room may not be entered any more.
        """
        return self._log.read(self._shown.seq if since is None else since)

    async def send(
        self,
        content: str,
        *,
        type: str = 'text',
        metadata: Json = None,
        reply_to: MessageRef | None = None,
        client_id: str | None = None,
        thread: MessageRef | None = None,
        also_to_room: bool = False,
    ) -> Message:
        """Sends a message, again after each break until it is acked. Returns when it is committed.

        `type` is `text`, `image`, `file`, or one that the server's setting `MESSAGE_TYPES` has.

        `thread` is the message that a thread hangs on, or a reply in it: the message is a reply in that thread. With
        `also_to_room` the room shows it, too.

        `client_id` (up to 64 bytes) makes it one message however often it is sent; without one a new id is made.
        """
        request: dict[str, Json] = {
            'roomId': self.id,
            'content': content,
            'type': type,
            'clientId': client_id or str(uuid.uuid4()),
        }
        if metadata is not None:
            request['metadata'] = metadata
        if reply_to is not None:
            request['replyTo'] = _id_of(reply_to)
        if thread is not None:
            request |= {'threadId': _id_of(thread), 'alsoToRoom': also_to_room}
        async with self._sending:
            answer = await self._connection.ask('message:send', request)
        return Message.read(answer.record('message'))

    async def edit(self, message: MessageRef, content: str) -> Message:
        """Changes one's own message. Not asked again after a break: `offline` leaves open whether it was done."""
        request = {'messageId': _id_of(message), 'content': content}
        answer = await self._connection.ask('message:edit', request, Again.IF_NOT_DONE)
        return Message.read(answer.record('message'))

    async def delete(self, message: MessageRef) -> None:
        """Deletes one's own message. Not asked again after a break: `offline` leaves open whether it was done."""
        request = {'messageId': _id_of(message), 'roomId': self.id}
        await self._connection.ask('message:delete', request, Again.IF_NOT_DONE)

    async def react(self, message: MessageRef, emoji: str) -> None:
        """Adds one's reaction; nothing happens when it is there."""
        request = {'messageId': _id_of(message), 'roomId': self.id, 'emoji': emoji}
        await self._connection.ask('reaction:add', request)

    async def unreact(self, message: MessageRef, emoji: str) -> None:
        """Takes one's reaction away; nothing happens when it is not there."""
        request = {'messageId': _id_of(message), 'roomId': self.id, 'emoji': emoji}
        await self._connection.ask('reaction:remove', request)

    async def load_before(self, before: Message | datetime, limit: int = 50) -> list[Message]:
        """A page of older messages, oldest first; empty at the beginning of the room.

        It may be longer than `limit`: messages of one millisecond are never torn apart.
        """
        time = before.created_at if isinstance(before, Message) else before
        text = time.astimezone(timezone.utc).isoformat(timespec='milliseconds')
        request = {'roomId': self.id, 'before': text, 'limit': limit}
        return read_messages(await self._connection.ask('messages:load', request))

    async def history(self) -> AsyncIterator[Message]:
        """All messages from the newest back to the room's beginning, as they are now."""
        before: Message | datetime = _THE_END
        while page := await self.load_before(before, _PAGE):
            for message in reversed(page):
                yield message
            before = page[0]

    async def thread(
        self, root: MessageRef, *, before: str | None = None, after: str | None = None, limit: int = 50
    ) -> ThreadPage:
        """The newest replies of a thread, those before a page (its `before`), or those after one (its `after`)."""
        request: dict[str, Json] = {'rootId': _id_of(root), 'limit': limit}
        if before is not None:
            request['before'] = before
        if after is not None:
            request['after'] = after
        return ThreadPage.read(await self._connection.ask('thread:load', request))

    async def follow_thread(self, root: MessageRef) -> int:
        """Follows a thread: `ChatClient.events` yields `ThreadUnread`. Returns how many replies are unread.

        A user who begins a thread, replies in it or is mentioned there follows it already.
        """
        return await self._ask_unread('thread:follow', {'rootId': _id_of(root)})

    async def unfollow_thread(self, root: MessageRef) -> None:
        """Follows a thread no longer, until `follow_thread`."""
        await self._ask_unread('thread:unfollow', {'rootId': _id_of(root)})

    async def mark_thread_read(self, root: MessageRef, last: MessageRef) -> int:
        """The replies up to `last` have been read. Returns how many are left."""
        return await self._ask_unread('thread:read', {'rootId': _id_of(root), 'messageId': _id_of(last)})

    async def _ask_unread(self, event: str, request: dict[str, Json]) -> int:
        return (await self._connection.ask(event, request)).number('unreadCount')

    @asynccontextmanager
    async def typing(self) -> AsyncIterator[None]:
        """`async with room.typing():` tells the others that one is writing, for as long as the block takes."""
        await self._tell('typing:start')
        repeating = asyncio.create_task(self._keep_typing())
        try:
            yield
        finally:
            repeating.cancel()
            await asyncio.wait({repeating})
            await self._tell('typing:stop')

    async def mark_read(self) -> None:
        """All that is in the room has been read."""
        await self._connection.ask('room:read', self.id)

    async def mark_unread(self, message: MessageRef) -> None:
        """Counts the room as unread from this message on, on all devices: only a member can."""
        await self._connection.ask('room:mark-unread', {'roomId': self.id, 'messageId': _id_of(message)})

    async def mark_delivered(self, seq: int) -> None:
        """The changes up to `seq` have reached this device. The server takes it if `DELIVERY_RECEIPTS` is set."""
        await self._connection.ask('message:delivered', {'roomId': self.id, 'seq': seq})

    async def readers(self, message: MessageRef, *, after: str | None = None, limit: int = 50) -> ReaderPage:
        """The members who have read a message, without its author and those who read in private; at most 100.

        `after` is that of the last page.
        """
        request: dict[str, Json] = {'messageId': _id_of(message), 'after': after, 'limit': limit}
        return ReaderPage.read(await self._connection.ask('message:readers', request))

    async def presence(self) -> Presence:
        """Asks which users are in the room at this moment."""
        return Presence.read(await self._connection.ask('room:presence', self.id))

    async def update(self, *, name: str | None = None, topic: str | None = None) -> RoomDetails:
        """Changes the room's name or topic; what is not given stays. An empty topic takes the topic away."""
        request: dict[str, Json] = {'roomId': self.id}
        if name is not None:
            request['name'] = name
        if topic is not None:
            request['topic'] = topic
        answer = await self._connection.ask('room:update', request)
        return RoomDetails.read(answer.record('room'))

    async def remove_member(self, user_id: str) -> None:
        """Ends the membership of another user: only the room's owner may."""
        await self._connection.ask('member:remove', {'roomId': self.id, 'userId': user_id})

    async def invite(self, user_id: str) -> list[Member]:
        """Makes a user a member. Returns all members."""
        answer = await self._connection.ask('room:invite', {'roomId': self.id, 'userId': user_id})
        return [Member.read(member) for member in answer.records('members')]

    async def leave(self) -> None:
        """Hears no more of the room: its events end."""
        self._log.close()
        self._left()
        await self._connection.ask('room:leave', self.id)

    async def _keep_typing(self) -> None:
        try:
            while True:
                await asyncio.sleep(_TYPING_REPEAT)
                await self._tell('typing:start')
        except ChatError as error:
            LOG.warning('the others are not told that somebody is writing in %s: %s', self.id, error)

    async def _tell(self, event: str) -> None:
        try:
            await self._connection.ask(event, self.id, Again.NEVER)
        except ChatError as error:
            # That somebody writes is nothing to be told later, nor to stop the writer for.
            if not error.is_passing:
                raise
            LOG.info('%s was not told in %s: %s', event, self.id, error)


def _id_of(message: MessageRef) -> str:
    return message.id if isinstance(message, Message) else message
