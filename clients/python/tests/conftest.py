"""The fixtures: a server on each database for the whole run, and a world in it for each test."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack

import pytest
import pytest_asyncio
from server import Database, Postgres, Server, Sqlite
from world import World

BACKENDS = ['sqlite', 'postgresql'] if os.environ.get('TEST_POSTGRES_URL') else ['sqlite']


@pytest_asyncio.fixture(scope='session', params=BACKENDS)
async def server(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Server]:
    folder = tmp_path_factory.mktemp(request.param)
    database: Database = Sqlite(folder) if request.param == 'sqlite' else Postgres()
    try:
        server = Server(database, folder)
        await server.start()
        yield server
        await server.stop()
    finally:
        database.drop()


@pytest_asyncio.fixture
async def world(server: Server) -> AsyncIterator[World]:
    async with AsyncExitStack() as stack:
        yield World(server, stack)
    # Shown when the test has failed.
    print(server.last_words)
