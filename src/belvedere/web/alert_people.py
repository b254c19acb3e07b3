"""Who did what to an alert, by name."""

from collections.abc import Iterator, Mapping
from typing import Any

WHO = ("acknowledged_by", "snoozed_by", "resolved_by")


def actors_of(alert: Mapping[str, Any]) -> Iterator[str]:
    """Everybody whom the page of an alert names."""
    for name in WHO:
        yield alert.get(name) or ""
    for step in alert.get("timeline") or ():
        yield step.get("actor") or ""
    for episode in alert.get("episodes") or ():
        yield episode["resolved_by"] or ""


def with_names(alert: Mapping[str, Any], names: Mapping[str, str]) -> dict[str, Any]:
    """The alert with names in the place of addresses; who has no name keeps the address."""
    named = {**alert, **{name: called(alert[name], names) for name in WHO if name in alert}}
    if "timeline" in alert:
        named["timeline"] = [
            {**step, "actor": called(step.get("actor"), names)} for step in alert["timeline"]
        ]
    if "episodes" in alert:
        named["episodes"] = [
            {**row, "resolved_by": called(row["resolved_by"], names)} for row in alert["episodes"]
        ]
    return named


def called(actor: str | None, names: Mapping[str, str]) -> str | None:
    return names.get(actor, actor) if actor else actor
