"""An alert of advertising as its page shows it: what was expected, what was seen, and what people did."""

from collections.abc import Mapping
from typing import Any

from belvedere.web.alert_views import CLOSED_BY, ads_condition, figure, instant, path_of, unit_of
from belvedere.web.presentation import word
from belvedere.web.view import View

CLOSED = {
    "recovered": ("the figures", "They are back where they were expected."),
    "retracted": ("the platform", "It corrected the figures."),
}


def ads_alert_detail(view: View, alert: Mapping[str, Any]) -> dict[str, Any]:
    """The context of parts/alert_detail.html."""
    return {
        "id": alert["id"],
        "path": path_of(alert),
        "origin": "ads",
        "number": None,
        "title": alert["title"],
        "message": alert["message"],
        "severity": alert["severity"],
        "occurrences": alert["occurrences"],
        "state_of_data": "fresh",
        "data_as_of": instant(alert["last_seen_at"]),
        "first_seen_at": instant(alert["created_at"]),
        "last_seen_at": instant(alert["last_seen_at"]),
        "acknowledged": _acknowledged(alert),
        "snoozed": None,
        "held": None,
        "resolved": _resolved(alert),
        "client": view.named(alert["client_id"]),
        "source": None,
        "record": None,
        "rule": None,
        "subject": alert["subject"],
        "platform": word(alert["platform"] or ""),
        "snapshot": None,
        "external_id": None,
        "chart": None,
        "conditions": _conditions(view, alert),
        "timeline": _timeline(alert),
        "deliveries": [],
        "episodes": [],
    }


def _acknowledged(alert: Mapping[str, Any]) -> dict[str, Any] | None:
    if alert["state"] != "acknowledged":
        return None
    by = alert["acknowledged_by"] or "Somebody"
    return {"by": by, "at": instant(alert["acknowledged_at"]), "until": None}


def _resolved(alert: Mapping[str, Any]) -> dict[str, Any] | None:
    if alert["state"] != "resolved":
        return None
    known = CLOSED | CLOSED_BY
    by, reason = known.get(alert["resolved_reason"], (alert["resolved_by"] or "a person", "Closed by hand."))
    return {"by": by, "at": instant(alert["resolved_at"]), "reason": reason}


def _conditions(view: View, alert: Mapping[str, Any]) -> list[dict[str, Any]]:
    if not alert["metric"]:
        return []
    return [
        {
            "joiner": "",
            "label": word(alert["metric"]),
            "value": figure(alert["value"]),
            "previous": None,
            "limit": figure(alert["threshold"]),
            "limit_said": "",
            "condition": ads_condition(alert),
            "unit": unit_of(alert),
            "currency": view.currency_of(alert["client_id"]),
            "met": True,
        }
    ]


def _timeline(alert: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The moments that the alert itself keeps, newest first."""
    severity = alert["severity"]
    steps = [
        (alert["created_at"], severity, severity if severity != "info" else "", "Opened", alert["message"]),
        (
            alert["acknowledged_at"],
            "check",
            "",
            f"Acknowledged by {alert['acknowledged_by'] or 'somebody'}",
            None,
        ),
        (alert["resolved_at"], "good", "good", "Resolved", (_resolved(alert) or {}).get("reason")),
    ]
    if alert["last_seen_at"] and alert["occurrences"] and alert["occurrences"] > 1:
        steps.insert(1, (alert["last_seen_at"], "again", "", "Seen again", None))
    entries = [
        {
            "at": instant(at),
            "icon": icon,
            "tone": tone,
            "text": said,
            "detail": detail,
            "url": None,
            "until": None,
            "attempts": [],
        }
        for at, icon, tone, said, detail in steps
        if at
    ]
    return sorted(entries, key=lambda entry: entry["at"], reverse=True)
