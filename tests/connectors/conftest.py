"""A small server on a free port for each test, and the real HTTP client."""

import asyncio
import socket
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from ipaddress import ip_network
from typing import Any

import pytest
import uvicorn

from belvedere.core.egress import HttpClient
from belvedere.core.settings import Settings

LOOPBACK = (ip_network("127.0.0.0/8"),)


@asynccontextmanager
async def serving(app: Any) -> AsyncIterator[str]:
    listener = socket.socket()
    listener.bind(("127.0.0.1", 0))
    server = uvicorn.Server(uvicorn.Config(app, log_level="critical", lifespan="off", loop="none"))
    task = asyncio.create_task(server.serve(sockets=[listener]))
    while not server.started:
        await asyncio.sleep(0.005)
    try:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
    finally:
        server.should_exit = True
        server.force_exit = True
        await task
        listener.close()


@pytest.fixture
async def serve() -> AsyncIterator[Callable[[Any], Awaitable[str]]]:
    """Serve an ASGI app; the answer is its address."""
    async with AsyncExitStack() as stack:

        async def start(app: Any) -> str:
            return await stack.enter_async_context(serving(app))

        yield start


async def no_wait(_seconds: float) -> None:
    return None


@pytest.fixture
async def http() -> AsyncIterator[HttpClient]:
    settings = Settings(allow_private_networks=LOOPBACK, http_timeout_seconds=5)
    async with HttpClient(settings, sleep=no_wait) as client:
        yield client
