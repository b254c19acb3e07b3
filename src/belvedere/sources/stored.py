"""What is already stored, as frames: from the blob, or rebuilt from the rows."""

from uuid import UUID

import polars as pl
from sqlalchemy import text

from belvedere.core.database import ReadSession
from belvedere.core.errors import NotFound
from belvedere.sources.contracts import Completeness, Frames, MetricDefinition, StoredSnapshot
from belvedere.sources.frames import METRIC_SCHEMA, RECORD_SCHEMA, decode

_BLOB = text(
    "SELECT f.records, f.metrics, f.format FROM watch.api_snapshots s"
    " JOIN watch.snapshot_frames f ON f.client_id = s.client_id"
    " AND f.snapshot_id = coalesce(s.same_as_snapshot_id, s.id)"
    " WHERE s.client_id = :client_id AND s.id = :snapshot_id"
)
_RECORDS = text(
    "SELECT r.id::text, external_id, name, email, r.status, category, tags, amount, quantity, record_date,"
    " extra::text AS extra FROM watch.api_snapshots s"
    " JOIN watch.api_records r ON r.client_id = s.client_id AND r.snapshot_id = coalesce(s.same_as_snapshot_id, s.id)"
    " WHERE s.client_id = :client_id AND s.id = :snapshot_id ORDER BY r.id"
)
_METRICS = text(
    "SELECT m.record_id::text, metric_name, metric_value, metric_unit FROM watch.api_snapshots s"
    " JOIN watch.api_records r ON r.client_id = s.client_id AND r.snapshot_id = coalesce(s.same_as_snapshot_id, s.id)"
    " JOIN watch.api_record_metrics m ON m.client_id = r.client_id AND m.record_id = r.id"
    " WHERE s.client_id = :client_id AND s.id = :snapshot_id ORDER BY m.record_id, metric_name"
)
_SOURCE = text("SELECT provider, endpoint FROM watch.api_sources WHERE id = :id")
_DEFINITIONS = text(
    "SELECT metric_name, display_name, description, metric_unit, min_value, max_value, provider"
    " FROM watch.metric_definitions WHERE provider IS NULL OR provider = :provider"
)
_SNAPSHOT = text(
    "SELECT s.id, s.source_id, s.account_id, s.completeness, s.data_as_of, s.status, s.evaluated_at,"
    " src.provider, src.endpoint, coalesce(a.settings, '{}') AS settings,"
    " EXISTS (SELECT 1 FROM watch.api_snapshots n WHERE n.source_id = s.source_id AND n.client_id = s.client_id"
    "   AND n.account_id IS NOT DISTINCT FROM s.account_id AND n.status = 'completed'"
    "   AND n.data_as_of > s.data_as_of) AS has_newer,"
    " (SELECT p.id FROM watch.api_snapshots p WHERE p.source_id = s.source_id AND p.client_id = s.client_id"
    "   AND p.account_id IS NOT DISTINCT FROM s.account_id AND p.status = 'completed' AND p.completeness = 'full'"
    "   AND p.data_as_of < s.data_as_of ORDER BY p.data_as_of DESC LIMIT 1) AS previous_id"
    " FROM watch.api_snapshots s JOIN watch.api_sources src ON src.id = s.source_id"
    " LEFT JOIN watch.source_accounts a ON a.client_id = s.client_id AND a.id = s.account_id"
    " WHERE s.client_id = :client_id AND s.id = :snapshot_id"
)


async def load_frames(session: ReadSession, client_id: int, snapshot_id: UUID) -> Frames:
    """The frames of a completed reading from its blob; one that points to an equal reading gives that one's."""
    row = (await session.execute(_BLOB, {"client_id": client_id, "snapshot_id": snapshot_id})).one_or_none()
    if row is None:
        return await rebuild_frames(session, client_id, snapshot_id)
    return decode(bytes(row.records), bytes(row.metrics), row.format)


async def rebuild_frames(session: ReadSession, client_id: int, snapshot_id: UUID) -> Frames:
    """The same frames from the rows, which are the truth."""
    place = {"client_id": client_id, "snapshot_id": snapshot_id}
    records = [tuple(row) for row in await session.execute(_RECORDS, place)]
    metrics = [tuple(row) for row in await session.execute(_METRICS, place)]
    return Frames(
        pl.DataFrame(records, schema=RECORD_SCHEMA, orient="row"),
        pl.DataFrame(metrics, schema=METRIC_SCHEMA, orient="row"),
    )


async def load_stored(session: ReadSession, client_id: int, snapshot_id: UUID) -> StoredSnapshot:
    """A completed reading with its frames and those of the one before it; raises NotFound."""
    row = (
        await session.execute(_SNAPSHOT, {"client_id": client_id, "snapshot_id": snapshot_id})
    ).one_or_none()
    if row is None or row.status != "completed":
        raise NotFound("There is no completed snapshot of this id.")
    frames = await load_frames(session, client_id, snapshot_id)
    units = dict(frames.metrics.select("metric_name", "metric_unit").unique("metric_name").iter_rows())
    return StoredSnapshot(
        client_id=client_id,
        snapshot_id=snapshot_id,
        source_id=row.source_id,
        provider=row.provider,
        endpoint=row.endpoint,
        completeness=Completeness(row.completeness),
        data_as_of=row.data_as_of,
        frames=frames,
        previous_id=row.previous_id,
        previous=await load_frames(session, client_id, row.previous_id) if row.previous_id else None,
        metric_units={name: unit for name, unit in units.items() if unit},
        settings=row.settings,
        account_id=row.account_id,
        is_newest=not row.has_newer,
    )


async def source_of(session: ReadSession, source_id: UUID) -> tuple[str, str]:
    """Provider and endpoint."""
    row = (await session.execute(_SOURCE, {"id": source_id})).one_or_none()
    if row is None:
        raise NotFound("There is no such source.")
    return row.provider, row.endpoint


async def load_definitions(session: ReadSession, provider: str) -> dict[str, MetricDefinition]:
    """What is known of the metrics this provider may send."""
    rows = (await session.execute(_DEFINITIONS, {"provider": provider})).mappings()
    return {row["metric_name"]: MetricDefinition(**row) for row in rows}
