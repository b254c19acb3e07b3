"""Alerts as pages show them: rows, the reasons, the timeline and the chart."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from belvedere.web.charts import Drawn, LineChart, Point, line_chart
from belvedere.web.presentation import Reader, decimal_of, word
from belvedere.web.view import View

NEW_FOR = timedelta(hours=12)
SEVERITIES = ("critical", "warning", "info")
CLOSED_BY = {
    "recovered": ("the next reading", "The value is back inside the limit."),
    "missing": ("the next readings", "The record is no longer in the data."),
    "rule_changed": ("a change of the rule", "The rule asks another question now."),
    "expired": ("time", "Not seen again for a week."),
}
ADS_UNITS = {"spend": "currency", "revenue": "currency", "cpa": "currency", "cpc": "currency", "cpm": "currency",
             "roas": "ratio"}  # fmt: skip
STEPS = {
    "opened": ("critical", "critical", "Opened"),
    "seen_again": ("again", "", "Seen again"),
    "severity_raised": ("warning", "warning", "Raised"),
    "acknowledged": ("check", "", "Acknowledged"),
    "unacknowledged": ("again", "", "Reopened"),
    "resolved": ("good", "good", "Resolved"),
    "note": ("note", "", "Note"),
}


def instant(text: str | datetime | None) -> datetime | None:
    """A time as PostgreSQL wrote it into JSON."""
    return datetime.fromisoformat(text) if isinstance(text, str) else text


def figure(text: Any) -> Any:
    """A stored value as a number where it is one, else as it stands."""
    number = decimal_of(text)
    return text if number is None else number


def alert_row(view: View, row: Mapping[str, Any]) -> dict[str, Any]:
    head = row.get("head") or {}
    first_seen = instant(row["first_seen_at"])
    return {
        "id": row["id"],
        "path": f"/alerts/{row['id']}",
        "origin": "watch",
        "number": row["number"],
        "severity": row["severity"],
        "state": "resolved"
        if row["state"] == "resolved"
        else ("acknowledged" if row["is_acknowledged"] else "open"),
        "title": row["title"],
        "client": row["client_name"] or view.name_of(row["client_id"]),
        "source": row["source_name"] or row["rule_name"] or "",
        "value": figure(head.get("value") or row["current_value"]),
        "limit": figure(head.get("limit")),
        "condition": head.get("condition") or "",
        "unit": head.get("unit"),
        "currency": view.currency_of(row["client_id"]),
        "at": first_seen,
        "fresh": first_seen is not None and view.access.now - first_seen < NEW_FOR and row["state"] == "open",
    }


def inbox_row(view: View, row: Mapping[str, Any]) -> dict[str, Any]:
    """An alert of either origin as a line of a list."""
    head = row.get("head") or {}
    at = instant(row["created_at"])
    return {
        "id": row["id"],
        "path": path_of(row),
        "origin": row["origin"],
        "number": row["number"],
        "severity": row["severity"],
        "state": row["state"],
        "title": row["title"],
        "client": row["client_name"] or view.name_of(row["client_id"]),
        "source": row["source_name"] or row["rule_name"] or word(row["platform"] or "ads"),
        "value": figure(head.get("value") or row["value"]),
        "limit": figure(head.get("limit") if head else row["threshold"]),
        "condition": head.get("condition") or ads_condition(row),
        "unit": head.get("unit") or unit_of(row),
        "currency": view.currency_of(row["client_id"]),
        "at": at,
        "fresh": at is not None and view.access.now - at < NEW_FOR and row["state"] != "resolved",
    }


def path_of(row: Mapping[str, Any]) -> str:
    return f"/alerts/ads/{row['id']}" if row["origin"] == "ads" else f"/alerts/{row['id']}"


def ads_condition(row: Mapping[str, Any]) -> str:
    """Which side of its limit a figure of advertising fell to; empty when one of them is missing."""
    value, limit = decimal_of(row["value"]), decimal_of(row["threshold"])
    if value is None or limit is None:
        return ""
    return "less_than" if value < limit else "greater_than"


def unit_of(row: Mapping[str, Any]) -> str | None:
    if row["origin"] != "ads":
        return None
    return ADS_UNITS.get(str(row["metric"] or "").lower())


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
        "resolved": _resolved(alert),
        "client": view.named(alert["client_id"]),
        "source": {"id": alert["source_id"], "name": alert["source_name"]} if alert["source_id"] else None,
        "record": _record(alert),
        "rule": {"id": alert["rule_id"], "name": alert["rule_name"] or "Deleted rule"},
        "chart": _chart(view, alert, reasons, currency),
        "conditions": [_condition(item, currency) for item in reasons],
        "timeline": _timeline(alert),
    }


def _acknowledged(alert: Mapping[str, Any]) -> dict[str, Any] | None:
    if not alert["is_acknowledged"] or alert["state"] == "resolved":
        return None
    return {
        "by": alert["acknowledged_by"] or "Somebody",
        "at": instant(alert["acknowledged_at"]),
        "until": instant(alert["ack_until"]),
    }


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
        "condition": item["condition"],
        "unit": item["unit"],
        "currency": currency,
        "met": item["result"],
    }


def breaches(condition: str, value: Decimal | None, limit: Decimal | None) -> bool:
    """Whether one reading of a chart stands past the limit of its condition."""
    if value is None or limit is None:
        return False
    return {"less_than": value < limit, "greater_than": value > limit, "equals": value == limit}.get(
        condition, False
    )


def _chart(
    view: View, alert: Mapping[str, Any], reasons: list[dict[str, Any]], currency: str
) -> Drawn | None:
    history = alert["history"]
    if len(history) < 2 or not reasons:
        return None
    head = reasons[0]
    limit = decimal_of(head["limit"])
    points = []
    for item in history:
        at, value = instant(item["at"]), decimal_of(item["value"])
        if at is not None:
            points.append(Point(at, value, breach=breaches(head["condition"], value, limit)))
    chart = LineChart(
        f"{head['label']}, last {len(points)} readings", points, head["unit"], currency, limit=limit
    )
    return line_chart(chart, Reader(view.access.now, view.access.principal.timezone))


def _timeline(alert: Mapping[str, Any]) -> list[dict[str, Any]]:
    entries = [_step(alert, step) for step in alert["timeline"]]
    entries += [_delivery(row) for row in alert["deliveries"]]
    return sorted(entries, key=lambda entry: entry["at"], reverse=True)


def _step(alert: Mapping[str, Any], step: Mapping[str, Any]) -> dict[str, Any]:
    icon, tone, said = STEPS.get(step["kind"], ("info", "", word(step["kind"])))
    detail, url = step["note"], None
    if step["kind"] == "opened":
        icon, tone = alert["severity"], alert["severity"] if alert["severity"] != "info" else ""
        url = f"/snapshots/{alert['snapshot_id']}" if alert["snapshot_id"] else None
        detail = detail or alert["message"]
    elif step["kind"] == "resolved" and alert["resolved_reason"] in CLOSED_BY:
        said, detail = (
            f"Resolved by {CLOSED_BY[alert['resolved_reason']][0]}",
            detail or CLOSED_BY[alert["resolved_reason"]][1],
        )
    elif step["actor"] and step["kind"] != "seen_again":
        said = f"{said} by {step['actor']}"
    return {"at": instant(step["at"]), "icon": icon, "tone": tone, "text": said, "url": url, "detail": detail,
            "attempts": []}  # fmt: skip


def _delivery(row: Mapping[str, Any]) -> dict[str, Any]:
    sent = row["state"] == "sent"
    words = {"sent": "Sent", "dead": "Not delivered", "unknown": "Perhaps sent"}.get(
        row["state"], "To be sent"
    )
    kind = "the end " if row["kind"] == "resolved" else ""
    tries = f"{row['attempts']} tries" if row["attempts"] > 1 else None
    return {
        "at": instant(row["sent_at"] or row["created_at"]),
        "icon": "mail" if row["channel"] == "email" else "send",
        "tone": "good" if sent else ("critical" if row["state"] in ("dead", "unknown") else ""),
        "text": f"{words} {kind}by {word(row['channel'])} to {row['address']}",
        "url": f"/deliveries/{row['id']}",
        "detail": "\n".join(part for part in (row["error"] if not sent else None, tries) if part) or None,
        "attempts": [],
    }
