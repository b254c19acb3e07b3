"""Rules that belong together: which row leads, how rows join, and what keeps a group from running."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property, reduce
from operator import and_, or_
from typing import Any, TypeVar
from uuid import UUID

import polars as pl

from belvedere.watchtower.conditions import kind_of
from belvedere.watchtower.contracts import LogicOperator, Place, Rule

T = TypeVar("T")


@dataclass(frozen=True)
class Unit:
    """A rule on its own, or a group under its head: name, severity, channels and parent are the head's.

    One unit may serve many readings, so what follows from its rows is worked out once.
    """

    rows: tuple[Rule, ...]

    @cached_property
    def head(self) -> Rule:
        return self.rows[0]

    @cached_property
    def id_text(self) -> str:
        return str(self.head.id)

    @property
    def is_group(self) -> bool:
        return self.head.group_id is not None

    @cached_property
    def is_running(self) -> bool:
        """Dropping one row of an AND would widen it, so a group runs whole or not at all."""
        return all(rule.is_active for rule in self.rows)

    @cached_property
    def is_event(self) -> bool:
        """A change is over the moment it is seen, so it cannot recover by itself."""
        return any(kind_of(rule.condition).is_event for rule in self.rows)

    @cached_property
    def asks_for_gone(self) -> bool:
        """Its entities may be absent from the present reading, which is then no reason to close anything."""
        return any(kind_of(rule.condition).finds_gone for rule in self.rows)

    @cached_property
    def sources(self) -> frozenset[UUID]:
        return frozenset(rule.source_id for rule in self.rows if rule.source_id is not None)

    @cached_property
    def targets(self) -> frozenset[str]:
        return frozenset(rule.target_table for rule in self.rows if rule.target_table is not None)

    @cached_property
    def is_across(self) -> bool:
        """Its rows stand on different sources or tables, so they meet at the client alone."""
        return len(self.sources) > 1 or len(self.targets) > 1


class RuleSet(tuple[Rule, ...]):  # noqa: SLOT001 - it carries what was formed
    """Rules that are judged again and again: their units are formed once. `prepared` and `plans` are the judge's own
    stores; `parts` are the sets that it is joined of.
    """

    units: tuple[Unit, ...]
    prepared: dict[Any, Any]
    plans: dict[Any, Any]
    parts: tuple["RuleSet", ...]

    @classmethod
    def of(cls, rules: Iterable[Rule]) -> "RuleSet":
        made = cls(rules)
        return made._with(_form(made), (made,))

    def _with(self, units: Iterable[Unit], parts: Iterable["RuleSet"]) -> "RuleSet":
        self.units, self.parts = tuple(units), tuple(parts)
        self.prepared, self.plans = {}, {}
        return self

    @cached_property
    def groups(self) -> tuple[Unit, ...]:
        """Units of several rows."""
        if len(self.parts) > 1:
            return tuple(unit for part in self.parts for unit in part.groups)
        return tuple(unit for unit in self.units if len(unit.rows) > 1)

    @cached_property
    def parents(self) -> frozenset[UUID]:
        """Rules that others of this set wait for."""
        if len(self.parts) > 1:
            return frozenset(rule_id for part in self.parts for rule_id in part.parents)
        return frozenset(
            unit.head.parent_rule_id for unit in self.units if unit.head.parent_rule_id is not None
        )

    @cached_property
    def watched(self) -> str:
        """The rules whose alerts matter here: ids in one text between commas."""
        if len(self.parts) > 1:
            return ",".join(part.watched for part in self.parts)
        return ",".join([*(unit.id_text for unit in self.units), *map(str, self.parents)])

    @cached_property
    def is_for_all(self) -> bool:
        """Whether every rule is for every client."""
        return all(rule.client_id == 0 for rule in self)

    @classmethod
    def joined(cls, sets: Sequence["RuleSet"]) -> "RuleSet":
        """Sets of different clients as one; no group has rows of two clients."""
        if len(sets) == 1:
            return sets[0]
        made = cls(rule for rules in sets for rule in rules)
        return made._with((unit for rules in sets for unit in rules.units), sets)


def fits(rule: Rule, place: Place) -> bool:
    """Whether one row watches a place: its source if it names one, its table if it names one."""
    if rule.source_id is not None and rule.source_id != place.source_id:
        return False
    return rule.target_table is None or rule.target_table == place.target_table


def applies(unit: Unit, place: Place) -> bool:
    """Whether a unit is judged on readings of this place: those of its head. A head that names no place stands where
    the other rows do, as long as they agree on one.
    """
    head = unit.head
    if head.client_id not in (0, place.client_id):
        return False
    if head.source_id is None and head.target_table is None and not unit.is_across:
        return all(fits(rule, place) for rule in unit.rows)
    return fits(head, place)


def form_units(rules: Iterable[Rule]) -> list[Unit]:
    """Single rules and groups, rows in the order position, created_at, id."""
    return [*rules.units] if isinstance(rules, RuleSet) else _form(rules)


def form_groups(rules: Iterable[Rule]) -> Sequence[Unit]:
    """Units of several rows."""
    if isinstance(rules, RuleSet):
        return rules.groups
    return [unit for unit in _form(rules) if len(unit.rows) > 1]


def _form(rules: Iterable[Rule]) -> list[Unit]:
    grouped: dict[tuple[int, UUID], list[Rule]] = {}
    for rule in rules:
        grouped.setdefault((rule.client_id, rule.group_id or rule.id), []).append(rule)
    return [Unit(tuple(sorted(rows, key=_order) if len(rows) > 1 else rows)) for rows in grouped.values()]


def _order(rule: Rule) -> tuple[Any, ...]:
    return (rule.position, rule.created_at, rule.id)


def terms(rows: Sequence[Rule], parts: Sequence[T]) -> list[list[T]]:
    """Parts joined by AND, in the terms that OR separates: AND binds tighter. The first row's operator says
    nothing.
    """
    joined: list[list[T]] = []
    for number, (rule, part) in enumerate(zip(rows, parts, strict=True)):
        if number == 0 or rule.logic_operator is LogicOperator.OR:
            joined.append([part])
        else:
            joined[-1].append(part)
    return joined


def combine(rows: Sequence[Rule], truths: Sequence[pl.Series]) -> pl.Series:
    """Kleene's AND and OR over whole columns; null is unknown."""
    return reduce(or_, (reduce(and_, term) for term in terms(rows, truths)))


def join_rows(rows: Sequence[Rule], hits: Sequence[frozenset[int]]) -> frozenset[int]:
    """The same over the records that hold, where each condition has an answer for every record."""
    return reduce(or_, (reduce(and_, term) for term in terms(rows, hits)))


def expression(unit: Unit) -> str:
    """The condition of a unit in one line, as the API echoes it."""
    parts = [describe(rule) for rule in unit.rows]
    joined = [" AND ".join(term) for term in terms(unit.rows, parts)]
    if len(joined) == 1:
        return joined[0]
    return " OR ".join(f"({term})" if " AND " in term else term for term in joined)


def describe(rule: Rule) -> str:
    """One row in one line; an aggregate stands around the field."""
    name = f"{rule.aggregate}({rule.field_name})" if rule.aggregate else rule.field_name
    return kind_of(rule.condition).describe(name, rule.threshold_value or "")
