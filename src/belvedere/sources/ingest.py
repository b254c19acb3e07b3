"""A mapped reading → one transaction: rows, rejects, blob, counts, account health, event and follow-up job."""

import asyncio
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

import polars as pl
from sqlalchemy import text

from belvedere.core.database import WriteSession
from belvedere.core.events import emit
from belvedere.core.faults import faultpoint
from belvedere.core.jobs import enqueue
from belvedere.sources.contracts import Completeness, Frames, StoredSnapshot
from belvedere.sources.errors import ReadingFailed
from belvedere.sources.frames import FORMAT, checksum, encode
from belvedere.sources.freshness import is_suspiciously_empty
from belvedere.sources.health import ends_trouble
from belvedere.sources.load import Progress, load_rows
from belvedere.sources.map_rows import MappedFrames
from belvedere.sources.remarks import partial_note, rounded_note
from belvedere.sources.scales import refuse_fractions
from belvedere.sources.snapshot_rows import (
    Claim,
    Earlier,
    add_rejects,
    complete_snapshot,
    earlier_snapshots,
    has_newer,
    hold_snapshot,
)
from belvedere.sources.starting import read_health_now
from belvedere.sources.stored import load_frames, source_of

FOLLOW_UP = "sources.snapshot_completed"
FOLLOW_UP_DELAY = timedelta(seconds=20)
"""The process that stored a reading judges it at once; the job finds it when that process died first."""

MEDIAN_OVER = 5
_FRAMES = text(
    "INSERT INTO watch.snapshot_frames (client_id, snapshot_id, records, metrics, format)"
    " VALUES (:client_id, :snapshot_id, :records, :metrics, :format)"
)
_HEALTHY = text(
    "WITH before AS (SELECT a.consecutive_failures, a.last_good_at IS NOT NULL AS has_good, (SELECT s.error_code"
    "   FROM watch.api_snapshots s WHERE s.client_id = a.client_id AND s.account_id = a.id AND s.status = 'failed'"
    "   AND a.consecutive_failures > 0 ORDER BY s.created_at DESC, s.id DESC LIMIT 1) AS code"
    "   FROM watch.source_accounts a WHERE a.client_id = :client_id AND a.id = :account_id FOR UPDATE)"
    " UPDATE watch.source_accounts a SET last_good_at = greatest(a.last_good_at, :now), consecutive_failures = 0,"
    " last_error = NULL FROM before WHERE a.client_id = :client_id AND a.id = :account_id"
    " RETURNING a.settings, before.consecutive_failures AS failures, before.has_good, before.code"
)


@dataclass(frozen=True, slots=True)
class Reading:
    """A mapped reading and what is known of it. `note` is a remark that a person should see although it is good.

    `is_own`: read from the house's own tables, where nothing is missing or in another scale by accident.
    """

    mapped: MappedFrames
    data_as_of: datetime
    completeness: Completeness = Completeness.FULL
    expected: int | None = None
    note: str | None = None
    is_own: bool = False


@dataclass(frozen=True, slots=True)
class _Packed:
    checksum: bytes
    records: bytes
    metrics: bytes


def _pack(frames: Frames) -> _Packed:
    return _Packed(checksum(frames), *encode(frames))


async def store_reading(
    session: WriteSession,
    claim: Claim,
    reading: Reading,
    now: datetime,
    *,
    actor: str,
    progress: Progress | None = None,
) -> StoredSnapshot:
    """Store a reading in the caller's transaction; raises ReadingFailed or LeaseLost, and then nothing is kept."""
    await hold_snapshot(session, claim)
    reading = _as_seen(reading)
    packing = asyncio.ensure_future(asyncio.to_thread(_pack, reading.mapped.frames))
    try:
        earlier = await earlier_snapshots(session, claim, reading.data_as_of, limit=MEDIAN_OVER)
        _refuse_empty(reading, earlier)
        frames = reading.mapped.frames
        if not reading.is_own:
            await refuse_fractions(session, claim, frames, reading.data_as_of)
        likely_same = _same_counts(earlier, frames) and reading.completeness is Completeness.FULL
        same = earlier[0] if likely_same and (await packing).checksum == earlier[0].checksum else None
        if same is not None:
            # The rows of an equal reading would say nothing new; the reading points to the ones that are there.
            frames = await load_frames(session, claim.client_id, same.frames_id)
        else:
            await load_rows(
                session,
                frames,
                client_id=claim.client_id,
                snapshot_id=claim.snapshot_id,
                now=now,
                progress=progress,
            )
            await _keep_blob(session, claim, await packing)
        faultpoint("snapshot.storing")
        packed = await packing
        await add_rejects(session, claim.client_id, claim.snapshot_id, reading.mapped.rejects, now)
        await _close(session, claim, replace_frames(reading, frames), packed.checksum, same, now)
        settings = await _note_good(session, claim, now, actor)
        await _tell(session, claim, reading, frames, unchanged=same is not None, actor=actor, now=now)
        return await _stored(session, claim, reading, frames, earlier, settings)
    finally:
        await asyncio.gather(packing, return_exceptions=True)


def _as_seen(reading: Reading) -> Reading:
    """A record whose row was refused is not gone: a reading without it is a partial one, and says so."""
    notes = [reading.note] if reading.note else []
    if not reading.mapped.is_whole and reading.completeness is Completeness.FULL:
        reading = replace(reading, completeness=Completeness.PARTIAL)
        notes.append(partial_note(len(reading.mapped.rejects)))
    if reading.mapped.rounded and not reading.is_own:
        notes.append(rounded_note(reading.mapped.rounded))
    return replace(reading, note=" ".join(notes) or None)


def replace_frames(reading: Reading, frames: Frames) -> Reading:
    return replace(reading, mapped=replace(reading.mapped, frames=frames))


def _refuse_empty(reading: Reading, earlier: list[Earlier]) -> None:
    records = reading.mapped.frames.records.height
    if records == 0 and reading.mapped.rejects:
        first = reading.mapped.rejects[0]
        raise ReadingFailed(
            f"All {len(reading.mapped.rejects)} rows were refused. The first, row {first.row_number}: {first.detail}",
            code="all_rejected",
            permanent=True,
        )
    if reading.completeness is not Completeness.FULL or reading.is_own:
        return
    if is_suspiciously_empty(records, [found.records for found in earlier]):
        raise ReadingFailed(
            f"The answer holds no rows, though the last good reading had {earlier[0].records:,}."
            " It was set aside, so that nothing counts as vanished. Check the account's settings and rights.",
            code="suspicious_empty",
        )


def _same_counts(earlier: list[Earlier], frames: Frames) -> bool:
    return bool(earlier) and (earlier[0].records, earlier[0].metrics) == (
        frames.records.height,
        frames.metrics.height,
    )


async def _keep_blob(session: WriteSession, claim: Claim, packed: _Packed) -> None:
    values = {"records": packed.records, "metrics": packed.metrics, "format": FORMAT}
    await session.execute(_FRAMES, {"client_id": claim.client_id, "snapshot_id": claim.snapshot_id, **values})


async def _close(
    session: WriteSession, claim: Claim, reading: Reading, digest: bytes, same: Earlier | None, now: datetime
) -> None:
    values = {
        "records": reading.mapped.frames.records.height,
        "metrics": reading.mapped.frames.metrics.height,
        "rejected": len(reading.mapped.rejects),
        "expected": reading.expected,
        "received": reading.mapped.received,
        "checksum": digest,
        "same_as": same.frames_id if same else None,
        "completeness": reading.completeness.value,
        "data_as_of": reading.data_as_of,
        "note": reading.note,
        "note_code": "note" if reading.note else None,
    }
    await complete_snapshot(session, claim, values, now)


async def _note_good(session: WriteSession, claim: Claim, now: datetime, actor: str) -> dict[str, Any]:
    if claim.account_id is None:
        return {}
    values = {"client_id": claim.client_id, "account_id": claim.account_id, "now": now}
    row = (await session.execute(_HEALTHY, values)).one_or_none()
    if row is None:
        return {}
    if ends_trouble(row.failures, row.code, has_good=row.has_good):
        await read_health_now(session, claim.client_id, claim.account_id, now, actor=actor)
    return dict(row.settings or {})


async def _tell(
    session: WriteSession,
    claim: Claim,
    reading: Reading,
    frames: Frames,
    *,
    unchanged: bool,
    actor: str,
    now: datetime,
) -> None:
    await emit(
        session,
        "snapshot.completed",
        subject=str(claim.snapshot_id),
        client_id=claim.client_id,
        data={
            "snapshot_id": str(claim.snapshot_id),
            "source_id": str(claim.source_id),
            "account_id": str(claim.account_id) if claim.account_id else None,
            "records": frames.records.height,
            "metrics": frames.metrics.height,
            "rejected": len(reading.mapped.rejects),
            "completeness": reading.completeness.value,
            "unchanged": unchanged,
        },
        actor=actor,
        now=now,
    )
    await enqueue(
        session,
        FOLLOW_UP,
        {"snapshot_id": str(claim.snapshot_id)},
        client_id=claim.client_id,
        actor=actor,
        run_at=now + FOLLOW_UP_DELAY,
        now=now,
    )


async def _stored(
    session: WriteSession,
    claim: Claim,
    reading: Reading,
    frames: Frames,
    earlier: list[Earlier],
    settings: dict[str, Any],
) -> StoredSnapshot:
    previous = earlier[0] if earlier else None
    provider, endpoint = await source_of(session, claim.source_id)
    return StoredSnapshot(
        client_id=claim.client_id,
        snapshot_id=claim.snapshot_id,
        source_id=claim.source_id,
        provider=provider,
        endpoint=endpoint,
        completeness=reading.completeness,
        data_as_of=reading.data_as_of,
        frames=frames,
        previous_id=previous.id if previous else None,
        previous=await load_frames(session, claim.client_id, previous.frames_id) if previous else None,
        metric_units=units_of(frames),
        settings=settings,
        account_id=claim.account_id,
        is_newest=not await has_newer(session, claim, reading.data_as_of),
    )


def units_of(frames: Frames) -> dict[str, str]:
    """The unit of each metric that says one."""
    pairs = frames.metrics.select("metric_name", "metric_unit").filter(pl.col("metric_unit").is_not_null())
    return dict(pairs.unique("metric_name", keep="first", maintain_order=True).iter_rows())
