"""What a judged rule means for alerts: open, waiting, seen again, closed, missing, or held back by a parent."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

from belvedere.watchtower.contracts import (
    Closing,
    Finding,
    NoDataPolicy,
    OpenAlert,
    PendingBreach,
    ResolvedReason,
    Rule,
    WatchState,
)
from belvedere.watchtower.dependencies import ParentStates
from belvedere.watchtower.judged import JudgedUnit

EVENT_LIFETIME = timedelta(days=7)
MISSING_LIMIT = 2
HELD_SAMPLE = 20


@dataclass
class Transitions:
    """Moves of one rule's alerts. `unsure`: entities that match, but whose parent is unknown. What is missing or
    recovering stands here with its new counts.
    """

    opened: Sequence[Finding] = field(default_factory=list)
    silent: Sequence[Finding] = field(default_factory=list)
    seen_rows: list[tuple[OpenAlert, int]] = field(default_factory=list)
    seen_again: list[tuple[OpenAlert, Finding]] = field(default_factory=list)
    closed: list[Closing] = field(default_factory=list)
    missing: list[OpenAlert] = field(default_factory=list)
    returned: list[OpenAlert] = field(default_factory=list)
    kept: list[OpenAlert] = field(default_factory=list)
    recovering: list[OpenAlert] = field(default_factory=list)
    relapsed: list[OpenAlert] = field(default_factory=list)
    waiting: list[PendingBreach] = field(default_factory=list)
    cleared: list[str] = field(default_factory=list)
    held_back: Counter[str] = field(default_factory=Counter)
    held_sample: list[str] = field(default_factory=list)
    unsure: set[str] = field(default_factory=set)
    awaits: bool = False

    def rest(self) -> dict[str, Any]:
        """What a verdict carries of this beside openings and closings."""
        names = ("silent", "kept", "recovering", "relapsed", "waiting", "cleared")
        return {**{name: tuple(getattr(self, name)) for name in names}, "awaits": self.awaits}


@dataclass(frozen=True, slots=True)
class Settling:
    """One rule's reading with all that its moves hang on."""

    judged: JudgedUnit
    parents: ParentStates
    state: WatchState
    now: datetime
    moves: Transitions

    @property
    def rule(self) -> Rule:
        return self.judged.unit.head

    @property
    def opens_freely(self) -> bool:
        """Nothing gates an opening, so nobody needs to look at each."""
        return self.rule.parent_rule_id is None and (not waits(self.rule) or self.judged.unit.is_event)


def settle(
    judged: JudgedUnit, alerts: Sequence[OpenAlert], parents: ParentStates, state: WatchState, now: datetime
) -> Transitions:
    """Decide every move of one unit. A parent gates opening only; what is open lives by its own condition."""
    moves = Transitions()
    work = Settling(judged, parents, state, now, moves)
    breaches = [alert for alert in alerts if not alert.is_about_no_data]
    silences = [alert for alert in alerts if alert.is_about_no_data]
    rows = judged.rows_of([entity_key(alert) for alert in alerts]) if alerts else {}
    staying = {entity_key(alert) for alert in breaches if _settle_breach(work, alert, rows)}
    quiet = {entity_key(alert) for alert in silences if _settle_no_data(work, alert, rows)}
    if work.opens_freely and not staying:
        moves.opened = judged.opens_all()
    else:
        fresh = {key: row for key, row in judged.candidates().items() if key not in staying}
        moves.opened = judged.findings(_allowed(work, _ready(work, fresh)))
    if work.rule.no_data_policy is NoDataPolicy.ALERT and state.is_full:
        moves.silent = judged.findings(_allowed(work, _without_value(judged, quiet)))
    seen = judged.findings([(entity_key(alert), row) for alert, row in moves.seen_rows])
    moves.seen_again = [(alert, finding) for (alert, _), finding in zip(moves.seen_rows, seen, strict=True)]
    return moves


def entity_key(alert: OpenAlert) -> str:
    """The entity as the judge names it; a whole reading has the empty name."""
    return alert.external_id or ""


def _settle_breach(work: Settling, alert: OpenAlert, rows: Mapping[str, list[int]]) -> bool:
    """Move one open alert; True while it stays open."""
    here = rows.get(entity_key(alert), [])
    if work.judged.unit.is_event:
        return _settle_event(work, alert, here)
    if not here:
        return _settle_missing(work, alert)
    if alert.missing_readings:
        work.moves.returned.append(alert)
    truth = work.judged.truth_at(here)
    if truth:
        work.moves.seen_rows.append((alert, _first_hit(work.judged, here)))
        return True
    if truth is None:
        return _settle_unknown(work, alert, here)
    return _settle_good(work, alert, here) if work.state.is_full else True


def _settle_good(work: Settling, alert: OpenAlert, rows: list[int]) -> bool:
    """A value that is not a breach counts towards the end only past the limit of recovery."""
    if not _has_recovered(work, rows):
        if alert.good_readings:
            work.moves.relapsed.append(alert)
        return True
    good = _count(alert.good_readings, alert.good_as_of, work.state)
    if good < work.rule.recover_after:
        work.moves.recovering.append(replace(alert, good_readings=good, good_as_of=work.state.data_as_of))
        return True
    work.moves.closed.append(Closing(alert, ResolvedReason.RECOVERED, work.judged.explain(rows[:1])[0]))
    return False


def _count(before: int, counted_as_of: datetime | None, state: WatchState) -> int:
    """Readings in a row, this one included. Data of one moment counts once, however often it is sent."""
    if before and counted_as_of is not None and state.data_as_of is not None:
        return before + (counted_as_of < state.data_as_of)
    return before + 1


def _has_recovered(work: Settling, rows: list[int]) -> bool:
    return work.judged.recovered_at(rows) is True


def _settle_unknown(work: Settling, alert: OpenAlert, rows: list[int]) -> bool:
    """A missing value moves nothing, unless the rule says that it keeps the alert or ends it."""
    policy = work.rule.no_data_policy
    if policy in (NoDataPolicy.IGNORE, NoDataPolicy.ALERT) or not work.judged.no_data_at(rows):
        return True
    if policy is NoDataPolicy.KEEP:
        work.moves.kept.append(alert)
        return True
    if not work.state.is_full:
        return True
    work.moves.closed.append(Closing(alert, ResolvedReason.NO_DATA, work.judged.explain(rows[:1])[0]))
    return False


def _settle_no_data(work: Settling, alert: OpenAlert, rows: Mapping[str, list[int]]) -> bool:
    """An alert about a missing value ends with the first value, whatever that is."""
    here = rows.get(entity_key(alert), [])
    if not here:
        return _settle_missing(work, alert)
    if alert.missing_readings:
        work.moves.returned.append(alert)
    if work.judged.no_data_at(here):
        work.moves.kept.append(alert)
        return True
    if work.judged.truth_at(here) is None or not work.state.is_full:
        return True
    work.moves.closed.append(Closing(alert, ResolvedReason.RECOVERED, work.judged.explain(here[:1])[0]))
    return False


def _settle_missing(work: Settling, alert: OpenAlert) -> bool:
    """An entity that two full readings of the same account lack is gone; less than that says nothing."""
    if not work.state.is_full or not alert.comparable:
        return True
    missing = _count(alert.missing_readings, alert.missing_as_of, work.state)
    if missing >= MISSING_LIMIT:
        work.moves.closed.append(Closing(alert, ResolvedReason.MISSING))
        return False
    work.moves.missing.append(replace(alert, missing_readings=missing, missing_as_of=work.state.data_as_of))
    return True


def _settle_event(work: Settling, alert: OpenAlert, rows: list[int]) -> bool:
    """The alert of a change stays until somebody has taken note and the next reading came, or a week has
    passed. That its entity is gone ends nothing: the change was real.
    """
    if alert.is_acknowledged:
        work.moves.closed.append(Closing(alert, ResolvedReason.RECOVERED))
        return False
    if rows and work.judged.truth_at(rows):
        work.moves.seen_rows.append((alert, _first_hit(work.judged, rows)))
        return True
    if work.now - alert.last_seen_at >= EVENT_LIFETIME:
        work.moves.closed.append(Closing(alert, ResolvedReason.EXPIRED))
        return False
    return True


def _first_hit(judged: JudgedUnit, rows: list[int]) -> int:
    return next((row for row in rows if judged.truth_at([row])), rows[0])


def waits(rule: Rule) -> bool:
    """Whether a breach must last before it fires."""
    return rule.for_readings > 1 or rule.for_minutes is not None


def _ready(work: Settling, fresh: dict[str, int]) -> dict[str, int]:
    """Of new breaches those that lasted long enough; the others are remembered. Time is the data's own."""
    if not waits(work.rule) or work.judged.unit.is_event:
        return fresh
    known = work.parents.pending_of(work.rule.id)
    _clear(work, [key for key in known if key not in fresh])
    as_of = work.state.data_as_of or work.now
    least = timedelta(minutes=work.rule.for_minutes or 0)
    ready: dict[str, int] = {}
    for key, row in fresh.items():
        before = known.get(key)
        since = min(before.since, as_of) if before else as_of
        breach = PendingBreach("", work.rule.id, key, (before.readings if before else 0) + 1, since)
        work.moves.waiting.append(breach)
        if breach.readings >= work.rule.for_readings and as_of - since >= least:
            ready[key] = row
    return ready


def _clear(work: Settling, keys: list[str]) -> None:
    """A good answer ends the wait, and so does an entity that a full reading lacks; an unknown one says nothing."""
    rows = work.judged.rows_of(keys) if keys else {}
    for key in keys:
        here = rows.get(key)
        if (here is None and work.state.is_full) or (
            here is not None and work.judged.truth_at(here) is not None
        ):
            work.moves.cleared.append(key)


def _without_value(judged: JudgedUnit, known: set[str]) -> dict[str, int]:
    """Entities that carry no value and have no alert about it."""
    return {key: row for key, row in judged.no_data_candidates().items() if key not in known}


def _allowed(work: Settling, entities: Mapping[str, int]) -> list[tuple[str, int]]:
    if work.rule.parent_rule_id is None:
        return list(entities.items())
    return [(key, row) for key, row in entities.items() if _may_open(work, key)]


def _may_open(work: Settling, external_id: str) -> bool:
    rule, moves = work.rule, work.moves
    answer = work.parents.look(rule, external_id)
    if answer.word is not None and answer.word is rule.dependency_condition:
        return True
    moves.awaits = moves.awaits or answer.is_awaited
    moves.held_back[answer.why] += 1
    if len(moves.held_sample) < HELD_SAMPLE:
        moves.held_sample.append(external_id)
    if answer.word is None:
        moves.unsure.add(external_id)
    return False
