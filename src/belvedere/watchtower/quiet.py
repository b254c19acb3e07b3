"""Thousands of rules at once: which of them can find something in a reading, and what all the others say alike.

Rules that ask one condition of one field differ in their limits alone. They stand together in a bucket, formed once for
all readings, and one search among its limits tells those that a reading comes near. These are judged one by one; of the
rest a single rule is judged, and what it says they all say.
"""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any
from uuid import UUID

from belvedere.core.errors import Invalid
from belvedere.watchtower.conditions import read_limit
from belvedere.watchtower.contracts import NoDataPolicy, Place, Rule, Verdict
from belvedere.watchtower.fields import parse_field
from belvedere.watchtower.groups import RuleSet, Unit, applies, fits, terms
from belvedere.watchtower.judge import Judge
from belvedere.watchtower.judged import JudgedUnit
from belvedere.watchtower.limit_sets import Limits
from belvedere.watchtower.threshold import Limit
from belvedere.watchtower.values import FEW_ROWS


@dataclass(frozen=True, slots=True)
class Alike:
    """Units of a plan, by their numbers there, that find nothing and give the same counts."""

    plan: "Plan"
    members: Sequence[int]
    like: Verdict

    @property
    def ids(self) -> list[str]:
        texts = self.plan.texts
        return [texts[at] for at in self.members]

    @property
    def heads(self) -> list[Rule]:
        return [self.plan.units[at].head for at in self.members]

    def verdicts(self, only: Collection[UUID] | None = None) -> Iterable[Verdict]:
        for at in self.members:
            unit = self.plan.units[at]
            if only is None or unit.head.id in only:
                fields = [parse_field(rule.field_name).name for rule in unit.rows]
                yield replace(self.like, rule=unit.head, why={**self.like.why, "field": fields})


@dataclass
class Bucket:
    """Single rules by the number of their limit, and rows of groups that ask for the same limits."""

    has_source: bool
    tells_no_data: bool
    limits: list[Limit | None] = field(default_factory=list)
    rules: list[Rule] = field(default_factory=list)
    """The first row that asks for a limit."""
    members: list[list[int]] = field(default_factory=list)
    numbers: dict[Limit | None, int] = field(default_factory=dict)

    def number(self, limit: Limit | None, rule: Rule) -> int:
        if limit not in self.numbers:
            self.numbers[limit] = len(self.limits)
            self.limits.append(limit)
            self.rules.append(rule)
            self.members.append([])
        return self.numbers[limit]


Term = list[tuple[int, int]]
"""Rows joined by AND, each as the number of its bucket and of its limit there."""


class Plan:
    """The units that apply at a place, put in buckets. Units that no bucket takes are judged one by one."""

    def __init__(self, units: Iterable[Unit], place: Place) -> None:
        self.units = [unit for unit in units if unit.is_running and applies(unit, place)]
        self.texts = [str(unit.head.id) for unit in self.units]
        self.heads = {unit.head.id: at for at, unit in enumerate(self.units)}
        self.parents = frozenset(
            unit.head.parent_rule_id for unit in self.units if unit.head.parent_rule_id is not None
        )
        self._place = place
        self.buckets: list[Bucket] = []
        self.groups: list[tuple[int, list[Term]]] = []
        self.alone: list[int] = []
        self._keys: dict[Any, int] = {}
        for at, unit in enumerate(self.units):
            self._enter(at, unit)
        self.limits = [Limits(bucket.limits) for bucket in self.buckets]

    def _enter(self, at: int, unit: Unit) -> None:
        try:
            places = [self._locate(rule, unit) for rule in unit.rows] if _is_plain(unit, self._place) else []
        except Invalid:
            places = []
        if not places:
            self.alone.append(at)
        elif len(places) == 1:
            number, limit = places[0]
            self.buckets[number].members[limit].append(at)
        else:
            self.groups.append((at, terms(unit.rows, places)))

    def _locate(self, rule: Rule, unit: Unit) -> tuple[int, int]:
        """Where a row stands; raises Invalid for one that cannot be read."""
        limit = read_limit(rule.condition, rule.threshold_value, rule.field_name)
        if rule.recovery_threshold:
            read_limit(rule.condition, rule.recovery_threshold, rule.field_name)
        parse_field(rule.field_name)
        if rule.min_volume_field:
            parse_field(rule.min_volume_field)
        kind = (bool(unit.sources), rule.no_data_policy is NoDataPolicy.ALERT)
        guard = (rule.min_volume_field, rule.min_volume, rule.data_lag_minutes)
        key = (rule.field_name, rule.condition, rule.fires_from_zero, guard, kind)
        if key not in self._keys:
            self._keys[key] = len(self.buckets)
            self.buckets.append(Bucket(*kind))
        number = self._keys[key]
        return number, self.buckets[number].number(limit, rule)


def _is_plain(unit: Unit, place: Place) -> bool:
    """Judges each record of one place."""
    if unit.asks_for_gone or any(rule.aggregate is not None for rule in unit.rows):
        return False
    return len(unit.rows) == 1 or (bool(unit.sources) and all(fits(rule, place) for rule in unit.rows))


def plan_of(rules: RuleSet, place: Place) -> list[Plan]:
    """One plan for each set of rules; a set that is for every client has the same one for all of them."""
    found = []
    for part in rules.parts:
        key = (place.source_id, place.target_table, 0 if part.is_for_all else place.client_id)
        if key not in part.plans:
            part.plans[key] = Plan(part.units, place)
        found.append(part.plans[key])
    return found


def counts_of(judged: JudgedUnit) -> Verdict:
    """What a unit says of a reading as long as nothing follows."""
    why: dict[str, object] = {"state": "judged", "field": judged.fields}
    if judged.left_out:
        why["left_out"] = judged.left_out
    if judged.errors:
        why["errors"] = judged.error_text
    return Verdict(
        rule=judged.unit.head,
        entities=judged.size,
        matched=judged.matched,
        no_data=judged.no_data,
        errors=judged.errors,
        why=why,
    )


class Sieve:
    """One reading against one plan: `loud` are units to be judged one by one, `alike` all others that have an answer."""

    def __init__(self, plan: Plan, judge: Judge, stirred: Iterable[UUID]) -> None:
        self._plan, self._judge = plan, judge
        self._loud = {plan.heads[rule_id] for rule_id in stirred if rule_id in plan.heads}
        self._loud.update(plan.alone)
        self.alike: list[Alike] = []
        self._near: list[Collection[int]] = [()] * len(plan.buckets)
        self._is_sure = [False] * len(plan.buckets)
        self._rows = [judge.row(bucket.rules[0]) for bucket in plan.buckets]
        self._hits: dict[tuple[int, int], frozenset[int] | None] = {}
        for number in range(len(plan.buckets)):
            self._sift(number)
        self._sift_groups()

    @property
    def loud(self) -> list[Unit]:
        return [self._plan.units[at] for at in sorted(self._loud)]

    def _sift(self, number: int) -> None:
        bucket, limits = self._plan.buckets[number], self._plan.limits[number]
        view, row = self._judge.view, self._rows[number]
        if not bucket.has_source and not view.ever_delivered(row.ref):
            return
        look = view.look(row.ref)
        near = set(row.kind.near(look, limits))
        far = [place for place in range(len(limits)) if place not in near]
        counts = self._ask(bucket.rules[far[0]]) if far else None
        if counts is not None and counts.matched:
            near, counts = set(limits.every), None
        row.kind.expect(look.values, [limit for place in near if (limit := limits.all[place]) is not None])
        for place in near:
            self._settle(bucket, bucket.members[place])
        self._near[number] = near
        if counts is not None:
            self._keep(bucket, [at for place in far for at in bucket.members[place]], counts)
            self._is_sure[number] = not counts.no_data and not counts.errors

    def _ask(self, rule: Rule) -> Verdict:
        return counts_of(self._judge.judge(Unit((rule,))))

    def _settle(self, bucket: Bucket, members: Sequence[int]) -> None:
        """Rules of one limit; where there are several the first of them speaks for all. In a large reading that would be a
        search more, which costs as much as the rules themselves.
        """
        is_large = self._judge.view.reading.size > FEW_ROWS
        if (
            len(members) > 1
            and not is_large
            and not (counts := self._ask(self._plan.units[members[0]].head)).matched
        ):
            self._keep(bucket, members, counts)
        else:
            self._loud.update(members)

    def _keep(self, bucket: Bucket, members: Sequence[int], counts: Verdict) -> None:
        if bucket.tells_no_data and counts.no_data:
            self._loud.update(members)
            return
        self._add([at for at in members if at not in self._loud], counts)

    def _add(self, members: list[int], counts: Verdict) -> None:
        if members:
            self.alike.append(Alike(self._plan, members, counts))

    def _sift_groups(self) -> None:
        """A group finds nothing where all its rows have an answer for every record and no record meets them."""
        quiet = []
        for at, joined in self._plan.groups:
            if at not in self._loud:
                if all(self._finds_nothing(term) for term in joined):
                    quiet.append(at)
                else:
                    self._loud.add(at)
        if quiet:
            head, size = self._plan.units[quiet[0]].head, self._judge.view.reading.size
            self._add(quiet, Verdict(head, entities=size, why={"state": "judged"}))

    def _finds_nothing(self, term: Term) -> bool:
        """Rows joined by AND: one that is false everywhere is enough."""
        found: frozenset[int] | None = None
        is_sure = True
        for number, place in term:
            hits = self._hits_of(number, place)
            if hits is None:
                is_sure = False
            elif not hits:
                return True
            else:
                found = hits if found is None else found & hits
        return is_sure and not found

    def _hits_of(self, number: int, place: int) -> frozenset[int] | None:
        """Records that meet a row of a group; None where some record has no answer, or there are too many to tell here."""
        if place not in self._near[number]:
            return frozenset() if self._is_sure[number] else None
        if self._judge.view.reading.size > FEW_ROWS:
            return None
        key = (number, place)
        if key not in self._hits:
            # Rows of a bucket differ in their limits alone.
            outcome = self._judge.view.outcome_at(self._rows[number], self._plan.limits[number].all[place])
            self._hits[key] = outcome.hit_rows if outcome.known.is_all else None
        return self._hits[key]
