from collections.abc import AsyncIterator
from datetime import UTC, datetime

import httpx
import pytest

from belvedere.sandbox.service import RunningSandbox, SandboxOptions, run_sandbox

STARTED_AT = datetime(2026, 11, 20, 14, 0, tzinfo=UTC)


@pytest.fixture
async def sandbox() -> AsyncIterator[RunningSandbox]:
    running = await run_sandbox(SandboxOptions(started_at=STARTED_AT, discord_limit=100))
    yield running
    await running.close()


@pytest.fixture
async def web(sandbox: RunningSandbox) -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient(base_url=sandbox.base_url, timeout=10, trust_env=False) as client:
        yield client
