"""What a rule's own page shows beside the rule: who waits for whom, when it was judged, and its versions."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import text

from belvedere.core.database import ReadSession

LOOK_BACK = timedelta(days=30)

_FAMILY = text(
    """
    WITH RECURSIVE up AS (
        SELECT r.id, r.parent_rule_id, 0 AS level FROM watch.watchtower_rules r WHERE r.id = :id
        UNION ALL
        SELECT r.id, r.parent_rule_id, up.level - 1 FROM up JOIN watch.watchtower_rules r ON r.id = up.parent_rule_id
         WHERE up.level > -9
    ), down AS (
        SELECT r.id, r.parent_rule_id, 0 AS level FROM watch.watchtower_rules r WHERE r.id = :id
        UNION ALL
        SELECT r.id, r.parent_rule_id, down.level + 1 FROM down JOIN watch.watchtower_rules r ON r.parent_rule_id = down.id
         WHERE down.level < 9
    ), family AS (SELECT * FROM up UNION SELECT * FROM down)
    SELECT r.id, r.name, r.parent_rule_id, r.dependency_condition, r.is_active, r.severity, min(f.level) AS level,
           (SELECT count(*) FROM watch.watchtower_alerts a WHERE a.rule_id = r.id AND a.state = 'open'
               AND NOT a.is_acknowledged) AS open,
           (SELECT count(*) FROM watch.watchtower_alerts a WHERE a.rule_id = r.id AND a.state = 'open'
               AND a.is_acknowledged) AS acknowledged
      FROM family f JOIN watch.watchtower_rules r ON r.id = f.id
     GROUP BY r.id, r.name, r.parent_rule_id, r.dependency_condition, r.is_active, r.severity
     ORDER BY level, r.name LIMIT 200
    """
)
_JUDGED = text(
    """
    SELECT j.*, s.source_id, src.display_name AS source_name, s.data_as_of FROM (
        (SELECT e.client_id, e.snapshot_id, e.evaluated_at, e.entities, e.matched, e.no_data, e.errors, e.held_back,
                e.reason, e.rule_version, false AS quiet
           FROM watch.rule_evaluations e WHERE e.rule_id = :id ORDER BY e.evaluated_at DESC LIMIT :limit)
        UNION ALL
        (SELECT n.client_id, n.snapshot_id, n.evaluated_at, NULL, 0, 0, 0, 0, NULL, NULL, true
           FROM watch.evaluation_runs n WHERE n.quiet_rules @> ARRAY[CAST(:id AS uuid)] AND n.evaluated_at > :since
          ORDER BY n.evaluated_at DESC LIMIT :limit)) j
      JOIN watch.api_snapshots s ON s.client_id = j.client_id AND s.id = j.snapshot_id
      JOIN watch.api_sources src ON src.id = s.source_id
     WHERE CAST(:client_id AS integer) IS NULL OR j.client_id = :client_id
     ORDER BY j.evaluated_at DESC LIMIT :limit
    """
)
_VERSIONS = text(
    "SELECT rule_version AS version, min(evaluated_at) AS first_at, max(evaluated_at) AS last_at, sum(matched) AS matched"
    " FROM watch.rule_evaluations WHERE rule_id = :id GROUP BY rule_version ORDER BY rule_version DESC LIMIT 12"
)
_STAND_INS = text(
    "SELECT r.id, r.name, r.client_id, r.field_name, r.condition, r.threshold_value, r.aggregate, r.is_active"
    " FROM watch.watchtower_rules r WHERE r.overrides_rule_id = :id ORDER BY r.name LIMIT 100"
)


async def family_of(session: ReadSession, rule_id: UUID) -> list[dict[str, Any]]:
    """The rules that this one waits for and those that wait for it; `level` below 0 stands above."""
    return [dict(row) for row in (await session.execute(_FAMILY, {"id": rule_id})).mappings()]


async def judgements_of(
    session: ReadSession, rule_id: UUID, client_id: int | None, now: datetime, *, limit: int = 12
) -> list[dict[str, Any]]:
    """The newest readings that the rule was judged on, those without anything to say included."""
    values = {"id": rule_id, "client_id": client_id, "since": now - LOOK_BACK, "limit": limit}
    return [dict(row) for row in (await session.execute(_JUDGED, values)).mappings()]


async def versions_of(session: ReadSession, rule_id: UUID) -> list[dict[str, Any]]:
    return [dict(row) for row in (await session.execute(_VERSIONS, {"id": rule_id})).mappings()]


async def stand_ins_of(session: ReadSession, rule_id: UUID) -> Sequence[dict[str, Any]]:
    """Rules of single clients that answer in place of this one."""
    return [dict(row) for row in (await session.execute(_STAND_INS, {"id": rule_id})).mappings()]
