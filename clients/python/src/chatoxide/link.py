"""One connection: from when the server has let us in until it is lost. The next one is another `Link`."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Sequence
from functools import partial
from weakref import WeakSet

import aiohttp
import socketio
from engineio.payload import Payload

from .chunks import content_of, is_long
from .chunks import send as send_in_chunks
from .errors import ChatError, offline
from .place import Place
from .record import Record

LOG = logging.getLogger('chatoxide')

# The library breaks the connection when an answer over polling has more packets than 16, as a burst of messages has.
# The server limits the length of its responses, so the client needs no limit.
Payload.max_decode_packets = max(Payload.max_decode_packets, 100_000)

# Seconds.
_CONNECT_TIMEOUT = 20
_CLOSE_TIMEOUT = 5

# The protocol version in the handshake. From version 1 the client knows that a client id names one message, and that
# the server refuses a different message with the same client id.
_PROTOCOL = 1

Hear = Callable[[str, object], None]


class Link:
    """`hear` is called with each event and its argument, in order; `lost` once, with the reason."""

    def __init__(self, place: Place, hear: Hear, lost: Callable[[str], None]) -> None:
        self._place = place
        self._hear = hear
        self._lost = lost
        self._is_up = False
        self._gone = asyncio.Event()
        self._refusal: str | None = None
        self._waiting: set[asyncio.Future[object]] = set()
        # All live HTTP responses. `close` closes those that aiohttp leaves open.
        self._responses: WeakSet[aiohttp.ClientResponse] = WeakSet()
        tracing = aiohttp.TraceConfig()
        tracing.on_request_end.append(self._on_response)
        self._http = aiohttp.ClientSession(trace_configs=[tracing])
        self._socket = socketio.AsyncClient(
            reconnection=False,
            handle_sigint=False,
            http_session=self._http,
            # A page of long messages is longer than the 4 MiB that aiohttp takes by default.
            websocket_extra_options={'max_msg_size': 0},
        )
        for event, handler in (
            ('*', self._on_event),
            ('connect_error', self._on_refusal),
            ('disconnect', self._on_disconnect),
        ):
            self._socket.on(event, handler, namespace=place.namespace)

    @property
    def is_up(self) -> bool:
        return self._is_up

    async def open(self, token: str, transports: Sequence[str]) -> None:
        """Signs in. Raises `ChatError`: `signed_out` when the token was not taken, `offline` when nobody answered."""
        place = self._place
        connecting = self._socket.connect(
            place.origin,
            socketio_path=place.path,
            namespaces=[place.namespace],
            auth={'token': token, 'protocol': _PROTOCOL},
            transports=list(transports),
            wait_timeout=_CONNECT_TIMEOUT,
        )
        try:
            await asyncio.wait_for(connecting, _CONNECT_TIMEOUT)
        except (
            socketio.exceptions.SocketIOError,
            aiohttp.ClientError,
            asyncio.TimeoutError,
            OSError,
        ) as error:
            if place.namespace in self._socket.failed_namespaces:
                raise ChatError('signed_out', self._refusal or 'The server refused the token') from error
            raise offline(f'No connection to {place}: {error or "it took too long"}') from error
        # The library sends no `disconnect` event for a connection that is lost before it has marked it as connected.
        if self._socket.eio.state != 'connected':
            raise offline(f'The connection to {place} broke at once')
        self._is_up = True

    async def ask(self, event: str, argument: object) -> Record:
        """The answer of the server. Raises `ChatError`: its refusal, or `offline` when the connection is lost first.

        A content that may not fit a packet is sent in chunks.
        """
        if isinstance(argument, dict) and is_long(content_of(argument)):
            return await send_in_chunks(self._ask, event, argument)
        return await self._ask(event, argument)

    async def _ask(self, event: str, argument: object) -> Record:
        if not self._is_up:
            raise offline()
        answer: asyncio.Future[object] = asyncio.get_running_loop().create_future()
        self._waiting.add(answer)
        try:
            await self._socket.emit(
                event, argument, namespace=self._place.namespace, callback=partial(_settle, answer)
            )
            return _answered(event, await answer)
        finally:
            self._waiting.discard(answer)

    async def wait_lost(self) -> None:
        await self._gone.wait()

    async def close(self) -> None:
        """Says good-bye, if anybody listens. May be called in any state."""
        if self._http.closed:
            return
        try:
            await asyncio.wait_for(self._socket.disconnect(), _CLOSE_TIMEOUT)
        except (aiohttp.ClientError, asyncio.TimeoutError, OSError) as error:
            LOG.warning('the connection could not be closed well: %r', error)
        finally:
            # When a connection breaks, aiohttp leaves the response of the websocket's handshake open and warns of it.
            for response in self._responses:
                response.close()
            await self._http.close()

    async def _on_response(self, _: object, __: object, end: aiohttp.TraceRequestEndParams) -> None:
        self._responses.add(end.response)

    def _on_event(self, event: str, *arguments: object) -> None:
        self._hear(event, arguments[0] if arguments else None)

    def _on_refusal(self, data: object = None) -> None:
        if isinstance(data, dict) and isinstance(data.get('message'), str):
            self._refusal = data['message']

    def _on_disconnect(self, reason: str) -> None:
        if not self._is_up:
            return
        self._is_up = False
        self._gone.set()
        # Report the loss before the pending requests fail: a caller that retries at once must see it.
        self._lost(reason)
        for answer in self._waiting:
            if not answer.done():
                answer.set_exception(offline(f'The connection was lost: {reason}'))


def _settle(answer: asyncio.Future[object], *data: object) -> None:
    if not answer.done():
        answer.set_result(data[0] if data else None)


def _answered(event: str, answer: object) -> Record:
    record = Record(answer, f'the answer to {event}')
    if record.flag('success'):
        return record
    raise ChatError(record.text_or_none('code') or 'internal', record.text('error'))
