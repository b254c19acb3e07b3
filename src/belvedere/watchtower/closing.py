"""Ending alerts: rows to close, and who is told of it."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any
from uuid import UUID

from belvedere.accounts.service import name_people
from belvedere.core import metrics
from belvedere.core.database import WriteSession
from belvedere.core.events import emit_many
from belvedere.core.ids import new_id
from belvedere.notify.service import request_deliveries
from belvedere.watchtower.charting import with_charts
from belvedere.watchtower.contracts import ResolvedReason
from belvedere.watchtower.repository import ClosedAlert
from belvedere.watchtower.telling import closing_tellings, gather

ACTOR = "watchtower"


def closing_row(
    alert_id: UUID, reason: ResolvedReason, now: datetime, *, conditions: list[dict[str, Any]] | None = None
) -> dict[str, Any]:
    detail = {"conditions": conditions} if conditions else {}
    return {"id": alert_id, "reason": reason, "event_id": new_id(now), "detail": detail}


async def announce_closed(
    session: WriteSession,
    closed: Sequence[ClosedAlert],
    client_name: str,
    now: datetime,
    *,
    actor: str = ACTOR,
    base_url: str = "",
) -> None:
    """Tell the end of alerts: events, and a message wherever the opening was told."""
    for client_id in {alert.client_id for alert in closed}:
        items = [
            (
                str(alert.id),
                {"alert_id": str(alert.id), "rule_id": str(alert.rule_id), "reason": alert.reason.value},
            )
            for alert in closed
            if alert.client_id == client_id
        ]
        await emit_many(session, "alert.resolved", items, client_id=client_id, actor=actor, now=now)
    for alert in closed:
        metrics.ALERTS_RESOLVED.labels(severity=alert.severity).inc()
    names = await name_people(session, {alert.actor for alert in closed})
    named = [replace(alert, actor=names.get(alert.actor or "", alert.actor)) for alert in closed]
    tellings = [telling for alert in named for telling in closing_tellings(alert, client_name, base_url)]
    requests = await with_charts(session, gather(tellings, base_url, now))
    await request_deliveries(session, requests, now)
