"""Long texts are sent in chunks, which the server puts together."""

from __future__ import annotations

import json
import uuid
from collections.abc import Awaitable, Callable

from .record import Record

# The library escapes what is not ASCII: a character takes up to 12 bytes. The server takes packets of a megabyte.
_CHUNK = 80_000
_LARGEST_PACKET = 900_000

Ask = Callable[[str, object], Awaitable[Record]]


def content_of(argument: object) -> str:
    """The content of a request; empty if it has none."""
    content = argument.get('content') if isinstance(argument, dict) else None
    return content if isinstance(content, str) else ''


def is_long(content: str) -> bool:
    """Whether a content may not fit a packet."""
    return len(content) > _CHUNK and len(json.dumps(content)) > _LARGEST_PACKET


async def send(ask: Ask, event: str, argument: dict[str, object]) -> Record:
    """Sends the content of a message in chunks, one after the other.

    The server says which chunks are missing, so that a request that is repeated after a break goes on where it was.
    """
    content = content_of(argument)
    parts = [content[begin : begin + _CHUNK] for begin in range(0, len(content), _CHUNK)]
    chunk_id = argument.get('clientId') or str(uuid.uuid4())
    index = 0
    while True:
        chunk = {'id': chunk_id, 'index': index, 'count': len(parts)}
        # The message has the fields beside the first chunk.
        names = argument if index == 0 else ('roomId', 'messageId', 'clientId')
        beside = {name: argument[name] for name in names if name in argument}
        answer = await ask(event, {**beside, 'content': parts[index], 'chunk': chunk})
        if answer.is_none('chunk'):
            return answer
        index = answer.record('chunk').numbers('missing')[0]
