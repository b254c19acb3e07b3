"""Frames → PostgreSQL by COPY: lines are laid out column-wise in a thread while the server takes the ones before."""

import asyncio
from collections.abc import Callable, Iterator
from datetime import datetime
from uuid import UUID

import polars as pl
from psycopg import AsyncConnection
from sqlalchemy import text

from belvedere.core.context import DbRole
from belvedere.core.database import WriteSession, as_role, driver_connection
from belvedere.core.ids import uuid7_strings
from belvedere.sources.contracts import Frames
from belvedere.sources.frames import tags_text

SLICE_ROWS = 25_000
Progress = Callable[[int], None]
"""Told how many rows of both tables have been handed over so far."""

RECORDS_COPY = (
    "COPY watch.api_records (id, external_id, name, email, status, category, tags, amount, quantity, record_date, extra,"
    " snapshot_id, client_id) FROM STDIN (FORMAT csv)"
)
METRICS_COPY = (
    "COPY watch.api_record_metrics (id, record_id, metric_name, metric_value, metric_unit, client_id)"
    " FROM STDIN (FORMAT csv)"
)


def record_lines(frames: Frames, client_id: int, snapshot_id: UUID) -> Iterator[bytes]:
    """CSV lines of the records, slice by slice; a null is an empty cell, an empty text is quoted."""
    for part in frames.records.iter_slices(SLICE_ROWS):
        lines = part.with_columns(
            tags_text(pl.col("tags")).alias("tags"),
            pl.lit(str(snapshot_id)).alias("snapshot_id"),
            pl.lit(client_id).alias("client_id"),
        )
        yield lines.write_csv(include_header=False).encode()


def metric_lines(frames: Frames, client_id: int, now: datetime) -> Iterator[bytes]:
    """CSV lines of the metrics with ids of their own."""
    for part in frames.metrics.iter_slices(SLICE_ROWS * 3):
        lines = part.with_columns(pl.lit(client_id).alias("client_id"))
        yield lines.insert_column(0, uuid7_strings(part.height, now)).write_csv(include_header=False).encode()


# The foreign keys of these rows were checked as a set: the parent is locked, and every metric belongs to a record of the
# same frames. One check for each row would double the time. Where the server does not grant the setting, it checks rows.
_MAY_SET = "has_parameter_privilege('session_replication_role', 'SET')"
_KEYS_CHECKED = text(
    f"SELECT CASE WHEN {_MAY_SET} THEN set_config('session_replication_role', 'replica', true) END"
)
_KEYS_WATCHED = text(
    f"SELECT CASE WHEN {_MAY_SET} THEN set_config('session_replication_role', 'origin', true) END"
)


def has_no_strays(frames: Frames) -> bool:
    """Whether every metric belongs to a record of the same reading."""
    strays = frames.metrics.join(frames.records, left_on="record_id", right_on="id", how="anti")
    return strays.is_empty()


async def load_rows(
    session: WriteSession,
    frames: Frames,
    *,
    client_id: int,
    snapshot_id: UUID,
    now: datetime,
    progress: Progress | None = None,
) -> None:
    """Add the frames' rows in the caller's transaction, as the role that may do nothing else."""
    connection = await driver_connection(session)
    # Row policies end where COPY begins, so the parent is looked at under them first.
    parent = await session.execute(
        text("SELECT 1 FROM watch.api_snapshots WHERE client_id = :client AND id = :id FOR UPDATE"),
        {"client": client_id, "id": snapshot_id},
    )
    checked = parent.scalar_one_or_none() is not None and has_no_strays(frames)
    async with as_role(session, DbRole.LOADER):
        if checked:
            await session.execute(_KEYS_CHECKED)
        done = await _copy(
            connection, RECORDS_COPY, record_lines(frames, client_id, snapshot_id), 0, progress
        )
        await _copy(connection, METRICS_COPY, metric_lines(frames, client_id, now), done, progress)
        if checked:
            await session.execute(_KEYS_WATCHED)


async def _copy(
    connection: AsyncConnection[object],
    statement: str,
    blocks: Iterator[bytes],
    done: int,
    progress: Progress | None,
) -> int:
    following = asyncio.ensure_future(asyncio.to_thread(next, blocks, None))
    try:
        async with connection.cursor() as cursor, cursor.copy(statement) as copy:
            while (block := await following) is not None:
                following = asyncio.ensure_future(asyncio.to_thread(next, blocks, None))
                await copy.write(block)
                done += block.count(b"\n")
                if progress:
                    progress(done)
    finally:
        await asyncio.gather(following, return_exceptions=True)
    return done
