"""How well the watch works: judged readings by the hour, slow sources, rules without answers, silent digests, storms."""

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import text

from belvedere.core.database import ReadSession

DAY = timedelta(days=1)
SILENT_AFTER = timedelta(days=5)
_MINE = "(CAST(:client AS integer) IS NULL OR {0}.client_id = :client)"

_SUMS = text(
    f"""
    SELECT count(*) AS runs, coalesce(sum(records), 0) AS records, coalesce(sum(matched), 0) AS matched,
           coalesce(sum(opened), 0) AS opened, coalesce(sum(closed), 0) AS closed, coalesce(sum(errors), 0) AS errors,
           coalesce(sum(held_back), 0) AS held_back, coalesce(max(rules), 0) AS rules, max(evaluated_at) AS last_at,
           percentile_disc(0.5) WITHIN GROUP (ORDER BY duration_ms) AS duration_p50,
           percentile_disc(0.95) WITHIN GROUP (ORDER BY duration_ms) AS duration_p95,
           percentile_disc(0.5) WITHIN GROUP (ORDER BY lag_ms) AS lag_p50,
           percentile_disc(0.95) WITHIN GROUP (ORDER BY lag_ms) AS lag_p95
      FROM watch.evaluation_runs r WHERE r.evaluated_at > :since AND {_MINE.format("r")}
    """
)
_HOURS = text(
    f"""
    SELECT h.hour, coalesce(n.runs, 0) AS runs, n.lag_p95, n.duration_p95, coalesce(n.errors, 0) AS errors
      FROM generate_series(date_trunc('hour', CAST(:since AS timestamptz)) + interval '1 hour',
                           date_trunc('hour', CAST(:now AS timestamptz)), interval '1 hour') AS h(hour)
      LEFT JOIN (SELECT date_trunc('hour', r.evaluated_at) AS hour, count(*) AS runs, sum(errors) AS errors,
                        percentile_disc(0.95) WITHIN GROUP (ORDER BY lag_ms) AS lag_p95,
                        percentile_disc(0.95) WITHIN GROUP (ORDER BY duration_ms) AS duration_p95
                   FROM watch.evaluation_runs r WHERE r.evaluated_at > :since AND {_MINE.format("r")} GROUP BY 1) n
        ON n.hour = h.hour ORDER BY h.hour
    """
)
_SLOW = text(
    f"""
    SELECT r.source_id, s.display_name AS name, count(*) AS runs, max(r.records) AS records,
           percentile_disc(0.95) WITHIN GROUP (ORDER BY r.duration_ms) AS duration_p95,
           percentile_disc(0.95) WITHIN GROUP (ORDER BY r.lag_ms) AS lag_p95, sum(r.errors) AS errors
      FROM watch.evaluation_runs r JOIN watch.api_sources s ON s.id = r.source_id
     WHERE r.evaluated_at > :since AND {_MINE.format("r")}
     GROUP BY r.source_id, s.display_name ORDER BY 6 DESC, 5 DESC LIMIT 8
    """
)
_RULES = text(
    f"""
    SELECT r.id, r.name, r.severity, r.field_name, r.condition, sums.* FROM watch.watchtower_rules r CROSS JOIN LATERAL (
        SELECT sum(e.errors) AS errors, sum(e.no_data) AS no_data, sum(e.held_back) AS held_back,
               sum(e.entities) AS entities, max(e.evaluated_at) AS last_at
          FROM watch.rule_evaluations e
         WHERE e.rule_id = r.id AND e.evaluated_at > :since AND {_MINE.format("e")}) sums
     WHERE r.is_active AND (sums.errors > 0 OR sums.held_back > 0 OR sums.no_data > 0 AND sums.no_data >= sums.entities)
     ORDER BY sums.errors DESC, sums.held_back DESC, sums.no_data DESC, r.name LIMIT 30
    """
)
_UNJUDGED_RULES = text(
    """
    SELECT r.id, r.name, r.severity FROM watch.watchtower_rules r
     WHERE r.is_active AND r.builtin IS NULL AND r.created_at < :since
       AND (CAST(:client AS integer) IS NULL OR r.client_id IN (0, :client))
       AND NOT EXISTS (SELECT 1 FROM watch.rule_evaluations e WHERE e.rule_id = r.id AND e.evaluated_at > :since)
       AND NOT EXISTS (SELECT 1 FROM watch.evaluation_runs n WHERE n.evaluated_at > :since AND r.id = ANY (n.quiet_rules))
     ORDER BY r.name LIMIT 30
    """
)
_SILENT = text(
    f"""
    SELECT d.client_id, d.schedule, d.channel, d.destination, max(d.boundary_at) AS last_at,
           max(d.boundary_at) FILTER (WHERE d.state <> 'empty') AS told_at, count(*) AS boundaries
      FROM watch.digests d WHERE d.boundary_at > CAST(:now AS timestamptz) - interval '30 days' AND {_MINE.format("d")}
     GROUP BY d.client_id, d.schedule, d.channel, d.destination
    HAVING coalesce(max(d.boundary_at) FILTER (WHERE d.state <> 'empty'), min(d.boundary_at)) < :silent_since
     ORDER BY told_at NULLS FIRST LIMIT 20
    """
)
_STORMS = text(
    f"""
    SELECT s.id, s.rule_id, r.name, r.severity, s.started_at, s.last_at, s.ended_at, s.clients, s.alerts, s.told_at
      FROM watch.storms s JOIN watch.watchtower_rules r ON r.id = s.rule_id
     WHERE (s.ended_at IS NULL OR s.ended_at > CAST(:now AS timestamptz) - interval '7 days') AND {_MINE.format("s")}
     ORDER BY s.started_at DESC LIMIT 10
    """
)


async def health_of(session: ReadSession, client_id: int | None, now: datetime) -> dict[str, Any]:
    """Everything the page of the evaluation health shows of the last 24 hours."""
    values = {"client": client_id, "since": now - DAY, "now": now, "silent_since": now - SILENT_AFTER}
    sums = (await session.execute(_SUMS, values)).mappings().one()
    found: dict[str, Any] = {"sums": dict(sums)}
    for name, query in (
        ("hours", _HOURS),
        ("slow", _SLOW),
        ("rules", _RULES),
        ("unjudged", _UNJUDGED_RULES),
        ("silent", _SILENT),
        ("storms", _STORMS),
    ):
        found[name] = [dict(row) for row in (await session.execute(query, values)).mappings()]
    return found
