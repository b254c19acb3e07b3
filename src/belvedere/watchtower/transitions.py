"""What a judged rule means for alerts: open, seen again, closed, missing, or held back by a parent."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from belvedere.watchtower.contracts import (
    Closing,
    Finding,
    OpenAlert,
    ResolvedReason,
    WatchState,
)
from belvedere.watchtower.dependencies import ParentStates
from belvedere.watchtower.judged import JudgedUnit

EVENT_LIFETIME = timedelta(days=7)
MISSING_LIMIT = 2
HELD_SAMPLE = 20


@dataclass
class Transitions:
    """Moves of one rule's alerts. `unsure`: entities that match, but whose parent is unknown."""

    opened: Sequence[Finding] = field(default_factory=list)
    seen_rows: list[tuple[OpenAlert, int]] = field(default_factory=list)
    seen_again: list[tuple[OpenAlert, Finding]] = field(default_factory=list)
    closed: list[Closing] = field(default_factory=list)
    missing: list[OpenAlert] = field(default_factory=list)
    returned: list[OpenAlert] = field(default_factory=list)
    held_back: Counter[str] = field(default_factory=Counter)
    held_sample: list[str] = field(default_factory=list)
    unsure: set[str] = field(default_factory=set)


def settle(
    judged: JudgedUnit, alerts: Sequence[OpenAlert], parents: ParentStates, state: WatchState, now: datetime
) -> Transitions:
    """Decide every move of one unit. A parent gates opening only; what is open lives by its own condition."""
    moves = Transitions()
    candidates = judged.candidates()
    rows = (
        judged.rows_of([alert.external_id for alert in alerts if alert.external_id is not None])
        if alerts
        else {}
    )
    staying: set[str] = set()
    for alert in alerts:
        if _settle_open(judged, alert, rows.get(alert.external_id or "", []), state, now, moves):
            staying.add(alert.external_id or "")
    opening = [
        (external_id, row)
        for external_id, row in candidates.items()
        if external_id not in staying and _may_open(judged, external_id, parents, moves)
    ]
    moves.opened = judged.findings(opening)
    seen = judged.findings([(alert.external_id or "", row) for alert, row in moves.seen_rows])
    moves.seen_again = [(alert, finding) for (alert, _), finding in zip(moves.seen_rows, seen, strict=True)]
    return moves


def _settle_open(
    judged: JudgedUnit,
    alert: OpenAlert,
    rows: list[int],
    state: WatchState,
    now: datetime,
    moves: Transitions,
) -> bool:
    """Move one open alert; True while it stays open."""
    if not rows:
        return _settle_missing(alert, state, moves)
    if alert.missing_readings:
        moves.returned.append(alert)
    truth = judged.truth_at(rows)
    if judged.unit.is_event:
        return _settle_event(judged, alert, rows, truth, now, moves)
    if truth:
        moves.seen_rows.append((alert, _first_hit(judged, rows)))
    elif truth is False and state.is_full:
        moves.closed.append(Closing(alert, ResolvedReason.RECOVERED, judged.explain(rows[:1])[0]))
        return False
    return True


def _settle_missing(alert: OpenAlert, state: WatchState, moves: Transitions) -> bool:
    """An entity that two full readings of the same account lack is gone; less than that says nothing."""
    if not state.is_full or not alert.comparable:
        return True
    if alert.missing_readings + 1 >= MISSING_LIMIT:
        moves.closed.append(Closing(alert, ResolvedReason.MISSING))
        return False
    moves.missing.append(alert)
    return True


def _settle_event(
    judged: JudgedUnit,
    alert: OpenAlert,
    rows: list[int],
    truth: bool | None,  # noqa: FBT001 - three-valued
    now: datetime,
    moves: Transitions,
) -> bool:
    """The alert of a change stays until somebody has taken note and the next reading came, or a week has
    passed.
    """
    if alert.is_acknowledged:
        moves.closed.append(Closing(alert, ResolvedReason.RECOVERED))
        return False
    if truth:
        moves.seen_rows.append((alert, _first_hit(judged, rows)))
        return True
    if now - alert.last_seen_at >= EVENT_LIFETIME:
        moves.closed.append(Closing(alert, ResolvedReason.EXPIRED))
        return False
    return True


def _first_hit(judged: JudgedUnit, rows: list[int]) -> int:
    return next((row for row in rows if judged.truth_at([row])), rows[0])


def _may_open(judged: JudgedUnit, external_id: str, parents: ParentStates, moves: Transitions) -> bool:
    rule = judged.unit.head
    if rule.parent_rule_id is None:
        return True
    answer = parents.look(rule, external_id)
    if answer.word is not None and answer.word is rule.dependency_condition:
        return True
    moves.held_back[answer.why] += 1
    if len(moves.held_sample) < HELD_SAMPLE:
        moves.held_sample.append(external_id)
    if answer.word is None:
        moves.unsure.add(external_id)
    return False
