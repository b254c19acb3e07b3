"""Figures that a page shows side by side and no single domain answers. Reading only; row policies decide what counts."""

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import text

from belvedere.core.database import ReadSession

DAY = timedelta(days=1)

_OPEN_BY_CLIENT = text(
    """
    SELECT client_id, severity, CAST(sum(n) AS integer) AS n FROM (
        SELECT client_id, severity, count(*) AS n FROM watch.watchtower_alerts
         WHERE state = 'open' AND NOT is_acknowledged GROUP BY client_id, severity
        UNION ALL
        SELECT client_id, CASE severity WHEN 'LOW' THEN 'info' WHEN 'CRITICAL' THEN 'critical'
                ELSE 'warning' END, count(*)
          FROM ads.alerts WHERE resolved_at IS NULL AND acknowledged_at IS NULL GROUP BY 1, 2) AS waiting
     GROUP BY client_id, severity
    """
)
_NEWEST_READINGS = """
    SELECT DISTINCT ON (source_id, client_id, account_id) source_id, client_id, total_records, data_as_of
      FROM watch.api_snapshots WHERE status = 'completed'
     ORDER BY source_id, client_id, account_id, data_as_of DESC
"""
_RECORDS = text(
    f"SELECT source_id, client_id, sum(total_records)::bigint AS records, max(data_as_of) AS at"
    f" FROM ({_NEWEST_READINGS}) newest GROUP BY source_id, client_id"
)
_DAY = text(
    """
    SELECT (SELECT coalesce(sum(total_records), 0) FROM watch.api_snapshots s WHERE s.status = 'completed'
               AND s.completed_at > :since AND (CAST(:client AS integer) IS NULL OR s.client_id = :client)) AS records,
           (SELECT max(completed_at) FROM watch.api_snapshots s WHERE s.status = 'completed'
               AND (CAST(:client AS integer) IS NULL OR s.client_id = :client)) AS read_at,
           (SELECT count(*) FROM watch.record_rejects r WHERE r.replayed_at IS NULL
               AND (CAST(:client AS integer) IS NULL OR r.client_id = :client)) AS rejected,
           (SELECT percentile_cont(0.5) WITHIN GROUP (ORDER BY extract(epoch FROM d.sent_at - d.created_at))
              FROM core.deliveries d WHERE d.state = 'sent' AND d.sent_at > :since
               AND (CAST(:client AS integer) IS NULL OR d.client_id = :client)) AS seconds,
           (SELECT max(d.sent_at) FROM core.deliveries d WHERE d.state = 'sent'
               AND (CAST(:client AS integer) IS NULL OR d.client_id = :client)) AS sent_at,
           (SELECT count(*) FROM core.deliveries d WHERE d.state IN ('dead', 'unknown')
               AND (CAST(:client AS integer) IS NULL OR d.client_id = :client)) AS stuck,
           (SELECT count(*) FROM watch.watchtower_rules r WHERE r.is_active
               AND (CAST(:client AS integer) IS NULL OR r.client_id IN (0, :client))) AS rules,
           (SELECT max(resolved_at) FROM watch.watchtower_alerts a
             WHERE (CAST(:client AS integer) IS NULL OR a.client_id = :client)) AS closed_at
    """
)
_ALERT_BY_NUMBER = text("SELECT id, title, client_id FROM watch.watchtower_alerts WHERE number = :number")
_ALERTS_OF_RECORD = text(
    "SELECT id FROM watch.watchtower_alerts WHERE client_id = :client_id AND source_id = :source_id"
    " AND external_id = :external_id ORDER BY created_at DESC LIMIT 20"
)
_LAST_FIRED = text(
    "SELECT rule_id, max(first_seen_at) AS at FROM watch.watchtower_alerts"
    " WHERE rule_id = ANY (CAST(:ids AS uuid[])) GROUP BY rule_id"
)
_SOURCES_OF = text(
    "SELECT s.id, s.source_id, s.client_id, src.display_name FROM watch.api_snapshots s"
    " JOIN watch.api_sources src ON src.id = s.source_id WHERE s.id = ANY (CAST(:ids AS uuid[]))"
)
_REJECTS_WAITING = text(
    "SELECT count(*) FROM watch.record_rejects WHERE replayed_at IS NULL"
    " AND (CAST(:client AS integer) IS NULL OR client_id = :client)"
)
_METRICS_OF = text(
    "SELECT m.metric_name, max(m.metric_unit) AS unit, count(*) AS n FROM watch.api_records r"
    " JOIN watch.api_record_metrics m ON m.client_id = r.client_id AND m.record_id = r.id"
    " WHERE r.snapshot_id = :id GROUP BY m.metric_name ORDER BY n DESC, m.metric_name"
)
_READING_BEFORE = text(
    "SELECT p.id FROM watch.api_snapshots s JOIN watch.api_snapshots p ON p.source_id = s.source_id"
    " AND p.client_id = s.client_id AND p.account_id IS NOT DISTINCT FROM s.account_id AND p.status = 'completed'"
    " AND p.data_as_of < s.data_as_of WHERE s.id = :id ORDER BY p.data_as_of DESC LIMIT 1"
)
_STATUSES_OF = text(
    "SELECT DISTINCT status FROM watch.api_records WHERE snapshot_id = :id AND status IS NOT NULL ORDER BY 1 LIMIT 30"
)
_FIELDS = text(
    """
    WITH recent AS (SELECT client_id, coalesce(same_as_snapshot_id, id) AS id FROM watch.api_snapshots
                     WHERE status = 'completed' AND total_records > 0
                       AND (CAST(:source AS uuid) IS NULL OR source_id = :source) ORDER BY created_at DESC LIMIT 12),
         sample AS (SELECT r.id, r.client_id, r.extra FROM recent JOIN watch.api_records r
                   ON r.client_id = recent.client_id AND r.snapshot_id = recent.id LIMIT 2000)
    SELECT DISTINCT m.metric_name AS name FROM sample JOIN watch.api_record_metrics m
        ON m.client_id = sample.client_id AND m.record_id = sample.id
    UNION SELECT DISTINCT 'extra:$.' || key FROM sample, LATERAL jsonb_object_keys(
        CASE WHEN jsonb_typeof(sample.extra) = 'object' THEN sample.extra ELSE '{}' END) AS key
        WHERE key ~ '^[A-Za-z0-9_-]+$'
    ORDER BY 1 LIMIT 200
    """
)
_CHANNEL_NAMES = text("SELECT id::text AS id, name FROM core.channels WHERE id::text = ANY(:ids)")
_INBOX_CHOICES = text(
    "SELECT 'rules' AS kind, r.id, r.name FROM watch.watchtower_rules r WHERE r.group_id IS NULL OR r.position = 0"
    " UNION ALL SELECT 'sources', s.id, s.display_name FROM watch.api_sources s ORDER BY 1, 3 LIMIT 400"
)


async def channel_names(session: ReadSession, ids: Collection[str]) -> dict[str, str]:
    """Names of stored channels, as far as they are in reach."""
    rows = await session.execute(_CHANNEL_NAMES, {"ids": list(ids)})
    return {row.id: row.name for row in rows}


async def inbox_choices(session: ReadSession) -> dict[str, list[tuple[str, str]]]:
    """Rules and sources to filter alerts by."""
    found: dict[str, list[tuple[str, str]]] = {"rules": [], "sources": []}
    for row in await session.execute(_INBOX_CHOICES):
        found[row.kind].append((str(row.id), row.name))
    return found


async def open_by_client(session: ReadSession) -> dict[int, dict[str, int]]:
    """Open alerts that nobody took, by client and severity."""
    found: dict[int, dict[str, int]] = {}
    for row in await session.execute(_OPEN_BY_CLIENT):
        found.setdefault(row.client_id, {})[row.severity] = row.n
    return found


async def newest_records(session: ReadSession) -> list[tuple[UUID, int, int, datetime]]:
    """(source, client, records, newest data) over the newest good reading of each account."""
    return [
        (row.source_id, row.client_id, row.records or 0, row.at) for row in await session.execute(_RECORDS)
    ]


async def last_day(session: ReadSession, client_id: int | None, now: datetime) -> dict[str, Any]:
    """What happened in 24 hours: records read, median seconds of a message; and what waits for a person."""
    return dict((await session.execute(_DAY, {"client": client_id, "since": now - DAY})).mappings().one())


async def alert_by_number(session: ReadSession, number: int) -> dict[str, Any] | None:
    row = (await session.execute(_ALERT_BY_NUMBER, {"number": number})).mappings().one_or_none()
    return None if row is None else dict(row)


async def alerts_of_record(
    session: ReadSession, client_id: int, source_id: UUID, external_id: str
) -> set[str]:
    values = {"client_id": client_id, "source_id": source_id, "external_id": external_id}
    return {str(found) for found in (await session.execute(_ALERTS_OF_RECORD, values)).scalars()}


async def last_fired(session: ReadSession, rule_ids: Sequence[str]) -> dict[str, datetime]:
    rows = await session.execute(_LAST_FIRED, {"ids": list(rule_ids)})
    return {str(row.rule_id): row.at for row in rows}


async def sources_of(session: ReadSession, snapshot_ids: Sequence[str]) -> dict[str, dict[str, Any]]:
    rows = await session.execute(_SOURCES_OF, {"ids": list(snapshot_ids)})
    return {str(row["id"]): dict(row) for row in rows.mappings()}


async def rejects_waiting(session: ReadSession, client_id: int | None) -> int:
    return int((await session.execute(_REJECTS_WAITING, {"client": client_id})).scalar_one())


async def metrics_of(session: ReadSession, snapshot_id: UUID) -> list[tuple[str, str | None]]:
    """Names and units of the metrics in a reading, the most common first."""
    return [(row.metric_name, row.unit) for row in await session.execute(_METRICS_OF, {"id": snapshot_id})]


async def reading_before(session: ReadSession, snapshot_id: UUID) -> UUID | None:
    found: UUID | None = (await session.execute(_READING_BEFORE, {"id": snapshot_id})).scalar_one_or_none()
    return found


async def statuses_of(session: ReadSession, snapshot_id: UUID) -> list[str]:
    return list((await session.execute(_STATUSES_OF, {"id": snapshot_id})).scalars())


async def fields_seen(session: ReadSession, source_id: UUID | None) -> list[str]:
    """Metrics and top-level keys of `extra` in recent readings: what a rule may watch."""
    return list((await session.execute(_FIELDS, {"source": source_id})).scalars())
