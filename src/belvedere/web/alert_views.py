"""Alerts as pages show them: rows, the reasons, the timeline and the chart."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

from belvedere.watchtower.contracts import Condition, ConditionReason
from belvedere.watchtower.service import limit_text
from belvedere.web.presentation import decimal_of, word
from belvedere.web.view import View

NEW_FOR = timedelta(hours=12)
SEVERITIES = ("critical", "warning", "info")
CLOSED_BY = {
    "recovered": ("the next reading", "The value is back inside the limit."),
    "missing": ("the next readings", "The record is no longer in the data."),
    "rule_changed": ("a change of the rule", "The rule asks another question now."),
    "expired": ("time", "Not seen again for a week."),
    "no_data": ("the next reading", "The value is missing, and the rule closes then."),
}
ADS_UNITS = {"spend": "currency", "revenue": "currency", "cpa": "currency", "cpc": "currency", "cpm": "currency",
             "roas": "ratio"}  # fmt: skip


def instant(text: str | datetime | None) -> datetime | None:
    """A time as PostgreSQL wrote it into JSON."""
    return datetime.fromisoformat(text) if isinstance(text, str) else text


def figure(text: Any) -> Any:
    """A stored value as a number where it is one, else as it stands."""
    number = decimal_of(text)
    return text if number is None else number


def reason_of(item: Mapping[str, Any]) -> ConditionReason:
    """One stored line of "Why it fired", as the words of the watch tower take it."""
    return ConditionReason(
        rule_id=UUID(int=0),
        name="",
        field=item.get("field") or "",
        label=item.get("label") or "",
        condition=item["condition"],
        limit=item.get("limit"),
        value=item.get("value"),
        previous=item.get("previous"),
        unit=item.get("unit"),
        result=item.get("result"),
    )


def limit_said(head: Mapping[str, Any], currency: str) -> str:
    """The limit with its sign, in the same words as mail and Discord."""
    return limit_text(reason_of(head), currency) if head.get("condition") in set(Condition) else ""


def is_told_by_value(head: Mapping[str, Any]) -> bool:
    """Whether the limit is the very word that the value is: beside it, it says nothing."""
    return head.get("condition") == Condition.EQUALS and decimal_of(head.get("limit")) is None


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
        "limit": None if is_told_by_value(head) else figure(head.get("limit")),
        "limit_said": "" if is_told_by_value(head) else limit_said(head, view.currency_of(row["client_id"])),
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
        "limit": None if is_told_by_value(head) else figure(head.get("limit") if head else row["threshold"]),
        "limit_said": "" if is_told_by_value(head) else limit_said(head, view.currency_of(row["client_id"])),
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


def breaches(condition: str, value: Decimal | None, limit: Decimal | None) -> bool:
    """Whether one reading of a chart stands past the limit of its condition."""
    if value is None or limit is None:
        return False
    past = {
        Condition.LESS_THAN: value < limit,
        Condition.LESS_OR_EQUAL: value <= limit,
        Condition.GREATER_THAN: value > limit,
        Condition.GREATER_OR_EQUAL: value >= limit,
        Condition.EQUALS: value == limit,
        Condition.NOT_EQUALS: value != limit,
    }
    return past.get(Condition(condition), False) if condition in set(Condition) else False
