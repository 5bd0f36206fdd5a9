"""The newest of what has happened, for any number of readers that each go at their own pace."""

from __future__ import annotations

import asyncio
from collections import deque
from typing import Generic, TypeVar

from .errors import ChatError

T = TypeVar('T')

# So many are kept for readers that are behind.
SIZE = 1000


class Feed(Generic[T]):
    """Entries have positions: 0, 1, 2. The newest `size` are kept; nobody waits for a slow reader."""

    def __init__(self, size: int = SIZE) -> None:
        self._entries: deque[T] = deque(maxlen=size)
        self._end = 0
        self._is_closed = False
        self._error: ChatError | None = None
        self._changed = asyncio.Event()

    @property
    def start(self) -> int:
        """The position of the oldest that is kept."""
        return self._end - len(self._entries)

    @property
    def end(self) -> int:
        """The position of the next that is to come."""
        return self._end

    @property
    def is_closed(self) -> bool:
        return self._is_closed

    def append(self, entry: T) -> None:
        self._entries.append(entry)
        self._end += 1
        self._wake()

    def close(self, error: ChatError | None = None) -> None:
        """Nothing more comes: readers get what is left, and then the error or, without one, the end."""
        if self._is_closed:
            return
        self._is_closed = True
        self._error = error
        self._wake()

    async def get(self, position: int) -> T | None:
        """The entry at the position, once it has come; None when it is no longer kept.

        Raises what the feed was closed with, or `StopAsyncIteration`.
        """
        while position >= self._end:
            if self._error:
                raise self._error
            if self._is_closed:
                raise StopAsyncIteration
            await self._changed.wait()
        return self._entries[position - self.start] if position >= self.start else None

    def _wake(self) -> None:
        self._changed.set()
        self._changed = asyncio.Event()
