"""Alerts as lines of JSON, for other programs.

One object a line, oldest first: `id`, `fingerprint` (the identity over episodes), `episode`, `state`,
`rule_id`, `client_id` (null is the agency), `source_id`, `external_id`, `severity`, `title`, values,
`occurrences` and times in UTC. The reader's own rights decide what is in it.
"""

from collections.abc import AsyncIterator
from datetime import datetime

from sqlalchemy import text

from belvedere.core.database import ReadSession

PAGE = 1000

_LINES = text(
    """
    SELECT a.created_at, a.id, CAST(json_build_object(
        'id', a.id, 'number', a.number, 'fingerprint', a.fingerprint, 'episode', a.episode, 'state', a.state,
        'rule_id', a.rule_id, 'rule_name', a.reason ->> 'rule_name', 'client_id', nullif(a.client_id, 0),
        'source_id', a.source_id, 'snapshot_id', a.snapshot_id, 'external_id', a.external_id,
        'entity_name', a.entity_name, 'severity', a.severity, 'title', a.title, 'message', a.message,
        'current_value', a.current_value, 'previous_value', a.previous_value, 'occurrences', a.occurrences,
        'first_seen_at', a.first_seen_at, 'last_seen_at', a.last_seen_at, 'is_acknowledged',
        a.is_acknowledged, 'acknowledged_at', a.acknowledged_at, 'acknowledged_by', a.acknowledged_by,
        'resolved_at', a.resolved_at, 'resolved_reason', a.resolved_reason, 'created_at', a.created_at) AS text) AS line
    FROM watch.watchtower_alerts a
    WHERE (CAST(:client_id AS integer) IS NULL OR a.client_id = CAST(:client_id AS integer))
      AND (CAST(:since AS timestamptz) IS NULL OR a.created_at >= CAST(:since AS timestamptz))
      AND (CAST(:at AS timestamptz) IS NULL
           OR (a.created_at, a.id) > (CAST(:at AS timestamptz), CAST(:after AS uuid)))
    ORDER BY a.created_at, a.id LIMIT :limit
    """
)


async def export_alerts(
    session: ReadSession, *, client_id: int | None = None, since: datetime | None = None
) -> AsyncIterator[str]:
    """Every visible alert as one line of JSON with its line end; reads in pages, holds none of them."""
    at, after = None, None
    while True:
        values = {"client_id": client_id, "since": since, "at": at, "after": after, "limit": PAGE}
        rows = (await session.execute(_LINES, values)).all()
        for row in rows:
            yield f"{row.line}\n"
        if len(rows) < PAGE:
            return
        at, after = rows[-1].created_at, rows[-1].id
