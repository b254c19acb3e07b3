"""The demo's past: weeks of readings before the real ones, written in a few statements."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import text

from belvedere.core.context import Scope
from belvedere.core.database import ReadSession
from belvedere.core.runtime import Runtime
from belvedere.seeding import past
from belvedere.seeding.writer import make_months, merge_batches, prepare_session, write_batch
from belvedere.sources.frames import decode

_NEWEST = text(
    "SELECT DISTINCT ON (s.account_id) s.client_id, s.source_id, s.account_id, src.provider || '/' || src.endpoint AS place,"
    " s.data_as_of, f.records, f.metrics, f.format FROM watch.api_snapshots s JOIN watch.api_sources src ON src.id = s.source_id"
    " JOIN watch.snapshot_frames f ON f.client_id = s.client_id AND f.snapshot_id = coalesce(s.same_as_snapshot_id, s.id)"
    " WHERE s.account_id = ANY (:accounts) AND s.status = 'completed' ORDER BY s.account_id, s.data_as_of DESC"
)
_HAS_PAST = text("SELECT EXISTS (SELECT 1 FROM watch.api_snapshots WHERE requested_by = :by)")


async def write_past(runtime: Runtime, accounts: list[UUID], days: int, seed: int) -> int:
    """Readings of the weeks before, for these accounts; returns how many. Does nothing where they stand already."""
    now: datetime = runtime.clock()
    world = past.started(days, seed, now)
    async with runtime.db.read(Scope.service("demo")) as session:
        if (await session.execute(_HAS_PAST, {"by": past.BY})).scalar_one():
            return 0
        newest = await read_newest(session, accounts)
    readings = [past.look_back(world, account) for account in newest]
    async with runtime.db.write(Scope.service("demo")) as session:
        await make_months(session, days)
    async with runtime.db.write(Scope.service("demo")) as session:
        await prepare_session(session)
        for batch in merge_batches(past.batches(world, made) for made in readings):
            await write_batch(session, batch)
    return sum(map(len, readings))


async def read_newest(session: ReadSession, accounts: list[UUID]) -> list[past.Account]:
    rows = await session.execute(_NEWEST, {"accounts": accounts})
    return [
        past.Account(
            row.client_id,
            row.source_id,
            row.account_id,
            row.place,
            row.data_as_of,
            decode(row.records, row.metrics, row.format),
        )
        for row in rows
    ]
