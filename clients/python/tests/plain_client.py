"""A client that is neither ours nor JavaScript: python-socketio's threaded one, over requests and websocket-client."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from queue import Queue
from typing import Any

import socketio
from engineio.payload import Payload
from world import token_of, unique

# It breaks the connection when an answer over polling has more packets, and takes 16 by default, as few as a burst has.
Payload.max_decode_packets = 1_000

# Seconds.
PATIENCE = 10


class Person:
    """A user on a client of their own, and what they hear."""

    def __init__(self, url: str, name: str, transports: Sequence[str]) -> None:
        self.id = unique(name)
        self._heard: defaultdict[str, Queue[Any]] = defaultdict(Queue)
        self._client = socketio.Client(reconnection_delay=0.01, handle_sigint=False)
        self._client.on('*', lambda event, *data: self._heard[event].put(data[0] if data else None))
        self._client.on('connect', lambda: self._heard['connect'].put(None))
        self._client.on('disconnect', lambda reason: self._heard['disconnect'].put(reason))
        # By default it gives up after one second, which a slow disk may take.
        auth = {'token': token_of(self.id)}
        self._client.connect(url, auth=auth, transports=transports, wait_timeout=PATIENCE)

    def __enter__(self) -> Person:
        assert self.hears('connect') is None
        return self

    def __exit__(self, *_: object) -> None:
        self._client.disconnect()

    def asks(self, event: str, argument: object) -> Any:
        """The ack, which says that it was done."""
        answer = self._client.call(event, argument, timeout=PATIENCE)
        assert answer['success'] is True, answer
        return answer

    def tells(self, event: str, argument: object) -> None:
        """Without an ack."""
        self._client.emit(event, argument)

    def hears(self, event: str) -> Any:
        """The next event of the name."""
        return self._heard[event].get(timeout=PATIENCE)

    def heard_nothing_more(self, event: str) -> bool:
        return self._heard[event].empty()
