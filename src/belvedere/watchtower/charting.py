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
"""Alerts of one transaction that get a plot. Only a mail about a single alert has one, so there are few."""


async def with_charts(session: ReadSession, requests: Sequence[DeliveryRequest]) -> list[DeliveryRequest]:
    """The requests, those for a mail about one alert with its plot; where no mail is asked for, nothing is read."""
    wanted = list(dict.fromkeys(request.subject_id for request in requests if _wants_chart(request)))
    charts = await _charts_of(session, wanted[:MOST_CHARTS]) if wanted else {}
    return [
        replace(request, message=replace(request.message, chart=charts[request.subject_id]))
        if _wants_chart(request) and request.subject_id in charts
        else request
        for request in requests
    ]


def _wants_chart(request: DeliveryRequest) -> bool:
    return request.destination.channel is ChannelKind.EMAIL and request.subject_type == ALERT


async def _charts_of(session: ReadSession, alert_ids: Sequence[UUID]) -> dict[UUID, Chart]:
    rows = (await session.execute(statement("charted"), {"ids": list(alert_ids)})).mappings().all()
    charts = {}
    for row in rows:
        points = await metric_history(
            session, row["client_id"], row["source_id"], row["external_id"], row["field"], limit=MOST_POINTS
        )
        if len(points) > 1:
            charts[row["id"]] = _chart(row, points)
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
