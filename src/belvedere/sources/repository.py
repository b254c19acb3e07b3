"""What is asked of sources, snapshots, records and metrics; every answer is JSON from PostgreSQL."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import text

from belvedere.core.database import ReadSession
from belvedere.core.errors import FieldProblem, Invalid, NotFound
from belvedere.sources.lists import Page, Sort, fetch_newest, fetch_one, fetch_page
from belvedere.sources.record_filters import RecordQuery

SNAPSHOT = (
    "SELECT s.id, s.source_id, nullif(s.client_id, 0) AS client_id, s.account_id, s.snapshot_type, s.total_records,"
    " s.status, s.error_message, s.started_at, s.completed_at, s.created_at, s.error_code, s.completeness,"
    " s.expected_records, s.rejected_records, s.total_metrics, s.same_as_snapshot_id, s.requested_by, s.attempt,"
    " s.pages_done, s.data_as_of, s.evaluated_at, src.provider, src.endpoint"
    " FROM watch.api_snapshots s JOIN watch.api_sources src ON src.id = s.source_id"
)
RECORD_OUTER = (
    "to_jsonb(page) || jsonb_build_object('metrics', coalesce((SELECT jsonb_object_agg(m.metric_name,"
    " trim_scale(m.metric_value)) FROM watch.api_record_metrics m"
    " WHERE m.record_id = page.id), '{}'))"
)
RECORD_COLUMNS_SQL = (
    "SELECT r.id, r.snapshot_id, nullif(r.client_id, 0) AS client_id, r.external_id, r.name, r.email, r.status,"
    " r.category, r.tags, r.amount, r.quantity, r.record_date, r.extra, r.created_at FROM watch.api_records r"
)
METRIC = (
    "SELECT m.id, m.record_id, nullif(m.client_id, 0) AS client_id, m.metric_name, trim_scale(m.metric_value) AS"
    " metric_value, m.metric_unit, m.created_at FROM watch.api_record_metrics m"
)
REJECT = (
    "SELECT r.id, r.snapshot_id, nullif(r.client_id, 0) AS client_id, r.row_number, r.code, r.field, r.detail,"
    " left(r.payload, 4000) AS payload, r.created_at, r.replayed_at, r.replay_snapshot_id FROM watch.record_rejects r"
)
DEFINITION = (
    "SELECT metric_name, display_name, description, metric_unit, min_value, max_value, provider, created_at"
    " FROM watch.metric_definitions"
)
_LATEST = text(
    "SELECT DISTINCT ON (client_id, account_id) coalesce(same_as_snapshot_id, id) AS id FROM watch.api_snapshots"
    " WHERE source_id = :source_id AND status = 'completed'"
    " AND (CAST(:client_id AS integer) IS NULL OR client_id = :client_id)"
    " ORDER BY client_id, account_id, data_as_of DESC"
)
_ROWS_OF = text("SELECT coalesce(same_as_snapshot_id, id) FROM watch.api_snapshots WHERE id = :id")
_METRIC_HISTORY = text(
    "SELECT s.id AS snapshot_id, s.data_as_of AS at, trim_scale(m.metric_value)::text AS value, m.metric_unit AS unit"
    " FROM watch.api_snapshots s JOIN watch.api_records r ON r.client_id = s.client_id"
    " AND r.snapshot_id = coalesce(s.same_as_snapshot_id, s.id) AND r.external_id = :external_id"
    " JOIN watch.api_record_metrics m ON m.client_id = r.client_id AND m.record_id = r.id AND m.metric_name = :field"
    " WHERE s.client_id = :client_id AND s.source_id = :source_id AND s.status = 'completed'"
    " ORDER BY s.data_as_of DESC LIMIT :limit"
)
_UNJUDGED = text(
    "SELECT client_id, id FROM watch.api_snapshots WHERE status = 'completed' AND evaluated_at IS NULL"
    " ORDER BY completed_at LIMIT :limit"
)
_NEEDS = text(
    "SELECT 1 FROM watch.api_snapshots WHERE client_id = :client_id AND id = :id AND status = 'completed'"
    " AND evaluated_at IS NULL"
)
_CLIENT = text("SELECT client_id FROM watch.api_snapshots WHERE id = :id")
_POINTS = text(
    "SELECT same_as_snapshot_id IS NOT NULL FROM watch.api_snapshots WHERE client_id = :client_id AND id = :id"
)
_LATEST_JUDGED = text(
    "SELECT DISTINCT ON (source_id, account_id) id FROM watch.api_snapshots WHERE client_id = :client_id"
    " AND status = 'completed' AND evaluated_at IS NOT NULL ORDER BY source_id, account_id, data_as_of DESC"
)


async def find_unjudged(session: ReadSession, *, limit: int) -> list[tuple[int, UUID]]:
    """Completed readings that nobody judged, oldest first, as (client, snapshot)."""
    return [(row.client_id, row.id) for row in await session.execute(_UNJUDGED, {"limit": limit})]


async def needs_judging(session: ReadSession, client_id: int, snapshot_id: UUID) -> bool:
    found = await session.execute(_NEEDS, {"client_id": client_id, "id": snapshot_id})
    return found.scalar_one_or_none() is not None


async def client_of_snapshot(session: ReadSession, snapshot_id: UUID) -> int:
    """The client of a reading in reach; raises NotFound."""
    client_id = (await session.execute(_CLIENT, {"id": snapshot_id})).scalar_one_or_none()
    if client_id is None:
        raise NotFound("There is no such snapshot.")
    return int(client_id)


async def points_elsewhere(session: ReadSession, client_id: int, snapshot_id: UUID) -> bool:
    """Whether a reading held the same as an earlier one and points to its rows."""
    found = await session.execute(_POINTS, {"client_id": client_id, "id": snapshot_id})
    return bool(found.scalar_one_or_none())


async def latest_judged(session: ReadSession, client_id: int) -> list[UUID]:
    """The newest judged reading of each source and account of a client."""
    return list((await session.execute(_LATEST_JUDGED, {"client_id": client_id})).scalars())


async def metric_history(
    session: ReadSession, client_id: int, source_id: UUID, external_id: str, field: str, *, limit: int = 100
) -> list[dict[str, Any]]:
    """Values of one metric of one thing, oldest first: `at`, `value` (text, exact), `unit`, `snapshot_id`."""
    values = {"client_id": client_id, "source_id": source_id, "external_id": external_id, "limit": limit}
    name = field.removeprefix("metric:")
    rows = (await session.execute(_METRIC_HISTORY, {**values, "field": name})).mappings().all()
    return [{**row, "snapshot_id": str(row["snapshot_id"])} for row in reversed(rows)]


async def list_snapshots(
    session: ReadSession,
    *,
    limit: int,
    cursor: str | None,
    source_id: UUID | None = None,
    client_id: int | None = None,
    account_id: UUID | None = None,
    status: str | None = None,
) -> Page:
    """Readings, newest first."""
    condition = (
        "(CAST(:source_id AS uuid) IS NULL OR t.source_id = :source_id)"
        " AND (CAST(:account_id AS uuid) IS NULL OR t.account_id = :account_id)"
        " AND (CAST(:status AS text) IS NULL OR t.status = :status)"
    )
    rows = f"{SNAPSHOT} JOIN keys ON keys.client_id = s.client_id AND keys.id = s.id"
    values = {"source_id": source_id, "client_id": client_id, "account_id": account_id, "status": status}
    return await fetch_newest(
        session, "snapshots", "watch.api_snapshots", condition, rows, values, limit=limit, cursor=cursor
    )


async def get_snapshot(session: ReadSession, snapshot_id: UUID) -> str:
    return _found(await fetch_one(session, f"{SNAPSHOT} WHERE s.id = :id", {"id": snapshot_id}), "snapshot")


async def list_records(session: ReadSession, query: RecordQuery, *, limit: int, cursor: str | None) -> Page:
    """Records of one reading, or of the newest readings of a source, with their metrics."""
    rows_of = await _snapshots_of(session, query)
    condition, values = query.condition()
    if len(rows_of) == 1:
        # Equality lets the index on (snapshot_id, external_id) give the order too.
        place, values["snapshots"] = "CAST(:snapshots AS uuid)", str(rows_of[0])
    else:
        place, values["snapshots"] = "ANY (CAST(:snapshots AS uuid[]))", [str(item) for item in rows_of]
    inner = f"{RECORD_COLUMNS_SQL} WHERE r.snapshot_id = {place} AND {condition}"
    sort = query.sort
    if query.metric_sort is not None:
        inner = (
            f"SELECT t.*, m.metric_value AS sort_metric FROM ({inner}) t LEFT JOIN watch.api_record_metrics m"
            " ON m.record_id = t.id AND m.metric_name = :sort_metric_name"
        )
        values["sort_metric_name"] = query.metric_sort
    outer = RECORD_OUTER if query.metric_sort is None else f"({RECORD_OUTER}) - 'sort_metric'"
    return await fetch_page(
        session, "records", inner, values, limit=limit, cursor=cursor, sort=sort, outer=outer
    )


async def _snapshots_of(session: ReadSession, query: RecordQuery) -> list[UUID]:
    if query.snapshot_id is not None:
        found = (await session.execute(_ROWS_OF, {"id": query.snapshot_id})).scalar_one_or_none()
        if found is None:
            raise NotFound("There is no such snapshot.")
        return [found]
    if query.source_id is None:
        detail = "Name a snapshot_id, or a source_id for its newest readings."
        raise Invalid(detail, errors=[FieldProblem("/snapshot_id", "missing", detail)])
    values = {"source_id": query.source_id, "client_id": query.client_id}
    return list((await session.execute(_LATEST, values)).scalars())


async def get_record(session: ReadSession, record_id: UUID) -> str:
    """One record with its metrics."""
    found = await fetch_one(
        session, f"{RECORD_COLUMNS_SQL} WHERE r.id = :id", {"id": record_id}, RECORD_OUTER
    )
    return _found(found, "record")


async def record_history(
    session: ReadSession, *, client_id: int, source_id: UUID, external_id: str, limit: int, cursor: str | None
) -> Page:
    """The same thing in every reading that saw it, newest data first, with its metrics each time."""
    inner = (
        "SELECT s.id, s.data_as_of AS created_at, r.id AS record_id, r.name, r.status, r.category, r.amount,"
        " r.quantity, r.record_date FROM watch.api_snapshots s"
        " JOIN watch.api_records r ON r.client_id = s.client_id"
        " AND r.snapshot_id = coalesce(s.same_as_snapshot_id, s.id) AND r.external_id = :external_id"
        " WHERE s.client_id = :client_id AND s.source_id = :source_id AND s.status = 'completed'"
    )
    outer = (
        "to_jsonb(page) - 'id' - 'created_at' || jsonb_build_object('snapshot_id', page.id, 'data_as_of',"
        " page.created_at, 'metrics', coalesce((SELECT jsonb_object_agg(m.metric_name, trim_scale(m.metric_value))"
        " FROM watch.api_record_metrics m WHERE m.record_id = page.record_id), '{}'))"
    )
    values = {"client_id": client_id, "source_id": source_id, "external_id": external_id}
    return await fetch_page(session, "history", inner, values, limit=limit, cursor=cursor, outer=outer)


async def list_metrics(
    session: ReadSession,
    *,
    limit: int,
    cursor: str | None,
    record_id: UUID | None = None,
    snapshot_id: UUID | None = None,
    metric_name: str | None = None,
) -> Page:
    """Metric rows of one record or of one reading."""
    if record_id is None and snapshot_id is None:
        detail = "Name a record_id or a snapshot_id."
        raise Invalid(detail, errors=[FieldProblem("/record_id", "missing", detail)])
    inner = (
        f"{METRIC} WHERE (CAST(:record_id AS uuid) IS NULL OR m.record_id = :record_id)"
        # As arrays and single values, so that the records' keys are found first and not joined with every metric.
        " AND (CAST(:snapshot_id AS uuid) IS NULL OR m.record_id = ANY (ARRAY(SELECT r.id FROM watch.api_records r"
        " WHERE r.snapshot_id = (SELECT coalesce(s.same_as_snapshot_id, s.id) FROM watch.api_snapshots s"
        " WHERE s.id = :snapshot_id))))"
        " AND (CAST(:metric_name AS text) IS NULL OR m.metric_name = :metric_name)"
    )
    values = {"record_id": record_id, "snapshot_id": snapshot_id, "metric_name": metric_name}
    sort = Sort("id", "uuid", required=True)
    return await fetch_page(session, "metrics", inner, values, limit=limit, cursor=cursor, sort=sort)


async def list_rejects(
    session: ReadSession,
    *,
    limit: int,
    cursor: str | None,
    snapshot_id: UUID | None = None,
    client_id: int | None = None,
    open_only: bool = False,
) -> Page:
    """Refused rows with their reasons, newest first."""
    condition = (
        "(CAST(:snapshot_id AS uuid) IS NULL OR t.snapshot_id = :snapshot_id)"
        " AND (NOT :open_only OR t.replayed_at IS NULL)"
    )
    rows = f"{REJECT} JOIN keys ON keys.id = r.id"
    values = {"snapshot_id": snapshot_id, "client_id": client_id, "open_only": open_only}
    return await fetch_newest(
        session, "rejects", "watch.record_rejects", condition, rows, values, limit=limit, cursor=cursor
    )


async def list_definitions(session: ReadSession, now: datetime) -> bytes:
    """Every metric that is known, by name."""
    found = await session.execute(
        text(f"SELECT to_jsonb(d)::text FROM ({DEFINITION} ORDER BY metric_name) d")
    )
    return Page(list(found.scalars()), None).envelope(now)


def _found(item: str | None, what: str) -> str:
    if item is None:
        raise NotFound(f"There is no such {what}.")
    return item
