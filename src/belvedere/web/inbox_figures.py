"""What stands around one alert, and what one act of a person moved: figures of the inbox that no list gives."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import text

from belvedere.core.database import ReadSession
from belvedere.core.errors import NotFound
from belvedere.sources.service import metric_history
from belvedere.watchtower.service import HISTORY_POINTS, lead_document

MONTH = timedelta(days=30)
MOST_READINGS = 3000
MOST_POINTS = 180

_EPISODES = text(
    "SELECT id, number, episode, severity, first_seen_at, last_seen_at, resolved_at, resolved_reason, resolved_by, occurrences"
    " FROM watch.watchtower_alerts WHERE client_id = :client_id AND fingerprint = :fingerprint AND id <> :id"
    " ORDER BY created_at DESC LIMIT 10"
)
_CLIENTS = text("SELECT id, client_id FROM watch.watchtower_alerts WHERE id = ANY (CAST(:ids AS uuid[]))")
_TAKEN = text(
    "SELECT 'watch' AS origin, id, client_id FROM watch.watchtower_alerts WHERE state = 'open' AND is_acknowledged"
    " AND acknowledged_by = :actor AND acknowledged_at = :at"
    " UNION ALL SELECT 'ads', id, client_id FROM ads.alerts WHERE resolved_at IS NULL"
    " AND acknowledged_by = :actor AND acknowledged_at = :at LIMIT 500"
)
_RESTING = text(
    "SELECT a.id, a.client_id FROM watch.watchtower_alerts a WHERE a.state = 'open' AND a.snoozed_until IS NOT NULL"
    " AND EXISTS (SELECT 1 FROM watch.alert_events e WHERE e.client_id = a.client_id AND e.alert_id = a.id"
    " AND e.kind = 'snoozed' AND e.actor = :actor AND e.at = :at) LIMIT 500"
)


async def month_of(session: ReadSession, alert: Mapping[str, Any], now: datetime) -> list[dict[str, Any]]:
    """The readings of the alert's value over 30 days. Only when the short history is full is there more to read."""
    history: list[dict[str, Any]] = alert["history"]
    lead = lead_document((alert["reason"] or {}).get("conditions") or ())
    if len(history) < HISTORY_POINTS or lead is None:
        return history
    found = await metric_history(
        session, alert["client_id"] or 0, UUID(alert["source_id"]), alert["external_id"], lead["field"],
        limit=MOST_READINGS,
    )  # fmt: skip
    since = now - MONTH
    return thinned([item for item in found if item["at"] >= since] or history)


def thinned(readings: Sequence[dict[str, Any]], most: int = MOST_POINTS) -> list[dict[str, Any]]:
    """At most about `most` readings: of each stretch the lowest and the highest, so that no breach is lost."""
    if len(readings) <= most:
        return list(readings)
    size = -(-len(readings) * 2 // most)
    kept: list[dict[str, Any]] = []
    for start in range(0, len(readings), size):
        stretch = readings[start : start + size]
        known = [item for item in stretch if item["value"] is not None]
        if known:
            ends = (
                min(known, key=lambda item: float(item["value"])),
                max(known, key=lambda item: float(item["value"])),
            )
            kept += [item for item in stretch if any(item is end for end in ends)]
        else:
            kept.append(stretch[0])
    if kept[-1] is not readings[-1]:
        kept.append(readings[-1])
    return kept


async def episodes_before(session: ReadSession, alert: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Other alerts of the same rule on the same thing, newest first."""
    values = {"client_id": alert["client_id"] or 0, "fingerprint": alert["fingerprint"], "id": alert["id"]}
    return [dict(row) for row in (await session.execute(_EPISODES, values)).mappings()]


async def clients_of(session: ReadSession, alert_ids: Sequence[UUID]) -> dict[UUID, int]:
    """The client of each alert of the watch tower; NotFound when one is not there for this person."""
    rows = await session.execute(_CLIENTS, {"ids": list(alert_ids)})
    found = {row.id: row.client_id for row in rows}
    if set(alert_ids) - set(found):
        raise NotFound("Some of these alerts do not exist.")
    return found


async def taken_at(session: ReadSession, actor: str, at: datetime) -> list[tuple[str, UUID, int]]:
    """(origin, id, client) of what one act acknowledged and nobody moved since."""
    rows = await session.execute(_TAKEN, {"actor": actor, "at": at})
    return [(row.origin, row.id, row.client_id) for row in rows]


async def resting_since(session: ReadSession, actor: str, at: datetime) -> list[tuple[UUID, int]]:
    """(id, client) of what one act snoozed and still rests."""
    rows = await session.execute(_RESTING, {"actor": actor, "at": at})
    return [(row.id, row.client_id) for row in rows]
