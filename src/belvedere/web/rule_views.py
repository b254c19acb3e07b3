"""A stored rule in words for its own page: what it asks, when it counts, whom it tells, whom it waits for."""

from collections.abc import Mapping, Sequence
from typing import Any

from belvedere.core.text import plural
from belvedere.watchtower.contracts import Rule
from belvedere.web.presentation import span
from belvedere.web.rule_forms import SAME_SOURCE, stored_form
from belvedere.web.rule_options import DAYS, DEPENDENCIES, NO_DATA
from belvedere.web.rule_words import expression_of

WATCHED = {
    None: "record",
    "api_records": "record",
    "communication_reports": "communication report",
    "clients": "client",
}
SCHEDULES = {"daily": "once a day", "weekly": "once a week"}


def sentence_parts(
    rows: Sequence[Rule], client: str, source: str, sources: Mapping[str, str]
) -> list[tuple[str, str]]:
    """Pairs of a lead word and what follows it: When, for, open, Tell, only while."""
    head = rows[0]
    form = stored_form(rows)
    elsewhere = {item["source"] for item in form["conditions"][1:]} - {SAME_SOURCE, form["source_id"]}
    also = (
        f", together with {', '.join(sources.get(found, 'every source') for found in sorted(elsewhere))}"
        if elsewhere
        else ""
    )
    parts = [
        (
            "When",
            f"any {WATCHED.get(head.target_table, head.target_table)} of {client} in {source}{also} says that",
        ),
        ("", expression_of(form["conditions"])),
    ]
    waits = waits_words(head)
    if waits:
        parts.append(("for", waits))
    article = "an" if head.severity == "info" else "a"
    unit = "reading" if head.aggregate else "record"
    parts.append(("open", f"{article} {head.severity} alert, one per {unit}"))
    parts.append(("Tell", telling_words(head)))
    return parts


def waits_words(head: Rule) -> str:
    said = []
    if head.for_readings > 1:
        said.append(f"{head.for_readings} readings in a row")
    if head.for_minutes:
        said.append(f"at least {span(head.for_minutes * 60)}")
    return " and ".join(said)


def telling_words(head: Rule) -> str:
    ways = [
        words
        for words, on in (
            (
                f"Discord ({head.discord_channel_id})" if head.discord_channel_id else "the client's Discord",
                head.notify_discord,
            ),
            ("e-mail", head.notify_email),
            ("a webhook", head.notify_webhook),
        )
        if on
    ]
    when = ["at once"] if head.notify_immediately else []
    if head.notify_schedule:
        at = f" at {head.notify_time:%H:%M}" if head.notify_time else ""
        day = dict(DAYS).get(str(head.notify_day_of_week), "") if head.notify_day_of_week is not None else ""
        when.append(SCHEDULES[head.notify_schedule] + (f" on {day}" if day else "") + at)
    if not ways or not when:
        return "nobody; its alerts stand in the inbox"
    return f"{', '.join(ways)} {' and '.join(when)}"


def facts_of(head: Rule) -> list[tuple[str, str]]:
    """Settings that differ from the usual, as label and words."""
    found = [
        ("Recovers past", head.recovery_threshold or ""),
        ("Closes after", f"{head.recover_after} good readings" if head.recover_after > 1 else ""),
        (
            "Only if",
            f"{head.min_volume_field} ≥ {head.min_volume.normalize():f}"
            if head.min_volume is not None
            else "",
        ),
        ("Data settles after", span(head.data_lag_minutes * 60) if head.data_lag_minutes else ""),
        ("A missing value", dict(NO_DATA)[head.no_data_policy] if head.no_data_policy != "ignore" else ""),
        ("From zero", "fires" if head.fires_from_zero else ""),
        ("Told again", _every(head.repeat_minutes)),
        ("Reminded", _every(head.remind_minutes)),
        ("Zone", head.notify_zone or ""),
    ]
    return [(label, words) for label, words in found if words]


def _every(minutes: int | None) -> str:
    if minutes is None:
        return ""
    return f"every {span(minutes * 60)}" if minutes else "never"


def family_tree(rows: Sequence[Mapping[str, Any]], own: Any) -> list[dict[str, Any]]:
    """Rules as a tree from the topmost parent down, each with the words of what it waits for."""
    known = {row["id"] for row in rows}
    below: dict[Any, list[Mapping[str, Any]]] = {}
    for row in rows:
        below.setdefault(row["parent_rule_id"] if row["parent_rule_id"] in known else None, []).append(row)
    return [_branch(row, below, own) for row in below.get(None, [])]


def _branch(row: Mapping[str, Any], below: Mapping[Any, list[Mapping[str, Any]]], own: Any) -> dict[str, Any]:
    return {
        "id": str(row["id"]),
        "name": row["name"],
        "severity": row["severity"],
        "here": row["id"] == own,
        "state": _state(row),
        "waits": dict(DEPENDENCIES).get(row["dependency_condition"] or "", ""),
        "below": [_branch(child, below, own) for child in below.get(row["id"], [])],
    }


def _state(row: Mapping[str, Any]) -> str:
    if not row["is_active"]:
        return "paused, so what waits for it is held back"
    said = []
    if row["open"]:
        said.append(f"{row['open']} open")
    if row["acknowledged"]:
        said.append(f"{row['acknowledged']} acknowledged")
    return ", ".join(said) or "nothing open"


def held_lines(blocking: Mapping[str, Any]) -> list[dict[str, Any]]:
    """What is held back right now, by rule and client, with the reason."""
    return [
        {
            "id": str(rule["id"]),
            "name": rule["name"],
            "client": place["client_name"],
            "entities": place["names"],
            "why": _reason(place["why"]),
        }
        for rule in (blocking["rule"], *blocking["children"])
        for place in rule["holds_back"]
    ]


def _reason(why: Any) -> str:
    if isinstance(why, Mapping):
        return "; ".join(str(words) for words in why)
    return "; ".join(map(str, why)) if isinstance(why, list) else str(why or "")


def deletion_words(open_alerts: int, children: Sequence[str], stand_ins: int) -> list[str]:
    """What deleting a rule does, one sentence each."""
    said = []
    if open_alerts:
        said.append(
            f"{open_alerts} open {plural(open_alerts, 'alert', 'alerts')} closed, and the rule's alerts go with it."
        )
    if children:
        names = ", ".join(f"“{name}”" for name in children[:5])
        word = plural(len(children), "rule waits", "rules wait")
        said.append(
            f"{len(children)} {word} for it and will fire on {plural(len(children), 'its', 'their')} own: {names}."
        )
    if stand_ins:
        said.append(
            f"{stand_ins} {plural(stand_ins, 'client keeps its own limit', 'clients keep their own limits')} as a rule of its own."
        )
    return said or ["No open alert, and no other rule waits for it."]
