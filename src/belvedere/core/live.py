"""Live news for open pages: one LISTEN connection a process, fanned out to every open stream."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

import orjson
import psycopg

from belvedere.core.database import Database, libpq_url
from belvedere.core.logs import get_logger

log = get_logger("core.live")

CHANNEL = "belvedere_events"
QUEUE_SIZE = 200
RECONNECT_SECONDS = 1.0


@dataclass(frozen=True, slots=True)
class News:
    """Something happened: the type of event, for which client, and how often in that transaction."""

    type: str
    client_id: int
    count: int
    subject: str


class LiveFeed:
    """Hands news to streams; a slow stream loses the oldest news and is told to look again."""

    def __init__(self, database: Database) -> None:
        self._url = libpq_url(database.api_url)
        self._streams: set[asyncio.Queue[News]] = set()
        self._task: asyncio.Task[None] | None = None

    async def start(self) -> None:
        self._task = asyncio.create_task(self._listen())

    async def stop(self) -> None:
        if self._task is not None:
            self._task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._task

    async def _listen(self) -> None:
        while True:
            try:
                async with await psycopg.AsyncConnection.connect(self._url, autocommit=True) as connection:
                    await connection.execute(f"LISTEN {CHANNEL}")
                    async for notice in connection.notifies():
                        self._spread(read_news(notice.payload))
            except psycopg.OperationalError as error:
                log.warning("live pages have no database; trying again", error=str(error))
            await asyncio.sleep(RECONNECT_SECONDS)

    def _spread(self, news: News) -> None:
        for queue in self._streams:
            if queue.full():
                queue.get_nowait()
            queue.put_nowait(news)

    @contextlib.asynccontextmanager
    async def stream(self) -> AsyncIterator[asyncio.Queue[News]]:
        """A queue of news for as long as the block lasts."""
        queue: asyncio.Queue[News] = asyncio.Queue(QUEUE_SIZE)
        self._streams.add(queue)
        try:
            yield queue
        finally:
            self._streams.discard(queue)


def read_news(payload: str) -> News:
    found: dict[str, Any] = orjson.loads(payload)
    return News(found["type"], int(found["client_id"]), int(found["count"]), str(found["subject"]))
