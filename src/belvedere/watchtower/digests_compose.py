"""A digest in words: its title, what it says of each client, the message for its channel. Pure.

Titles of alerts are the alerts' own; what is said beside them is whether they were told, taken on or closed.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from belvedere.core.schema import AGENCY
from belvedere.core.text import format_age, format_count, format_number, format_when
from belvedere.notify.contracts import Message
from belvedere.watchtower.contracts import DigestState, NotifySchedule, Severity
from belvedere.watchtower.digests_decide import Due, Place
from belvedere.watchtower.digests_gather import Facts, Line, Silence

SILENT_BOUNDARIES = {NotifySchedule.DAILY: 5, NotifySchedule.WEEKLY: 2}
"""Boundaries in a row without anything to tell after which that itself is told, once: five days, or two weeks."""

LISTS = (("new", "New"), ("open", "Still open"), ("resolved", "Resolved"))
MOST_STALE = 10
_WORDS = {NotifySchedule.DAILY: "Daily digest", NotifySchedule.WEEKLY: "Weekly digest"}
_RANKS = {Severity.CRITICAL.value: 0, Severity.WARNING.value: 1, Severity.INFO.value: 2}
_REASONS = {
    "missing": "gone",
    "rule_changed": "rule changed",
    "by_person": "closed by hand",
    "expired": "ran out",
}
ALL_CLEAR = "Nothing new, nothing open, and every source is fresh."


@dataclass(frozen=True, slots=True)
class Digest:
    """A digest as it is stored (`body`) and, unless it stays unsaid, as a message."""

    state: DigestState
    body: dict[str, Any]
    message: Message | None


def compose(
    due: Due, facts: Facts, places: Mapping[int, Place], now: datetime, silence: Silence, url: str | None
) -> Digest:
    """What the digest of a boundary is: sent, late, all clear, or empty and perhaps a word about the silence."""
    state = _state(due, facts)
    quiet = _tells_silence(due, silence) if state is DigestState.EMPTY else None
    title = _title(due, facts, state, quiet, now)
    body: dict[str, Any] = {
        "title": title,
        "lead": _lead(due, state, quiet, now),
        "groups": [] if facts.is_empty else _groups(due, facts, places, now),
        "rules": due.plan.rules,
        "notes": due.plan.notes,
    }
    if quiet:
        body["silence"] = {"since": quiet.isoformat(), "boundaries": silence.boundaries + 1}
    if state is DigestState.EMPTY and not quiet:
        return Digest(state, body, None)
    return Digest(state, body, _message(due, facts, places, body, url))


def _state(due: Due, facts: Facts) -> DigestState:
    if facts.is_empty:
        return DigestState.ALL_CLEAR if due.plan.all_clear else DigestState.EMPTY
    return DigestState.LATE if due.is_late else DigestState.SENT


def _tells_silence(due: Due, silence: Silence) -> datetime | None:
    """Since when there is nothing to report, if this is the boundary that says so."""
    if silence.told or silence.boundaries + 1 < SILENT_BOUNDARIES[due.plan.key.kind]:
        return None
    return silence.since or due.start


def _title(due: Due, facts: Facts, state: DigestState, quiet: datetime | None, now: datetime) -> str:
    name = _WORDS[due.plan.key.kind]
    if due.is_late:
        name = f"{name}, {format_age(now - due.boundary)} late"
    if quiet:
        return f"{name}: nothing to report since {_day(quiet, due.zone)}"
    if facts.is_empty:
        return f"{name}: {'all clear' if state is DigestState.ALL_CLEAR else 'nothing to tell'}"
    return f"{name}: {_figures(facts)}"


def _figures(facts: Facts) -> str:
    told = [
        f"{format_number(facts.total(name))} {label.lower()}" for name, label in LISTS if facts.total(name)
    ]
    if facts.stale:
        told.append(format_count(len(facts.stale), "stale source", "stale sources").replace("\u00a0", " "))
    return ", ".join(told)


def _lead(due: Due, state: DigestState, quiet: datetime | None, now: datetime) -> str:
    span = f"From {_moment(due.start, due.zone)} to {_moment(due.boundary, due.zone)} ({due.zone})."
    said = [span]
    if due.is_late:
        said.append(
            f"It was due {format_age(now - due.boundary)} ago and covers everything since the digest before."
        )
    if quiet:
        said.append("This is said once; the next digest comes when there is something to tell.")
    elif state is DigestState.ALL_CLEAR:
        said.append(ALL_CLEAR)
    return " ".join([*said, *due.plan.notes])


def _groups(due: Due, facts: Facts, places: Mapping[int, Place], now: datetime) -> list[dict[str, Any]]:
    """One group for each client, the one with the worst open alert first."""
    named = {
        *(count.client_id for count in facts.counts),
        *(stale.client_id for stale in facts.stale),
    }
    ranked = sorted(named, key=lambda client_id: (_worst(facts, client_id), _name(client_id, places)))
    return [_group(client_id, due, facts, places, now) for client_id in ranked]


def _worst(facts: Facts, client_id: int) -> int:
    return min(
        (_RANKS[count.worst] for count in facts.counts if count.client_id == client_id and count.worst),
        default=len(_RANKS),
    )


def _group(
    client_id: int, due: Due, facts: Facts, places: Mapping[int, Place], now: datetime
) -> dict[str, Any]:
    counts = {count.list: count.n for count in facts.counts if count.client_id == client_id}
    lines = [line for line in facts.lines if line.client_id == client_id]
    stale = [each for each in facts.stale if each.client_id == client_id]
    return {
        "client_id": client_id or None,
        "client": _name(client_id, places),
        "lists": [
            {
                "list": name,
                "label": label,
                "count": counts[name],
                "lines": [_line(line, due, now) for line in lines if line.list == name],
            }
            for name, label in LISTS
            if counts.get(name)
        ],
        "stale": [{"source": each.name, "state": each.state, "reason": each.reason} for each in stale],
    }


def _name(client_id: int, places: Mapping[int, Place]) -> str:
    if client_id == AGENCY:
        return "Agency"
    place = places.get(client_id)
    return place.name if place else f"Client {client_id}"


def _line(line: Line, due: Due, now: datetime) -> dict[str, Any]:
    return {
        "alert_id": line.alert_id,
        "number": line.number,
        "title": line.title,
        "severity": line.severity,
        "opened_at": line.opened_at.isoformat(),
        "marks": list(_marks(line, due, now)),
    }


def _marks(line: Line, due: Due, now: datetime) -> Iterable[str]:
    zone = ZoneInfo(due.zone)
    if line.list != "resolved" and line.already_sent:
        yield "already sent"
    if line.resolved_at is not None:
        why = _REASONS.get(line.resolved_reason or "")
        yield f"resolved {format_when(line.resolved_at, due.boundary, zone)}" + (f", {why}" if why else "")
        return
    if line.value_now is not None:
        yield f"now {line.value_now}"
    if line.list == "open":
        yield f"open for {format_age(due.boundary - line.opened_at)}"
    if line.is_acknowledged:
        yield f"taken on by {line.acknowledged_by}" if line.acknowledged_by else "taken on"
    if line.snoozed_until is not None and line.snoozed_until > now:
        yield f"snoozed until {format_when(line.snoozed_until, now, zone)}"
    if line.held_reason == "silenced":
        yield "silenced"


def _message(
    due: Due, facts: Facts, places: Mapping[int, Place], body: Mapping[str, Any], url: str | None
) -> Message:
    client_id = due.plan.key.client_id
    several = client_id == AGENCY and bool(due.plan.sharing)
    worst = min((_RANKS[count.worst] for count in facts.counts if count.worst), default=2)
    return Message(
        title=body["title"],
        text="\n".join(text_lines(body, several=several)),
        severity=next(name for name, rank in _RANKS.items() if rank == worst),
        client_name="All clients" if several else _name(client_id, places),
        url=url,
        fields=tuple(_pairs(facts)),
        detail={"schedule": due.plan.key.kind.value, "boundary_at": due.boundary.isoformat()},
    )


def _pairs(facts: Facts) -> Iterable[tuple[str, str]]:
    for name, label in LISTS:
        if facts.total(name):
            yield label, format_number(facts.total(name))
    if facts.stale:
        yield "Stale sources", format_number(len(facts.stale))


def text_lines(body: Mapping[str, Any], *, several: bool) -> list[str]:
    """The digest as plain lines: what happened by client, each list with its count."""
    said = [body["lead"]]
    for group in body["groups"]:
        said.append("")
        if several:
            said.append(f"{group['client']}")
        for part in group["lists"]:
            said.append(f"{part['label']} ({format_number(part['count'])})")
            said += [f"• {spoken(line)}" for line in part["lines"]]
            left = part["count"] - len(part["lines"])
            if left > 0:
                said.append(f"• and {format_number(left)} more")
        if group["stale"]:
            said.append(f"Stale sources ({len(group['stale'])})")
            said += [f"• {each['source']}: {each['reason']}" for each in group["stale"][:MOST_STALE]]
            if len(group["stale"]) > MOST_STALE:
                said.append(f"• and {len(group['stale']) - MOST_STALE} more")
    if any(_is_cut(group) for group in body["groups"]):
        said += ["", "The rest stands on the page behind the link."]
    return said


def spoken(line: Mapping[str, Any]) -> str:
    """`Critical: Open rate 11.8% on Advent preview (already sent)`."""
    marks = f" ({'; '.join(line['marks'])})" if line["marks"] else ""
    return f"{str(line['severity']).capitalize()}: {line['title']}{marks}"


def _is_cut(group: Mapping[str, Any]) -> bool:
    hidden = any(part["count"] > len(part["lines"]) for part in group["lists"])
    return hidden or len(group["stale"]) > MOST_STALE


def _moment(instant: datetime, zone: str) -> str:
    local = instant.astimezone(ZoneInfo(zone))
    # A window that begins when a rule was made has seconds; nobody needs them.
    return f"{local:%a} {local.day} {local:%b %H:%M}"


def _day(instant: datetime, zone: str) -> str:
    local = (instant + timedelta(seconds=1)).astimezone(ZoneInfo(zone))
    return f"{local:%a} {local.day} {local:%b}"
