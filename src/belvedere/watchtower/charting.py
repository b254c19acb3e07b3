"""The plot in the mail of an alert: the newest values of the metric that it is about."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import RowMapping

from belvedere.core.database import ReadSession
from belvedere.notify.contracts import ChannelKind, Chart, DeliveryRequest
from belvedere.sources.service import metric_history
from belvedere.watchtower.compose import ALERT
from belvedere.watchtower.statements import statement
from belvedere.watchtower.threshold import parse_number

MOST_POINTS = 30
MOST_CHARTS = 20
"""Alerts of one transaction that are looked at for a plot. A mail has one, so there are few."""
MOST_TRIED = 3
"""Of a mail for several alerts the worst come first; so many of them are tried until one has values to show."""


async def with_charts(
    session: ReadSession,
    requests: Sequence[DeliveryRequest],
    about: Mapping[UUID, Sequence[UUID]] | None = None,
) -> list[DeliveryRequest]:
    """The requests, those for a mail with the plot of its alert, of several the worst that has one; where no mail is asked
    for, nothing is read. `about`: the alerts of subjects that name none as members, such as a digest.
    """
    tried = {id(request): _alerts_of(request, about or {}) for request in requests}
    wanted = list(dict.fromkeys(alert_id for alert_ids in tried.values() for alert_id in alert_ids))
    charts = await _charts_of(session, wanted[:MOST_CHARTS]) if wanted else {}
    return [_drawn(request, tried[id(request)], charts) for request in requests]


def _alerts_of(request: DeliveryRequest, about: Mapping[UUID, Sequence[UUID]]) -> list[UUID]:
    if request.destination.channel is not ChannelKind.EMAIL:
        return []
    if request.subject_type == ALERT:
        return [request.subject_id]
    members = [member.subject_id for member in request.members if member.subject_type == ALERT]
    return (members or list(about.get(request.subject_id, ())))[:MOST_TRIED]


def _drawn(
    request: DeliveryRequest, alert_ids: Sequence[UUID], charts: Mapping[UUID, tuple[Chart, str]]
) -> DeliveryRequest:
    found = next((charts[alert_id] for alert_id in alert_ids if alert_id in charts), None)
    if found is None:
        return request
    chart, whose = found
    if request.subject_type != ALERT:
        # Among several the plot says whose it is.
        chart = replace(chart, label=f"{chart.label} of {whose}")
    return replace(request, message=replace(request.message, chart=chart))


async def _charts_of(session: ReadSession, alert_ids: Sequence[UUID]) -> dict[UUID, tuple[Chart, str]]:
    rows = (await session.execute(statement("charted"), {"ids": list(alert_ids)})).mappings().all()
    charts = {}
    for row in rows:
        points = await metric_history(
            session, row["client_id"], row["source_id"], row["external_id"], row["field"], limit=MOST_POINTS
        )
        if len(points) > 1:
            charts[row["id"]] = (_chart(row, points), row["entity_name"] or row["external_id"])
    return charts


def _chart(row: RowMapping, points: Sequence[Mapping[str, Any]]) -> Chart:
    limit = parse_number(row["limit_text"] or "")
    zone = ZoneInfo(row["timezone"])
    return Chart(
        label=row["label"],
        values=tuple(float(point["value"]) for point in points),
        times=tuple(f"{point['at'].astimezone(zone):%d %b %H:%M}" for point in points),
        limit=None if limit is None else float(limit),
        unit=points[-1]["unit"],
        marked=len(points) - 1 if row["is_open"] else None,
    )
