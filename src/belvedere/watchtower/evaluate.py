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
    plans = plan_of(formed, state.place)
    own = _own_alerts(state)
    has_children = frozenset().union(*(plan.parents for plan in plans))
    stirred = {*own, *has_children, *(breach.rule_id for breach in state.pending)}
    sieves = [Sieve(plan, judge, stirred) for plan in plans]
    units = [unit for sieve in sieves for unit in sieve.loud]
    problems = {unit.head.id: judge.problem_of(unit) for unit in units}
    judge.prepare(unit for unit in units if problems[unit.head.id] is None)
    parents = ParentStates(state)
    verdicts = []
    for unit in parents_first(units):
        alerts = own.get(unit.head.id, ())
        problem = problems[unit.head.id]
        if problem is not None:
            verdicts.append(held(unit, problem, current.records.height))
            continue
        if not alerts and not judge.carries(unit):
            continue
        judged = judge.judge(unit)
        if not alerts and unit.head.id not in has_children and _is_quiet(judged, parents):
            verdicts.append(counts_of(judged))
            continue
        moves = Transitions() if _is_spectator(unit, only) else settle(judged, alerts, parents, state, now)
        if unit.head.id in has_children:
            _tell_children(parents, judged, moves, state)
        verdicts.append(_verdict(judged, moves))
    spoken = [verdict for verdict in verdicts if only is None or verdict.rule.id in only]
    return Judgement(spoken, [alike for sieve in sieves for alike in sieve.alike], plans)


def held(unit: Unit, why: str, entities: int) -> Verdict:
    return Verdict(rule=unit.head, entities=entities, why={"state": "held", "why": why})


def _is_spectator(unit: Unit, only: Collection[UUID] | None) -> bool:
    return only is not None and unit.head.id not in only


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
