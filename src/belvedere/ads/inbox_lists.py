"""The inbox over both tables of alerts: lists in keyset pages, one alert, figures."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import orjson

from belvedere.ads.contracts import AlertOrigin, AlertSeverity, InboxState
from belvedere.ads.statements import inbox_one, inbox_page, inbox_severities, statement
from belvedere.core.cursor import CURSORS
from belvedere.core.database import ReadSession
from belvedere.core.errors import NotFound
from belvedere.core.words import words_query
from belvedere.watchtower.contracts import Severity
from belvedere.watchtower.service import MOST_COUNTED, Page, count_waiting_alerts

KIND = "inbox"
OWN_WORDS = {
    Severity.INFO: (AlertSeverity.LOW,),
    Severity.WARNING: (AlertSeverity.MEDIUM, AlertSeverity.HIGH),
    Severity.CRITICAL: (AlertSeverity.CRITICAL,),
}
"""Severities of the inbox in the words of ads.alerts, as the view maps them; an alert without one counts as MEDIUM."""


@dataclass(frozen=True, slots=True)
class InboxFilter:
    """None leaves a filter out. `client_id` 0 is the agency's own; a rule or a source
    leaves only alerts of the watch tower.
    """

    origin: AlertOrigin | None = None
    state: InboxState | None = None
    severity: tuple[Severity, ...] | None = None
    client_id: int | None = None
    rule_id: UUID | None = None
    search: str | None = None
    since: datetime | None = None
    source_id: UUID | None = None

    def values(self) -> dict[str, Any]:
        # One word alone is asked as such: only then an index gives its rows in order.
        own = [word for one in self.severity or () for word in OWN_WORDS[one]]
        return {
            "origin": self.origin,
            "state": self.state,
            "severity": list(self.severity) if self.severity else None,
            "own_one": own[0] if len(own) == 1 else None,
            "own_severity": own if len(own) > 1 else None,
            "client_id": self.client_id,
            "rule_id": self.rule_id,
            "source_id": self.source_id,
            "words": words_query(self.search),
            "since": self.since,
        }


async def list_inbox(
    session: ReadSession, wanted: InboxFilter, *, limit: int = 50, cursor: str | None = None
) -> Page:
    """Alerts of both origins, newest first."""
    before_at, before_id = CURSORS.read(KIND, cursor) if cursor else (None, None)
    values = {**wanted.values(), "limit": limit, "before_at": before_at, "before_id": before_id}
    row = (await session.execute(inbox_page("" if values["words"] is None else "near"), values)).one()
    if values["words"] is not None and row.rows < limit:
        values["life"] = wanted.state and ("resolved" if wanted.state is InboxState.RESOLVED else "open")
        row = (await session.execute(inbox_page("far"), values)).one()
    more = CURSORS.make(KIND, [row.last_at.isoformat(), str(row.last_id)]) if row.rows == limit else None
    return Page(row.data, more)


async def list_by_severity(
    session: ReadSession, wanted: InboxFilter, *, limit: int = 50
) -> dict[Severity, list[dict[str, Any]]]:
    """The newest alerts of each severity in one statement, so that no wave of notes hides an outage. Not for a search."""
    values = {**wanted.values(), "limit": limit, "before_at": None, "before_id": None}
    row = (await session.execute(inbox_severities(), values)).one()
    found: dict[Severity, list[dict[str, Any]]] = {severity: [] for severity in Severity}
    for alert in orjson.loads(row.data):
        found[Severity(alert["severity"])].append(alert)
    return found


async def get_inbox_alert(session: ReadSession, origin: AlertOrigin, alert_id: UUID) -> dict[str, Any]:
    """One alert in the shape of the inbox; NotFound when it is not there for this person."""
    values = {"origin": origin, "id": alert_id}
    row = (await session.execute(inbox_one(), values)).one()
    if not row.rows:
        raise NotFound("There is no such alert.")
    found: list[dict[str, Any]] = orjson.loads(row.data)
    return found[0]


async def count_inbox(session: ReadSession, client_id: int | None = None) -> dict[str, int]:
    """Alerts of both origins that wait for somebody: all (`waiting`) and `critical`; more than `MOST_COUNTED` count as one more."""
    counts = await count_waiting_alerts(session, client_id)
    for own in (await count_waiting(session, client_id)).values():
        counts["waiting"] += sum(own.values())
        counts["critical"] += own.get("critical", 0)
    return {name: min(number, MOST_COUNTED + 1) for name, number in counts.items()}


async def count_waiting(session: ReadSession, client_id: int | None = None) -> dict[int, dict[str, int]]:
    """Alerts of advertising that wait for somebody, by client and severity."""
    counts: dict[int, dict[str, int]] = {}
    for row in await session.execute(statement("count_inbox"), {"client_id": client_id}):
        counts.setdefault(row.client_id, {})[row.severity] = row.n
    return counts
