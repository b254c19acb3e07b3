"""Lists for pages and the API: JSON text built by PostgreSQL, in keyset pages."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import orjson
from sqlalchemy import TextClause, text

from belvedere.core.cursor import CURSORS
from belvedere.core.database import ReadSession
from belvedere.core.errors import NotFound
from belvedere.core.words import words_query
from belvedere.notify.service import deliveries_of
from belvedere.sources.service import metric_history
from belvedere.watchtower.compose import ALERT
from belvedere.watchtower.contracts import AlertState, Severity
from belvedere.watchtower.leads import lead_document
from belvedere.watchtower.statements import alerts_search, alerts_statement, statement
from belvedere.watchtower.wording import shown

HISTORY_POINTS = 100
MOST_COUNTED = 10_000

_EXISTS = text("SELECT 1 FROM watch.watchtower_alerts WHERE id = :id")
_NOTES = text(
    "SELECT id, at, kind, actor, note FROM watch.alert_events"
    " WHERE alert_id = :id AND note IS NOT NULL AND client_id = (SELECT client_id FROM watch.watchtower_alerts WHERE id = :id)"
    " ORDER BY at, step"
)


@dataclass(frozen=True, slots=True)
class Page:
    """`data` is a JSON list as text; `next_cursor` is None on the last page."""

    data: str
    next_cursor: str | None

    def envelope(self, now: datetime) -> bytes:
        """The answer `{data, meta}` of a list."""
        meta = {
            "next_cursor": self.next_cursor,
            "has_more": self.next_cursor is not None,
            "generated_at": now,
        }
        return b'{"data":' + self.data.encode() + b',"meta":' + orjson.dumps(meta) + b"}"

    def rows(self) -> list[dict[str, Any]]:
        """The rows as plain values, for pages."""
        found: list[dict[str, Any]] = orjson.loads(self.data)
        return found


@dataclass(frozen=True, slots=True)
class AlertFilter:
    """None leaves a filter out. `client_id` 0 is the agency's own. Snoozed alerts are left out unless asked for."""

    state: AlertState | None = None
    acknowledged: bool | None = None
    severity: tuple[Severity, ...] | None = None
    client_id: int | None = None
    rule_id: UUID | None = None
    source_id: UUID | None = None
    search: str | None = None
    since: datetime | None = None
    snoozed: bool | None = False

    def values(self) -> dict[str, Any]:
        return {
            "snoozed": self.snoozed,
            "state": self.state,
            "acknowledged": self.acknowledged,
            "severity": list(self.severity) if self.severity else None,
            "client_id": self.client_id,
            "rule_id": self.rule_id,
            "source_id": self.source_id,
            "since": self.since,
        }


@dataclass(frozen=True, slots=True)
class RuleFilter:
    """None leaves a filter out. `client_id` 0 are the rules for every client."""

    client_id: int | None = None
    source_id: UUID | None = None
    is_active: bool | None = None
    group_id: UUID | None = None
    severity: Severity | None = None
    search: str | None = None

    def values(self) -> dict[str, Any]:
        return {
            "client_id": self.client_id,
            "source_id": self.source_id,
            "is_active": self.is_active,
            "group_id": self.group_id,
            "severity": self.severity,
            "search": _words(self.search),
        }


async def list_alerts(
    session: ReadSession, wanted: AlertFilter, *, limit: int = 50, cursor: str | None = None
) -> Page:
    """Alerts, newest first."""
    words, values = words_query(wanted.search), wanted.values()
    if words is None:
        return await read_page(session, alerts_statement(), "alerts", values, limit, cursor)
    values["words"] = words
    page = await read_page(session, alerts_search(near=True), "alerts", values, limit, cursor)
    if page.next_cursor:
        return page
    values["life"] = AlertState.OPEN if wanted.snoozed else wanted.state
    return await read_page(session, alerts_search(near=False), "alerts", values, limit, cursor)


async def list_rules(
    session: ReadSession, wanted: RuleFilter, *, limit: int = 50, cursor: str | None = None
) -> Page:
    """Rules, newest first, each with its open alerts and its last evaluation."""
    return await read_page(session, statement("list_rules"), "rules", wanted.values(), limit, cursor)


async def list_evaluations(
    session: ReadSession,
    rule_id: UUID,
    *,
    client_id: int | None = None,
    limit: int = 50,
    cursor: str | None = None,
) -> Page:
    """What one rule said of each reading, newest first, with counts and the reason."""
    values = {"rule_id": rule_id, "client_id": client_id}
    return await read_page(session, statement("list_evaluations"), "evaluations", values, limit, cursor)


async def count_alerts(session: ReadSession, client_id: int | None = None) -> dict[str, Any]:
    """Figures by state and severity, for tabs; beyond `MOST_COUNTED` resolved ones `resolved_has_more` says so."""
    values = {"client_id": client_id, "most": MOST_COUNTED}
    counts: dict[str, Any] = orjson.loads(
        (await session.execute(statement("count_alerts"), values)).scalar_one()
    )
    return counts


async def count_waiting_alerts(session: ReadSession, client_id: int | None = None) -> dict[str, int]:
    """Open alerts that nobody took and that do not rest: `waiting`, and the `critical` of them.

    Pages that everybody has open all day ask this, so it stops counting past `MOST_COUNTED`.
    """
    values = {"client_id": client_id, "most": MOST_COUNTED + 1}
    row = (await session.execute(statement("count_waiting"), values)).one()
    return {"waiting": row.waiting, "critical": row.critical}


async def list_notes(session: ReadSession, alert_id: UUID) -> list[dict[str, Any]]:
    """What people wrote about an alert, with any step, oldest first."""
    if (await session.execute(_EXISTS, {"id": alert_id})).scalar_one_or_none() is None:
        raise NotFound("There is no such alert.")
    return [dict(row) for row in (await session.execute(_NOTES, {"id": alert_id})).mappings()]


async def get_alert(session: ReadSession, alert_id: UUID) -> dict[str, Any]:
    """One alert with its timeline, deliveries and the history of the value it is about."""
    row = (await session.execute(statement("alert_detail"), {"id": alert_id})).one_or_none()
    if row is None:
        raise NotFound("There is no such alert.")
    alert: dict[str, Any] = orjson.loads(row.data)
    alert["deliveries"] = (await deliveries_of(session, [alert_id], subject_type=ALERT)).get(alert_id, [])
    alert["history"] = []
    lead = lead_document((alert["reason"] or {}).get("conditions") or ())
    if lead is None:
        return alert
    for step in alert["timeline"]:
        if step["id"] == alert["id"]:
            # An opening without a row of its own; the value is cut as the row would have it.
            step["detail"] = {"value": shown(lead["value"])}
    if row.source_id and row.external_id:
        alert["history"] = await metric_history(
            session, row.client_id, row.source_id, row.external_id, lead["field"], limit=HISTORY_POINTS
        )
    return alert


async def read_page(
    session: ReadSession,
    listing: TextClause,
    kind: str,
    values: dict[str, Any],
    limit: int,
    cursor: str | None,
) -> Page:
    """One keyset page of a statement that gives data, rows, last_at and last_id."""
    before_at, before_id = CURSORS.read(kind, cursor) if cursor else (None, None)
    # One more row than asked for would have to be cut out of the text again, so a full page may have an empty
    # next one.
    found = await session.execute(
        listing, {**values, "limit": limit, "before_at": before_at, "before_id": before_id}
    )
    row = found.one()
    more = CURSORS.make(kind, [row.last_at.isoformat(), str(row.last_id)]) if row.rows == limit else None
    return Page(row.data, more)


def _words(search: str | None) -> str | None:
    bare = (search or "").replace("\x00", "").strip()
    return bare or None
