"""What a message template may name: plain values, the same for every alert. Pure."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import Decimal, InvalidOperation
from typing import Any

from belvedere.core.text import cut

MAX_TEXT = 2_000
MAX_ITEMS = 200
MAX_DEPTH = 4

VARIABLES: dict[str, str] = {
    "kind": "What the message tells: opened, raised, again, resolved or storm.",
    "title": "The built-in title.",
    "text": "The built-in text.",
    "url": "Address of the alert's page; none where the installation has no address.",
    "client": "client.id, client.name, client.currency.",
    "rule": "rule.id, rule.name, rule.severity.",
    "alert": "alert.number, alert.severity, alert.occurrences, alert.first_seen, alert.last_seen.",
    "severity": "info, warning or critical.",
    "entity": "entity.id and entity.name of what fired: a campaign, an account, a client.",
    "source": "The source of the data, such as omnisend/campaigns.",
    "field": "The label of the first condition's field, such as Open rate.",
    "condition": "The first condition's word, such as less_than.",
    "value": "The first condition's value: a number where it is one, else text; none where it is missing.",
    "previous": "Its value in the reading before; none where there was none.",
    "limit": "The limit as typed, a number where it is one.",
    "unit": "percent, currency, count, ratio or none.",
    "change": "value minus previous, where both are numbers; else none.",
    "conditions": "Every condition: field, label, condition, limit, value, previous, unit, result, joined_by.",
    "occurrences": "Readings in which it was seen.",
    "first_seen": "When it was first seen.",
    "last_seen": "When it was last seen.",
    "now": "When the message was made; for ago.",
    "members": "In a message for several: each with line, title, entity, value, url.",
    "count": "How many alerts the message tells of.",
}
"""Every variable of a template, with what it holds."""


def alert_facts(
    *,
    kind: str,
    title: str,
    text: str,
    url: str | None,
    severity: str,
    client: Mapping[str, Any],
    rule: Mapping[str, Any],
    entity: Mapping[str, Any],
    conditions: Sequence[Mapping[str, Any]],
    now: datetime,
    source: str | None = None,
    number: int | None = None,
    occurrences: int = 1,
    first_seen: datetime | None = None,
    last_seen: datetime | None = None,
    members: Sequence[Mapping[str, Any]] = (),
) -> dict[str, Any]:
    """The facts of one alert. `conditions` are documents of its reasons, the first one the head's."""
    life = {"occurrences": occurrences, "first_seen": first_seen or now, "last_seen": last_seen or now}
    return plain_facts(
        {
            "kind": kind,
            "title": title,
            "text": text,
            "url": url,
            "client": client,
            "rule": rule,
            "alert": {"number": number, "severity": severity, **life},
            "severity": severity,
            "entity": entity,
            "source": source,
            **_head_facts(conditions),
            **life,
            "now": now,
            "members": members,
            "count": max(1, len(members)),
        }
    )


def _head_facts(conditions: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    head = conditions[0] if conditions else {}
    value, previous = figure(head.get("value")), figure(head.get("previous"))
    is_change = isinstance(value, Decimal) and isinstance(previous, Decimal)
    return {
        "field": head.get("label"),
        "condition": head.get("condition"),
        "value": value,
        "previous": previous,
        "limit": figure(head.get("limit")),
        "unit": head.get("unit"),
        "change": value - previous if is_change else None,
        "conditions": [
            {**one, **{name: figure(one.get(name)) for name in ("value", "previous", "limit")}}
            for one in conditions
        ],
    }


def figure(value: Any) -> Any:
    """A number where a stored text is one, strictly; else the text as it is."""
    if not isinstance(value, str):
        return value
    try:
        found = Decimal(value.strip())
    except InvalidOperation:
        return value
    is_plain = found.is_finite() and abs(found.adjusted()) <= 40 and len(value) <= 60
    return found if is_plain else value


def plain_facts(facts: Mapping[str, Any]) -> dict[str, Any]:
    """The facts without anything that has methods worth calling: texts, numbers, truths, lists, mappings."""
    return {str(name): _plain(value, 0) for name, value in facts.items()}


def _plain(value: Any, depth: int) -> Any:
    if value is None or isinstance(value, bool | int | float | Decimal):
        return value
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, str):
        return cut(str(value), MAX_TEXT)
    if depth < MAX_DEPTH and isinstance(value, Mapping):
        return {str(name): _plain(each, depth + 1) for name, each in list(value.items())[:MAX_ITEMS]}
    if depth < MAX_DEPTH and isinstance(value, list | tuple | set | frozenset):
        return [_plain(each, depth + 1) for each in list(value)[:MAX_ITEMS]]
    return cut(str(value), MAX_TEXT)


def _sample() -> dict[str, Any]:
    now = datetime.fromisoformat("2026-11-20T14:45:00+00:00")
    condition = {
        "rule_id": "0190a0a0-0000-7000-8000-000000000001",
        "name": "Open rate low",
        "field": "open_rate",
        "label": "Open rate",
        "condition": "less_than",
        "limit": "15",
        "value": "11.8",
        "previous": "16.2",
        "unit": "percent",
        "result": True,
        "joined_by": None,
    }
    return alert_facts(
        kind="opened",
        title="Open rate 11.8% on Advent preview",
        text="Open rate is 11.8%, limit < 15%. Rule “Open rate low”, client Kaffeehaus Brandt.",
        url="https://belvedere.example/alerts/17",
        severity="warning",
        client={"id": 1, "name": "Kaffeehaus Brandt", "currency": "EUR"},
        rule={"id": "0190a0a0-0000-7000-8000-000000000001", "name": "Open rate low", "severity": "warning"},
        entity={"id": "c-17", "name": "Advent preview"},
        source="omnisend/campaigns",
        conditions=[condition],
        number=17,
        occurrences=3,
        first_seen=datetime.fromisoformat("2026-11-20T12:04:00+00:00"),
        last_seen=now,
        now=now,
        members=[
            {
                "line": "Open rate 11.8% on Advent preview",
                "title": "Open rate 11.8% on Advent preview",
                "entity": "Advent preview",
                "value": "11.8",
                "url": "https://belvedere.example/alerts/17",
            }
        ],
    )


SAMPLE: dict[str, Any] = _sample()
"""Made-up facts with a value for every variable: what a template is tried on."""
