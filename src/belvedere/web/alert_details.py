"""One alert of the watch tower as its page shows it: what happened, why, over which readings, and what came of it."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from belvedere.watchtower.service import lead_document
from belvedere.web.alert_timeline import deliveries_of, timeline_of
from belvedere.web.alert_views import CLOSED_BY, breaches, figure, instant, limit_said
from belvedere.web.charts import Drawn, LineChart, Point, line_chart
from belvedere.web.presentation import Reader, decimal_of
from belvedere.web.view import View

HELD = {
    "silenced": "A silence was on, so nobody was told.",
    "storm": "It came in a wave of the same rule at many clients, told as one message.",
}


def alert_detail(
    view: View, alert: Mapping[str, Any], freshness: tuple[str, datetime | None]
) -> dict[str, Any]:
    """The context of parts/alert_detail.html; `freshness` is the word and time of the source's data."""
    currency = view.currency_of(alert["client_id"])
    reasons = (alert["reason"] or {}).get("conditions") or []
    state, as_of = freshness
    shown = {name: alert[name] for name in ("id", "number", "title", "message", "severity", "occurrences")}
    return {
        **shown,
        "path": f"/alerts/{alert['id']}",
        "origin": "watch",
        "subject": None,
        "platform": None,
        "state_of_data": state,
        "data_as_of": as_of or instant(alert["last_seen_at"]),
        "first_seen_at": instant(alert["first_seen_at"]),
        "last_seen_at": instant(alert["last_seen_at"]),
        "acknowledged": _acknowledged(alert),
        "snoozed": _snoozed(alert),
        "held": HELD.get(alert["held_reason"] or ""),
        "resolved": _resolved(alert),
        "client": view.named(alert["client_id"]),
        "source": {"id": alert["source_id"], "name": alert["source_name"]} if alert["source_id"] else None,
        "record": _record(alert),
        "snapshot": alert["last_snapshot_id"] or alert["snapshot_id"],
        "rule": {"id": alert["rule_id"], "name": alert["rule_name"] or "Deleted rule"},
        "external_id": alert["external_id"],
        "chart": _chart(view, alert, reasons, currency),
        "conditions": [_condition(item, currency) for item in reasons],
        "timeline": timeline_of(alert),
        "deliveries": deliveries_of(alert),
        "episodes": [_episode(row) for row in alert["episodes"]],
    }


def _acknowledged(alert: Mapping[str, Any]) -> dict[str, Any] | None:
    if not alert["is_acknowledged"] or alert["state"] == "resolved":
        return None
    return {
        "by": alert["acknowledged_by"] or "Somebody",
        "at": instant(alert["acknowledged_at"]),
        "until": instant(alert["ack_until"]),
    }


def _snoozed(alert: Mapping[str, Any]) -> dict[str, Any] | None:
    if not alert["snoozed_until"] or alert["state"] == "resolved":
        return None
    return {"by": alert["snoozed_by"] or "Somebody", "until": instant(alert["snoozed_until"])}


def _resolved(alert: Mapping[str, Any]) -> dict[str, Any] | None:
    if alert["state"] != "resolved":
        return None
    by, reason = CLOSED_BY.get(
        alert["resolved_reason"], (alert["resolved_by"] or "a person", "Closed by hand.")
    )
    return {"by": by, "at": instant(alert["resolved_at"]), "reason": reason}


def _record(alert: Mapping[str, Any]) -> dict[str, Any] | None:
    if not alert["record_id"]:
        return None
    return {"id": alert["record_id"], "name": alert["entity_name"] or alert["external_id"]}


def _condition(item: Mapping[str, Any], currency: str) -> dict[str, Any]:
    return {
        "joiner": (item.get("joined_by") or "").lower(),
        "label": item["label"],
        "value": figure(item["value"]),
        "previous": figure(item["previous"]),
        "limit": figure(item["limit"]),
        "limit_said": limit_said(item, currency),
        "condition": item["condition"],
        "unit": item["unit"],
        "currency": currency,
        "met": item["result"],
    }


def _episode(row: Mapping[str, Any]) -> dict[str, Any]:
    by, _ = CLOSED_BY.get(row["resolved_reason"] or "", (row["resolved_by"] or "a person", ""))
    lasted = (row["resolved_at"] or row["last_seen_at"]) - row["first_seen_at"]
    return {**row, "id": str(row["id"]), "closed_by": by if row["resolved_at"] else None, "lasted": lasted}


def _chart(
    view: View, alert: Mapping[str, Any], reasons: list[dict[str, Any]], currency: str
) -> Drawn | None:
    history = alert["history"]
    if len(history) < 2 or not reasons:
        return None
    head = lead_document(reasons) or reasons[0]
    limit = decimal_of((head["limit"] or "").removesuffix("%").strip())
    points = []
    for item in history:
        at, value = instant(item["at"]), decimal_of(item["value"])
        if at is not None:
            points.append(Point(at, value, breach=breaches(head["condition"], value, limit)))
    days = (points[-1].at - points[0].at).days
    over = f"{days} days" if days > 1 else f"last {len(points)} readings"
    chart = LineChart(f"{head['label']}, {over}", points, head["unit"], currency, limit=limit)
    return line_chart(chart, Reader(view.access.now, view.access.principal.timezone))
