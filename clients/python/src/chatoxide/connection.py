"""The connection that comes back: keeps a link to the server, and asks again when that is safe."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Sequence
from enum import Enum, auto

from .backoff import backoff
from .errors import ChatError, offline
from .link import Hear, Link
from .place import Place
from .record import Record
from .token import TokenSource, token_of, user_id_of

LOG = logging.getLogger('chatoxide')

# Seconds before connecting again: the first wait and the longest.
_RECONNECT = (0.5, 5.0)
# Seconds before asking again what the server could not do now, and how often: some six seconds in all.
_ASK_AGAIN = (0.1, 2.0)
_MAX_REFUSALS = 8
# A request that so many connections in a row did not survive is not sent over one more: it may be what breaks them.
_MAX_BREAKS = 5


class Again(Enum):
    """Whether a request may be repeated."""

    # Asked twice it is as if it had been asked once.
    SAFE = auto()
    # Only what the server says it has not done.
    IF_NOT_DONE = auto()
    # Nothing, and it does not wait for a connection: later it would be of no use.
    NEVER = auto()


class Connection:
    """`hear` is called with each event.

    `disconnected` each time that the link is lost, with the reason; `connected` each time that it is back; `ended`
    once, when it will never be back.
    """

    def __init__(
        self,
        place: Place,
        token: TokenSource,
        transports: Sequence[str],
        *,
        hear: Hear,
        connected: Callable[[], None],
        disconnected: Callable[[str], None],
        ended: Callable[[ChatError | None], None],
    ) -> None:
        self._place = place
        self._token = token
        self._transports = transports
        self._hear = hear
        self._connected = connected
        self._disconnected = disconnected
        self._ended = ended
        self._user_id: str | None = None
        self._link: Link | None = None
        self._end: ChatError | None = None
        # There is a link, or there will never be one again.
        self._settled = asyncio.Event()
        self._staying: asyncio.Task[None] | None = None

    @property
    def is_up(self) -> bool:
        return self._link is not None and self._link.is_up

    @property
    def user_id(self) -> str | None:
        """The user id of the last token."""
        return self._user_id

    async def open(self, patience: float) -> None:
        """Connects, and from then on stays connected. Tries for `patience` seconds while nobody answers."""
        if self._staying or self._end:
            raise RuntimeError('a client connects once')
        loop = asyncio.get_running_loop()
        deadline = loop.time() + patience
        delays = backoff(*_RECONNECT)
        has_warned = False
        while True:
            try:
                await self._connect(await token_of(self._token))
                break
            except ChatError as error:
                delay = next(delays)
                if not error.is_passing or loop.time() + delay > deadline:
                    raise
                if not has_warned:
                    LOG.warning('%s; trying for %g seconds', error, patience)
                    has_warned = True
                await asyncio.sleep(delay)
        self._staying = asyncio.create_task(self._stay())

    async def close(self) -> None:
        self._finish(ChatError('closed', 'The client is closed'), None)
        if self._staying:
            self._staying.cancel()
            await asyncio.wait({self._staying})
        if self._link:
            await self._link.close()

    async def ask(self, event: str, argument: object, again: Again = Again.SAFE) -> Record:
        """The answer of the server. Waits for a connection; raises `ChatError` when it is refused."""
        delays = backoff(*_ASK_AGAIN)
        refusals = breaks = 0
        while True:
            link = await self._present(again)
            try:
                return await link.ask(event, argument)
            except ChatError as error:
                if not _may_ask_again(error, again):
                    raise
                if error.code == 'offline':
                    breaks += 1
                else:
                    refusals += 1
                if breaks == _MAX_BREAKS or refusals == _MAX_REFUSALS:
                    raise
            if refusals:
                await asyncio.sleep(next(delays))

    async def _present(self, again: Again) -> Link:
        while True:
            if self._end:
                raise ChatError(self._end.code, self._end.message)
            if self._link and self._link.is_up:
                return self._link
            if again is Again.NEVER:
                raise offline()
            await self._settled.wait()

    async def _connect(self, token: str) -> None:
        self._user_id = user_id_of(token)
        link = Link(self._place, self._hear, self._on_lost)
        try:
            await link.open(token, self._transports)
        except BaseException:
            await link.close()
            raise
        self._link = link
        self._settled.set()

    def _on_lost(self, reason: str) -> None:
        if self._end:
            return
        self._settled.clear()
        LOG.warning('the connection to %s was lost: %s', self._place, reason)
        self._disconnected(reason)

    async def _stay(self) -> None:
        try:
            # Not for ever, though it is cancelled: `asyncio.wait_for` of Python 3.11 may swallow that.
            while self._link and not self._end:
                await self._link.wait_lost()
                await self._link.close()
                await self._reconnect()
        except ChatError as error:
            self._finish(error, error)
        except Exception as error:
            LOG.exception('the client has failed')
            failure = ChatError('internal', f'The client has failed: {error!r}')
            self._finish(failure, failure)

    async def _reconnect(self) -> None:
        for delay in backoff(*_RECONNECT):
            if self._end:
                return
            await asyncio.sleep(delay)
            try:
                token = await token_of(self._token)
            except Exception as error:
                # Whatever gives out tokens may be back as the server may.
                LOG.warning('there is no token to connect with: %r', error)
                continue
            try:
                await self._connect(token)
                break
            except ChatError as error:
                if not error.is_passing:
                    raise
                LOG.warning('%s', error)
        if not self._end:
            LOG.info('connected to %s again', self._place)
            self._connected()

    def _finish(self, end: ChatError, error: ChatError | None) -> None:
        if self._end:
            return
        self._end = end
        self._settled.set()
        self._ended(error)


def _may_ask_again(error: ChatError, again: Again) -> bool:
    if again is Again.NEVER:
        return False
    if error.code in ('busy', 'shutting_down'):
        return True
    return again is Again.SAFE and error.is_passing
