"""The judge: rules and readings in, verdicts with reasons out. No clock, no database, no chance.

All rules of a reading are judged together. A field is prepared once, its numbers are sorted once, and each
rule is a search in them, so the cost grows with records and hits and not with rules times records.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID

from belvedere.sources.contracts import Frames
from belvedere.watchtower.contracts import (
    NoDataPolicy,
    OpenAlert,
    Rule,
    Verdict,
    WatchState,
)
from belvedere.watchtower.dependencies import ParentStates, parents_first
from belvedere.watchtower.groups import RuleSet, Unit, applies
from belvedere.watchtower.judge import Judge
from belvedere.watchtower.judged import JudgedUnit
from belvedere.watchtower.quiet import Alike, Plan, Sieve, counts_of, plan_of
from belvedere.watchtower.transitions import Transitions, settle

__all__ = ["Judgement", "applies", "evaluate", "held", "judge_reading"]


@dataclass(frozen=True)
class Judgement:
    """All verdicts on one reading: one for each rule that had to be looked at by itself, and the others in bulk."""

    spoken: list[Verdict]
    alike: list[Alike]
    plans: Sequence[Plan]

    def verdicts(self, only: Collection[UUID] | None = None) -> list[Verdict]:
        """One for each rule, parents before their children."""
        found = {verdict.rule.id: verdict for verdict in self.spoken}
        for alike in self.alike:
            found.update((verdict.rule.id, verdict) for verdict in alike.verdicts(only))
        order = parents_first(unit for plan in self.plans for unit in plan.units)
        return [found[unit.head.id] for unit in order if unit.head.id in found]


def evaluate(
    rules: Iterable[Rule],
    current: Frames,
    previous: Frames | None,
    state: WatchState,
    now: datetime,
    *,
    only: Collection[UUID] | None = None,
) -> list[Verdict]:
    """Judge every rule that applies to the reading; a group gives one verdict, under its head.

    `previous` is the good full reading before, or None for a baseline. `only` limits whose alerts may move:
    the other rules are judged, so that their children know, but nothing follows for them.
    """
    return judge_reading(rules, current, previous, state, now, only=only).verdicts(only)


def judge_reading(
    rules: Iterable[Rule],
    current: Frames,
    previous: Frames | None,
    state: WatchState,
    now: datetime,
    *,
    only: Collection[UUID] | None = None,
) -> Judgement:
    """The same, with the rules that find nothing told in bulk."""
    formed = rules if isinstance(rules, RuleSet) else RuleSet.of(rules)
    judge = Judge(current, previous, state, now, formed.prepared)
    return _Sitting(plan_of(formed, state.place), judge, now, only).judge_all()


class _Sitting:
    """All rules over one reading, parents before their children."""

    def __init__(
        self, plans: Sequence[Plan], judge: Judge, now: datetime, only: Collection[UUID] | None
    ) -> None:
        self._plans, self._judge, self._now, self._only = plans, judge, now, only
        self._own = _own_alerts(judge.state)
        self._parents = ParentStates(judge.state)
        self._has_children: frozenset[UUID] = frozenset().union(*(plan.parents for plan in plans))

    def judge_all(self) -> Judgement:
        waiting = (breach.rule_id for breach in self._judge.state.pending)
        stirred = {*self._own, *self._has_children, *waiting}
        sieves = [Sieve(plan, self._judge, stirred) for plan in self._plans]
        units = [unit for sieve in sieves for unit in sieve.loud]
        problems = {unit.head.id: self._judge.problem_of(unit) for unit in units}
        self._judge.prepare(unit for unit in units if problems[unit.head.id] is None)
        found = (self._say(unit, problems[unit.head.id]) for unit in parents_first(units))
        spoken = [verdict for verdict in found if verdict is not None and self._is_wanted(verdict.rule)]
        return Judgement(spoken, [alike for sieve in sieves for alike in sieve.alike], self._plans)

    def _is_wanted(self, head: Rule) -> bool:
        return self._only is None or head.id in self._only

    def _say(self, unit: Unit, problem: str | None) -> Verdict | None:
        """One unit by itself; None where it does not watch this reading."""
        judge, head = self._judge, unit.head
        alerts = self._own.get(head.id, ())
        if problem is not None:
            return held(unit, problem, judge.view.present)
        if not alerts and not judge.carries(unit):
            return None
        judged = judge.judge(unit)
        has_children = head.id in self._has_children
        if not alerts and not has_children and _is_quiet(judged, self._parents):
            return counts_of(judged)
        moves = Transitions()
        if self._is_wanted(head):
            moves = settle(judged, alerts, self._parents, judge.state, self._now)
        if has_children:
            _tell_children(self._parents, judged, moves, judge.state)
        return _verdict(judged, moves)


def held(unit: Unit, why: str, entities: int) -> Verdict:
    return Verdict(rule=unit.head, entities=entities, why={"state": "held", "why": why})


def _is_quiet(judged: JudgedUnit, parents: ParentStates) -> bool:
    """Nothing fires and nothing waits: most rules on most readings, so that nobody looks any further."""
    head = judged.unit.head
    return (
        not judged.matched
        and head.no_data_policy is not NoDataPolicy.ALERT
        and not parents.pending_of(head.id)
    )


def _own_alerts(state: WatchState) -> Mapping[UUID, Sequence[OpenAlert]]:
    """Open alerts of this very client and source, by rule."""
    found: dict[UUID, list[OpenAlert]] = {}
    for alert in state.open_alerts:
        if alert.client_id == state.place.client_id and alert.source_id == state.place.source_id:
            found.setdefault(alert.rule_id, []).append(alert)
    return found


def _tell_children(parents: ParentStates, judged: JudgedUnit, moves: Transitions, state: WatchState) -> None:
    rule_id = judged.unit.head.id
    place = state.place
    for closing in moves.closed:
        parents.close(rule_id, (place.client_id, place.source_id, closing.alert.external_id))
    for finding in moves.opened:
        parents.open(rule_id, (place.client_id, place.source_id, finding.external_id))
    parents.judged(rule_id, judged.known_entities - moves.unsure)


def _verdict(judged: JudgedUnit, moves: Transitions) -> Verdict:
    counts = counts_of(judged)
    held_back = (
        {"held_back": dict(moves.held_back), "held_entities": moves.held_sample} if moves.held_back else {}
    )
    return replace(
        counts,
        held_back=sum(moves.held_back.values()),
        why={**counts.why, **held_back},
        opened=moves.opened,
        seen_again=tuple(moves.seen_again),
        closed=tuple(moves.closed),
        missing=tuple(moves.missing),
        returned=tuple(moves.returned),
        **moves.rest(),
    )
