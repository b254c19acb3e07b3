"""Judging one rule or group over one reading: truth for each row, and the values that explain it."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from uuid import UUID

import polars as pl

from belvedere.core.errors import Invalid
from belvedere.sources.contracts import Frames, Unit
from belvedere.watchtower.contracts import (
    Condition,
    ConditionReason,
    Finding,
    Rule,
    WatchState,
)
from belvedere.watchtower.fields import FieldPlace, FieldRef, parse_field, place_field
from belvedere.watchtower.groups import Unit as RuleUnit
from belvedere.watchtower.groups import combine
from belvedere.watchtower.reading import Change, Reading
from belvedere.watchtower.threshold import Threshold, parse_threshold
from belvedere.watchtower.values import Mask, Outcome
from belvedere.watchtower.wording import label_of


@dataclass(frozen=True, slots=True)
class Row:
    """A rule with its field found and its threshold read."""

    rule: Rule
    ref: FieldRef
    threshold: Threshold | None


class Judge:
    """Everything shared by the rules of one reading."""

    def __init__(self, current: Frames, previous: Frames | None, state: WatchState) -> None:
        self.reading = Reading(current)
        self.previous = Reading(previous) if previous is not None else None
        self.change = Change(self.reading, self.previous)
        self.state = state
        self._rows: dict[UUID, Row] = {}
        known = set(state.metric_units) | self.reading.metric_names
        self._metrics = known | (self.previous.metric_names if self.previous else frozenset())

    def row(self, rule: Rule) -> Row:
        if rule.id not in self._rows:
            ref = place_field(parse_field(rule.field_name), self._metrics)
            threshold = parse_threshold(rule.threshold_value) if rule.threshold_value else None
            self._rows[rule.id] = Row(rule, ref, threshold)
        return self._rows[rule.id]

    def problem_of(self, unit: RuleUnit) -> str | None:
        """Why a unit cannot be read; rules may come by SQL, and one bad rule must not stop the others."""
        try:
            for rule in unit.rows:
                self.row(rule)
        except Invalid as error:
            return f"Held: the rule cannot be read. {error.detail}"
        return None

    def prepare(self, units: Iterable[RuleUnit]) -> None:
        """Tell each field every threshold it will be asked for."""
        wanted: dict[tuple[FieldRef, Condition], list[Threshold]] = {}
        for unit in units:
            for rule in unit.rows:
                row = self.row(rule)
                if row.threshold is not None:
                    condition: Condition = rule.condition
                    if condition is Condition.CHANGED:
                        condition = Condition.EQUALS
                    wanted.setdefault((row.ref, condition), []).append(row.threshold)
        for (ref, condition), thresholds in wanted.items():
            self.reading.values(ref).expect(condition, thresholds)

    def carries(self, unit: RuleUnit) -> bool:
        """A rule without a source watches every source that carries its field; one with a source always
        does.
        """
        if unit.sources:
            return True
        return any(self.reading.values(self.row(rule).ref).delivered for rule in unit.rows)

    def outcome(self, rule: Rule) -> Outcome:
        row = self.row(rule)
        if rule.condition is not Condition.CHANGED:
            # Rules are saved with a threshold; the database holds that too.
            return self.reading.values(row.ref).hold(rule.condition, row.threshold or parse_threshold(""))
        changed = self.change.outcome(row.ref)
        if row.threshold is None:
            return changed
        arrived = self.reading.values(row.ref).hold(Condition.EQUALS, row.threshold)
        both = changed.hits.filter(changed.hits.is_in(arrived.hits.implode()))
        return Outcome(both, changed.known, changed.errors)

    def judge(self, unit: RuleUnit) -> "JudgedUnit":
        return JudgedUnit(self, unit, [self.outcome(rule) for rule in unit.rows])


class JudgedUnit:
    """The outcome of one unit over all rows of the reading."""

    def __init__(self, judge: Judge, unit: RuleUnit, outcomes: list[Outcome]) -> None:
        self._judge = judge
        self.unit = unit
        self._outcomes = outcomes
        self.size = judge.reading.size
        if len(outcomes) == 1:
            self.hits, known, self.errors = outcomes[0].hits, outcomes[0].known, outcomes[0].errors.count
        else:
            truth = combine(unit.rows, [outcome.truth() for outcome in outcomes])
            self.hits = truth.fill_null(value=False).arg_true()
            known = Mask.of(truth.is_not_null())
            self.errors = self._count_errors(truth)
        self._known = known
        self.matched = len(self.hits)
        self.no_data = self.size - known.count - self.errors

    def _count_errors(self, truth: pl.Series) -> int:
        """Unknown rows where some comparison made no sense; the others only lack data."""
        wrong = self._outcomes[0].errors.rows
        for outcome in self._outcomes[1:]:
            wrong = wrong | outcome.errors.rows
        return int((wrong & truth.is_null()).sum())

    @property
    def fields(self) -> list[str]:
        return [self._judge.row(rule).ref.name for rule in self.unit.rows]

    @property
    def error_text(self) -> str:
        return (
            f"{self.errors} of {self.size} values cannot be compared like this: the value or the limit is not"
            " a number where one is needed, or the field is of another kind."
        )

    @property
    def known_entities(self) -> frozenset[str]:
        return frozenset(self._judge.reading.external_ids.filter(self._known.rows).to_list())

    @cached_property
    def _hit_rows(self) -> frozenset[int]:
        return frozenset(self.hits.to_list())

    def candidates(self) -> dict[str, int]:
        """External id and first row of every entity that matches."""
        found: dict[str, int] = {}
        for external_id, row in zip(
            self._judge.reading.external_ids.gather(self.hits), self.hits, strict=True
        ):
            found.setdefault(external_id, row)
        return found

    def rows_of(self, external_ids: list[str]) -> dict[str, list[int]]:
        return self._judge.reading.rows_of(external_ids)

    def truth_at(self, rows: list[int]) -> bool | None:
        """The answer for one entity; where a reading repeats it, any row that matches counts."""
        answers = [
            True if row in self._hit_rows else (False if self._known.rows[row] else None) for row in rows
        ]
        if True in answers:
            return True
        return None if None in answers else False

    def recovered_at(self, rows: list[int]) -> bool | None:
        truth = self.truth_at(rows)
        return None if truth is None else not truth

    def no_data_at(self, rows: list[int]) -> bool:
        return self.truth_at(rows) is None

    def no_data_entities(self) -> dict[str, int]:
        """External id and first row of every entity that carries no value."""
        found: dict[str, int] = {}
        for row, external_id in enumerate(self._judge.reading.external_ids):
            if not self._known.rows[row]:
                found.setdefault(external_id, row)
        return found

    def findings(self, entities: Sequence[tuple[str, int]]) -> list[Finding]:
        """Entities, each with a row, as what alerts say of them."""
        rows = [row for _, row in entities]
        facts = self._judge.reading.entities(rows)
        return [
            Finding(external_id, UUID(record_id), name, conditions)
            for (external_id, _), (record_id, name), conditions in zip(
                entities, facts, self.explain(rows), strict=True
            )
        ]

    def explain(self, rows: list[int]) -> list[tuple[ConditionReason, ...]]:
        """For each row, every condition with the value it met."""
        if not rows:
            return []
        columns = [
            self._explain(number, rule, outcome, rows)
            for number, (rule, outcome) in enumerate(zip(self.unit.rows, self._outcomes, strict=True))
        ]
        return list(zip(*columns, strict=True))

    def _explain(self, number: int, rule: Rule, outcome: Outcome, rows: list[int]) -> list[ConditionReason]:
        judge = self._judge
        ref = judge.row(rule).ref
        label = label_of(ref.last_word, judge.state.metric_labels.get(ref.name))
        unit = self._unit(ref)
        joined_by = rule.logic_operator.value if number else None
        texts = judge.reading.values(ref).texts(rows)
        before = judge.change.previous_texts(ref, rows)
        return [
            ConditionReason(
                rule_id=rule.id,
                name=rule.name,
                field=ref.name,
                label=label,
                condition=rule.condition,
                limit=rule.threshold_value,
                value=value,
                previous=previous,
                unit=unit,
                result=outcome.at(row),
                joined_by=joined_by,
            )
            for row, value, previous in zip(rows, texts, before, strict=True)
        ]

    def _unit(self, ref: FieldRef) -> str | None:
        if ref == FieldRef("amount", FieldPlace.COLUMN):
            return Unit.CURRENCY
        # Return on ad spend is money over money; the seeded definition calls it currency.
        return Unit.RATIO if ref.name == "roas" else self._judge.state.metric_units.get(ref.name)
