"""The fixtures: a server on each database for the whole run, and a world in it for each test."""

from __future__ import annotations

import asyncio
import functools
import inspect
import os
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack

import pytest
import pytest_asyncio
from server import Database, Postgres, Server, Sqlite
from world import World

BACKENDS = ['sqlite', 'postgresql'] if os.environ.get('TEST_POSTGRES_URL') else ['sqlite']

# Seconds: a test that waits for ever fails.
PATIENCE = 30


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if isinstance(item, pytest.Function) and inspect.iscoroutinefunction(item.obj):
            item.obj = bounded(item.obj)


def bounded(test: Callable[..., Awaitable[None]]) -> Callable[..., Awaitable[None]]:
    @functools.wraps(test)
    async def run(**fixtures: object) -> None:
        await asyncio.wait_for(test(**fixtures), PATIENCE)

    return run


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
    stack = AsyncExitStack()
    yield World(server, stack)
    # Shown when the test has failed.
    print(server.last_words)
    await asyncio.wait_for(stack.aclose(), PATIENCE)
