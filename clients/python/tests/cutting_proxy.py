"""A TCP proxy before a server, whose connections can be cut."""

from __future__ import annotations

import asyncio


class CuttingProxy:
    def __init__(self, port: int) -> None:
        self._target = port
        self._listener: asyncio.Server | None = None
        self._writers: set[asyncio.StreamWriter] = set()
        self._is_cut = False

    @property
    def url(self) -> str:
        assert self._listener
        return f'http://127.0.0.1:{self._listener.sockets[0].getsockname()[1]}'

    async def start(self) -> None:
        self._listener = await asyncio.start_server(self._accept, '127.0.0.1', 0)

    async def stop(self) -> None:
        assert self._listener
        self._listener.close()
        self.cut()
        await self._listener.wait_closed()

    def cut(self) -> None:
        """Ends all connections, and refuses who comes."""
        self._is_cut = True
        for writer in self._writers:
            writer.close()

    def mend(self) -> None:
        self._is_cut = False

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if self._is_cut:
            writer.close()
            return
        server_reader, server_writer = await asyncio.open_connection('127.0.0.1', self._target)
        await asyncio.gather(self._pass_on(reader, server_writer), self._pass_on(server_reader, writer))

    async def _pass_on(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._writers.add(writer)
        try:
            while data := await reader.read(65536):
                writer.write(data)
                await writer.drain()
        except ConnectionError:
            # The other side's end is how this one learns of it.
            pass
        finally:
            self._writers.discard(writer)
            writer.close()
