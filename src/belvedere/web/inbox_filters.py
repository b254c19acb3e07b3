"""What the inbox shows: its filters as they stand in the address, its tabs, and what it says when nothing is there."""

from collections.abc import Sequence
from datetime import datetime, time, timedelta
from typing import Annotated, Any

from fastapi import Query

from belvedere.ads import service as ads
from belvedere.ads.contracts import AlertOrigin, InboxState
from belvedere.core.zones import at_local, business_day, find_zone
from belvedere.watchtower.contracts import Severity
from belvedere.web.alert_views import SEVERITIES
from belvedere.web.answers import with_query
from belvedere.web.forms import (
    Fields,
    as_uuid,
    choice_filter,
    empty_done,
    empty_filtered,
    empty_first,
    text_filter,
)
from belvedere.web.presentation import counted
from belvedere.web.view import View

VIEWS = {
    "": InboxState.OPEN,
    "acknowledged": InboxState.ACKNOWLEDGED,
    "snoozed": InboxState.SNOOZED,
    "resolved": InboxState.RESOLVED,
    "all": None,
}
ORIGINS = {AlertOrigin.WATCH: "watch tower", AlertOrigin.ADS: "ads"}
SINCE = {"1h": "the last hour", "24h": "24 hours", "7d": "7 days", "30d": "30 days"}
LENGTHS = {
    "1h": timedelta(hours=1),
    "4h": timedelta(hours=4),
    "24h": timedelta(hours=24),
    "7d": timedelta(days=7),
    "30d": timedelta(days=30),
}
GROUPS = {"": "severity", "rule": "rule", "client": "client"}
PRESETS = [
    ("1h", "1 hour"),
    ("4h", "4 hours"),
    ("tomorrow", "Tomorrow 09:00"),
    ("monday", "Monday 09:00"),
    ("7d", "7 days"),
]
MORNING = time(9)
NAMES = ("view", "severity", "rule", "source", "origin", "since", "group", "q")


class Wanted:
    """The filters of the inbox, read from its address or from the hidden fields of its form."""

    def __init__(
        self,
        view: Annotated[str, Query(max_length=20)] = "",
        severity: Annotated[str, Query(max_length=20)] = "",
        rule: Annotated[str, Query(max_length=40)] = "",
        source: Annotated[str, Query(max_length=40)] = "",
        origin: Annotated[str, Query(max_length=20)] = "",
        since: Annotated[str, Query(max_length=10)] = "",
        group: Annotated[str, Query(max_length=10)] = "",
        q: Annotated[str, Query(max_length=200)] = "",
        cursor: Annotated[str, Query(max_length=1000)] = "",
    ) -> None:
        self.view = view if view in VIEWS else ""
        self.severity = severity if severity in SEVERITIES else ""
        self.origin = AlertOrigin(origin) if origin in set(AlertOrigin) else None
        self.rule, self.source, self.q, self.cursor = as_uuid(rule), as_uuid(source), q.strip(), cursor
        self.since = since if since in SINCE else ""
        self.group = group if group in GROUPS else ""

    def filter(self, client_id: int | None, now: datetime) -> ads.InboxFilter:
        return ads.InboxFilter(
            origin=self.origin,
            state=VIEWS[self.view],
            severity=(Severity(self.severity),) if self.severity else None,
            client_id=client_id,
            rule_id=self.rule,
            source_id=self.source,
            search=self.q or None,
            since=now - LENGTHS[self.since] if self.since else None,
        )

    @property
    def is_narrowed(self) -> bool:
        return bool(self.severity or self.rule or self.source or self.origin or self.since or self.q)

    @property
    def kept(self) -> dict[str, str]:
        """The filters as fields of a form, for an act on all that match."""
        values = {
            "view": self.view,
            "severity": self.severity,
            "rule": str(self.rule or ""),
            "source": str(self.source or ""),
            "origin": str(self.origin or ""),
            "since": self.since,
            "group": self.group,
            "q": self.q,
        }
        return {name: value for name, value in values.items() if value}


def posted_filters(fields: Fields) -> Wanted:
    return Wanted(**{name: fields.text(f"f-{name}")[:200] for name in NAMES})


def own_time(text: str, zone_name: str) -> datetime | None:
    """A time as it was typed, of the reader's own zone; None where nothing can be read."""
    try:
        typed = datetime.fromisoformat(text).replace(tzinfo=None)
    except ValueError:
        return None
    return at_local(typed.date(), typed.time(), find_zone(zone_name))


def until_of(fields: Fields, now: datetime, zone_name: str, own: str = "until-own") -> datetime | None:
    """The chosen end of a quiet time: a length, nine o'clock of a day, or a time of the reader's own zone.

    `own` names the field of the own time; it counts when nothing else was chosen.
    """
    typed, word = fields.text(own), fields.text("until")
    zone = find_zone(zone_name)
    if word == "own" or (typed and not word):
        return own_time(typed, zone_name)
    if word in LENGTHS:
        return now + LENGTHS[word]
    if word in ("tomorrow", "monday"):
        today = business_day(now, zone)
        days = 1 if word == "tomorrow" else 7 - today.weekday()
        return at_local(today + timedelta(days=days), MORNING, zone)
    return None


def tabs(view: View, current: str | None) -> list[dict[str, Any]]:
    """The tabs over alerts, silences, digests and deliveries; `current` None stands for deliveries."""
    client = view.client_id
    items = [("Open", "", counted(view.counts["alerts"]) if view.counts["alerts"] else None), ("Acknowledged", "acknowledged", None),
             ("Snoozed", "snoozed", None), ("Resolved", "resolved", None), ("All", "all", None)]  # fmt: skip
    found = [
        {
            "label": label,
            "url": with_query("/alerts", view=name, client=client),
            "current": current == name,
            "count": count,
        }
        for label, name, count in items
    ]
    others = [
        ("Silences", "/silences", current == "silences"),
        ("Digests", "/digests", current == "digests"),
        ("Deliveries", "/deliveries", current is None),
    ]
    return found + [
        {"label": label, "url": with_query(path, client=client), "current": chosen, "count": None}
        for label, path, chosen in others
    ]


def filters_of(
    wanted: Wanted, sources: Sequence[tuple[str, str]], rules: Sequence[tuple[str, str]]
) -> list[dict[str, Any]]:
    return [
        text_filter(wanted.q, "Find by title or record"),
        choice_filter("severity", "Severity", [(name, name) for name in SEVERITIES], wanted.severity),
        choice_filter("rule", "Rule", rules, str(wanted.rule or "")),
        choice_filter("source", "Source", sources, str(wanted.source or "")),
        choice_filter("since", "Opened in", list(SINCE.items()), wanted.since),
        choice_filter(
            "origin", "Origin", [(name.value, label) for name, label in ORIGINS.items()], wanted.origin
        ),
    ]


def nothing(wanted: Wanted) -> dict[str, Any]:
    """What stands in place of a list without rows."""
    if wanted.is_narrowed:
        names = [(name, label) for name, label, value in (
            ("severity", f"Severity is {wanted.severity}", wanted.severity), ("rule", "Rule is the chosen one", wanted.rule),
            ("source", "Source is the chosen one", wanted.source),
            ("since", f"Opened in {SINCE.get(wanted.since, '')}", wanted.since),
            ("origin", f"Origin is {ORIGINS.get(wanted.origin, '')}" if wanted.origin else "", wanted.origin),
            ("q", f"Find {wanted.q}", wanted.q)) if value]  # fmt: skip
        return empty_filtered("No alert matches", "Take a filter away to see more.", names)
    if wanted.view == "":
        return empty_done(
            "No open alerts", "Rules judge every new reading; what they find stands here at once."
        )
    if wanted.view == "acknowledged":
        return empty_first(
            "Nothing acknowledged", "An alert that somebody took on stands here until it closes."
        )
    if wanted.view == "snoozed":
        return empty_first(
            "Nothing snoozed", "A snoozed alert rests here and comes back when its time is over."
        )
    return empty_first(
        "No alerts yet", "Alerts open when a rule finds something in a reading.", ("See rules", "/rules")
    )
