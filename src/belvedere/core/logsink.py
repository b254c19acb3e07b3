"""Log rows on their way to the database: a bounded queue, a background task, and no caller ever waits."""

import asyncio
import contextlib
import sys
from collections import deque
from collections.abc import Callable
from contextvars import ContextVar
from datetime import UTC, datetime
from typing import Any, ClassVar

from sqlalchemy import insert
from sqlalchemy.exc import SQLAlchemyError

from belvedere.core import metrics
from belvedere.core.context import DbRole, Scope
from belvedere.core.database import Database
from belvedere.core.ids import new_id
from belvedere.core.tables import observability_logs

SCOPE = Scope(role=DbRole.LOG_WRITER, actor="logs")
_TRIES = 3
_writing: ContextVar[bool] = ContextVar("writing_logs", default=False)


def is_writing() -> bool:
    """Whether this is the sink itself, whose own lines may not feed it."""
    return _writing.get()


class LogSink:
    """Takes masked rows and writes them in batches. A full queue drops rows, counts them and says so."""

    active: ClassVar["LogSink | None"] = None

    def __init__(
        self,
        db: Database,
        *,
        room: int = 10_000,
        batch: int = 500,
        interval: float = 0.5,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._room = room
        self._batch = batch
        self._interval = interval
        self._clock = clock
        self._queue: deque[dict[str, Any]] = deque()
        self._dropped = 0
        self._stopping = asyncio.Event()
        self._task: asyncio.Task[None] | None = None
        self._db = db

    def offer(self, row: dict[str, Any]) -> None:
        """Queue one row; never blocks, callable from any thread."""
        if len(self._queue) >= self._room:
            self._drop(1)
            return
        self._queue.append(row)

    async def start(self) -> None:
        """Take rows from now on, and write them in the background."""
        self._stopping.clear()
        self._task = asyncio.create_task(self._run(), name="log-sink")
        LogSink.active = self

    async def stop(self) -> None:
        """Write what is queued and end."""
        if LogSink.active is self:
            LogSink.active = None
        self._stopping.set()
        if self._task is not None:
            await self._task
            self._task = None
        await self.flush()

    async def flush(self) -> None:
        """Write what is queued now."""
        token = _writing.set(True)
        try:
            while self._queue or self._dropped:
                await self._write_batch()
        finally:
            _writing.reset(token)

    async def _run(self) -> None:
        while not self._stopping.is_set():
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._stopping.wait(), self._interval)
            try:
                await self.flush()
            except Exception as error:  # noqa: BLE001 - the edge of a loop that must outlive a bad row
                sys.stderr.write(f"Log rows could not be written: {type(error).__name__}\n")

    async def _write_batch(self) -> None:
        rows = [self._queue.popleft() for _ in range(min(self._batch, len(self._queue)))]
        dropped, self._dropped = self._dropped, 0
        if dropped:
            rows.append(self._drop_notice(dropped))
        rows = [complete_row(row) for row in rows]
        try:
            await self._insert(rows)
        except (SQLAlchemyError, OSError) as error:
            await self._insert_one_by_one(rows, error)

    async def _insert(self, rows: list[dict[str, Any]]) -> None:
        if not rows:
            return
        async with self._db.write(SCOPE) as session:
            await session.execute(insert(observability_logs), rows)

    async def _insert_one_by_one(self, rows: list[dict[str, Any]], failure: Exception) -> None:
        """One bad row (its client is gone) may not take its batch with it. Without a database all go."""
        kept = failures = 0
        for row in rows:
            row["context"] |= {"client_id": row["client_id"]}
            row["client_id"] = 0
            try:
                await self._insert([row])
                kept += 1
            except (SQLAlchemyError, OSError):
                failures += 1
                if failures >= _TRIES and not kept:
                    break
        if lost := len(rows) - kept:
            metrics.LOG_DROPS.inc(lost)
            sys.stderr.write(
                f"{lost} log rows could not be kept in the database ({type(failure).__name__})\n"
            )

    def _drop(self, count: int) -> None:
        self._dropped += count
        metrics.LOG_DROPS.inc(count)

    def _drop_notice(self, count: int) -> dict[str, Any]:
        return {
            "created_at": self._clock(),
            "level": "WARN",
            "logger": "core.logs",
            "message": f"{count} log rows were dropped because they came faster than the database takes them",
            "context": {"dropped": count},
            "correlation_id": None,
            "client_id": 0,
            "process": None,
        }


def complete_row(row: dict[str, Any]) -> dict[str, Any]:
    """The row with its id and without what PostgreSQL does not take (NUL, half of a surrogate pair)."""
    cleaned = {name: clean(value) for name, value in row.items()}
    return cleaned | {"id": new_id(row["created_at"])}


def clean(value: Any) -> Any:
    if isinstance(value, str):
        return value.replace("\x00", "").encode("utf-8", "replace").decode()
    if isinstance(value, dict):
        return {clean(key): clean(item) for key, item in value.items()}
    if isinstance(value, list):
        return [clean(item) for item in value]
    if isinstance(value, float) and value in (float("inf"), float("-inf")):
        return str(value)
    return None if isinstance(value, float) and value != value else value  # noqa: PLR0124 - NaN is no JSON
