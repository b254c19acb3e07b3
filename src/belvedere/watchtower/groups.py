"""Rules that belong together: which row leads, how rows join, and what keeps a group from running."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import reduce
from operator import and_, or_
from typing import Any, TypeVar
from uuid import UUID

import polars as pl

from belvedere.watchtower.contracts import Condition, LogicOperator, Rule

T = TypeVar("T")

SIGNS = {
    Condition.EQUALS: "=",
    Condition.GREATER_THAN: ">",
    Condition.LESS_THAN: "<",
    Condition.CONTAINS: "contains",
    Condition.CHANGED: "changed",
}


@dataclass(frozen=True, slots=True)
class Unit:
    """A rule on its own, or a group under its head: name, severity, channels and parent are the head's."""

    rows: tuple[Rule, ...]

    @property
    def head(self) -> Rule:
        return self.rows[0]

    @property
    def is_group(self) -> bool:
        return self.head.group_id is not None

    @property
    def is_running(self) -> bool:
        """Dropping one row of an AND would widen it, so a group runs whole or not at all."""
        return all(rule.is_active for rule in self.rows)

    @property
    def is_event(self) -> bool:
        """A change is over the moment it is seen, so it cannot recover by itself."""
        return any(rule.condition is Condition.CHANGED for rule in self.rows)

    @property
    def sources(self) -> frozenset[UUID]:
        return frozenset(rule.source_id for rule in self.rows if rule.source_id is not None)

    @property
    def held_because(self) -> str | None:
        if len(self.sources) > 1:
            return "Held: needs another source. The conditions of this group stand on different sources."
        if len({rule.target_table for rule in self.rows if rule.target_table}) > 1:
            return "Held: needs another source. The conditions of this group watch different tables."
        return None


def form_units(rules: Iterable[Rule]) -> list[Unit]:
    """Single rules and groups, rows in the order position, created_at, id."""
    grouped: dict[tuple[int, UUID], list[Rule]] = {}
    for rule in rules:
        grouped.setdefault((rule.client_id, rule.group_id or rule.id), []).append(rule)
    return [Unit(tuple(sorted(rows, key=_order))) for rows in grouped.values()]


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


def expression(unit: Unit) -> str:
    """The condition of a unit in one line, as the API echoes it."""
    parts = [describe(rule) for rule in unit.rows]
    joined = [" AND ".join(term) for term in terms(unit.rows, parts)]
    if len(joined) == 1:
        return joined[0]
    return " OR ".join(f"({term})" if " AND " in term else term for term in joined)


def describe(rule: Rule) -> str:
    if rule.condition is Condition.CHANGED:
        return f"{rule.field_name} changed" + (f" to {rule.threshold_value}" if rule.threshold_value else "")
    limit = rule.threshold_value or ""
    quoted = f'"{limit}"' if rule.condition is Condition.CONTAINS else limit
    return f"{rule.field_name} {SIGNS[rule.condition]} {quoted}"
