"""The server under test: the built binary as a process of its own, on a port that the system chose."""

from __future__ import annotations

import asyncio
import os
import re
import signal
import sqlite3
import subprocess
import uuid
from abc import ABC, abstractmethod
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

SECRET = 'a secret of the Python tests, long enough for HS256: 0123456789abcdef'

# Seconds.
_START_TIMEOUT = 20
_STOP_TIMEOUT = 15


def required(name: str) -> str:
    value = os.environ.get(name)
    if not value:
        raise RuntimeError(f'{name} is not set')
    return value


class Database(ABC):
    """A fresh database."""

    url: str

    @abstractmethod
    def forget_log(self, room_id: str, up_to: int) -> None:
        """Deletes the oldest entries of a room's log, as the server does after LOG_RETENTION."""

    @abstractmethod
    def drop(self) -> None: ...


class Sqlite(Database):
    def __init__(self, folder: Path) -> None:
        self._file = folder / 'chat.db'
        self.url = f'sqlite://{self._file}'

    def forget_log(self, room_id: str, up_to: int) -> None:
        connection = sqlite3.connect(self._file)
        with connection:
            connection.execute(
                'DELETE FROM chatoxide_room_log WHERE room_id = ? AND seq <= ?', (room_id, up_to)
            )
        connection.close()

    def drop(self) -> None:
        self._file.unlink()


class Postgres(Database):
    def __init__(self) -> None:
        self._admin = required('TEST_POSTGRES_URL')
        self._name = f'python_{uuid.uuid4().hex}'
        self.url = urlunsplit(urlsplit(self._admin)._replace(path=f'/{self._name}'))
        _psql(self._admin, f'CREATE DATABASE {self._name}')

    def forget_log(self, room_id: str, up_to: int) -> None:
        _psql(self.url, f"DELETE FROM chatoxide.room_log WHERE room_id = '{room_id}' AND seq <= {up_to}")

    def drop(self) -> None:
        _psql(self._admin, f'DROP DATABASE {self._name} WITH (FORCE)')


def _psql(url: str, statement: str) -> None:
    program = Path(required('TEST_PG_BIN')) / 'psql'
    options = ['--no-psqlrc', '--quiet', '--set=ON_ERROR_STOP=1', '--command', statement]
    subprocess.run([program, url, *options], check=True)


class Server:
    """`database` is dropped by whoever made it."""

    def __init__(self, database: Database, folder: Path, settings: dict[str, str] | None = None) -> None:
        self.database = database
        self._folder = folder
        self._settings = settings or {}
        self._port = 0
        self._process: asyncio.subprocess.Process | None = None

    @property
    def port(self) -> int:
        return self._port

    @property
    def url(self) -> str:
        return f'http://127.0.0.1:{self._port}'

    @property
    def last_words(self) -> str:
        return '\n'.join(self._log.read_text().splitlines()[-40:])

    async def start(self) -> None:
        """Starts the process and waits until it listens; a second start takes the same port."""
        with self._log.open('a') as log:
            self._process = await asyncio.create_subprocess_exec(
                required('CHATOXIDE_BIN'),
                cwd=self._folder,
                env=self._environment,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=log,
            )
        try:
            self._port = await asyncio.wait_for(self._listening(self._process), _START_TIMEOUT)
        except BaseException:
            await self.kill()
            raise

    async def kill(self) -> None:
        """Ends the process as a power cut does."""
        if self._process:
            self._process.kill()
            await self._ended(self._process)

    async def stop(self) -> None:
        """Asks the process to end; one that does not end well is a failure."""
        if not self._process:
            return
        self._process.send_signal(signal.SIGTERM)
        code = await self._ended(self._process)
        assert code == 0, f'the server ended with {code}\n{self.last_words}'

    @property
    def _log(self) -> Path:
        return self._folder / 'server.log'

    @property
    def _environment(self) -> dict[str, str]:
        # Pass on only the environment variables that a program needs to run.
        inherited = {name: os.environ[name] for name in ('PATH', 'HOME', 'TMPDIR') if name in os.environ}
        return inherited | {
            'HOST': '127.0.0.1',
            'PORT': str(self._port),
            'DATABASE_URL': self.database.url,
            'JWT_SECRET': SECRET,
            'RUST_LOG': 'info',
            # A small page, so that catching up takes more than one request.
            'MAX_PAGE_SIZE': '100',
            **self._settings,
        }

    async def _listening(self, process: asyncio.subprocess.Process) -> int:
        assert process.stdout
        async for line in process.stdout:
            if found := re.search(rb'http://127\.0\.0\.1:(\d+)', line):
                return int(found[1])
        raise RuntimeError(f'the server ended before it listened\n{self.last_words}')

    async def _ended(self, process: asyncio.subprocess.Process) -> int:
        self._process = None
        try:
            # Drain its output: a full pipe would block the process and keep it from exiting.
            await asyncio.wait_for(process.communicate(), _STOP_TIMEOUT)
        except asyncio.TimeoutError:
            process.kill()
            await process.communicate()
        assert process.returncode is not None
        return process.returncode
