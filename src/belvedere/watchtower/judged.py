"""One rule or group judged over one reading: truth for each row, and the values that explain it."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import overload

import polars as pl

from belvedere.sources.contracts import Unit
from belvedere.watchtower.aggregates import aggregate_label
from belvedere.watchtower.contracts import Aggregate, ConditionReason, Finding, WatchState
from belvedere.watchtower.fields import FieldPlace, FieldRef
from belvedere.watchtower.groups import Unit as RuleUnit
from belvedere.watchtower.groups import combine, join_rows
from belvedere.watchtower.hits import Hits, Reasons
from belvedere.watchtower.values import FEW_ROWS, NO_ROWS, Mask, Outcome, as_rows, true_rows
from belvedere.watchtower.views import Answer, Row, View
from belvedere.watchtower.wording import label_of

WHOLE = ""
"""Stands for the reading as a whole where others have an external id."""


@dataclass(frozen=True)
class Part:
    """One row of a unit: `answers` are those of whole readings, empty where each record has its own."""

    view: View
    row: Row
    outcome: Outcome | None
    answers: tuple[tuple[View, Answer], ...] = ()
    recoveries: Sequence[tuple[View, Row]] = ()

    @property
    def is_of_records(self) -> bool:
        return self.outcome is not None

    @cached_property
    def answer(self) -> tuple[View, Answer]:
        """The answer that speaks: one that holds, else one that is known."""
        order = {True: 0, False: 1, None: 2}
        return min(self.answers, key=lambda pair: order[pair[1].truth])

    def over(self, size: int) -> Outcome:
        if self.outcome is not None:
            return self.outcome
        _, said = self.answer
        return Outcome.everywhere(said.truth, size, is_error=said.is_error)

    def not_recovered(self, size: int) -> Outcome:
        """Where the value has not passed the recovery limit: the condition with that limit in place of its own."""
        if self.row.recovery is None:
            return self.over(size)
        if self.outcome is not None:
            return self.view.outcome(self.row, for_recovery=True)
        found = [view.answer(row, for_recovery=True).truth for view, row in self.recoveries]
        return Outcome.everywhere(True if True in found else False if False in found else None, size)

    def missing(self, size: int) -> pl.Series:
        if self.outcome is not None:
            return self.view.missing(self.row)
        _, said = self.answer
        return (Mask.all(size) if said.is_missing else Mask.none(size)).rows


def of_records(view: View, row: Row) -> Part:
    return Part(view, row, view.outcome(row))


def broadcast(places: Sequence[tuple[View, Row]]) -> Part:
    """A row that has one answer for a whole reading, or for the readings of other sources."""
    view, row = places[0]
    return Part(view, row, None, tuple((view, view.answer(row)) for view, row in places), places)


class JudgedUnit:
    """The outcome of one unit over all rows of the reading.

    Rows are numbered; `rows_of` gives the rows of an entity (one that a reading repeats has several), and a unit that
    judges the reading as a whole (`is_whole`) has one row, under the external id WHOLE. For the rows of one entity:

    - `truth_at(rows)`: True fires, False does not, None is unknown (no data, a guard, or a senseless comparison).
    - `recovered_at(rows)`: True where the value has passed the recovery limit (without one: where the truth is False),
      False where it has not, None where that is unknown. Only True may resolve.
    - `no_data_at(rows)`: True where the answer is unknown because a value is missing; neither a guard nor a senseless
      comparison counts. `unit.head.no_data_policy` says what that means.

    `candidates()` are the entities that fire, `no_data_candidates()` those without data, each with a row for
    `findings`. `opens_all()` is `findings` of all candidates at once, made only when they are read. `unit.is_event`:
    nothing resolves by itself; `unit.asks_for_gone`: an alert stands on an entity that is not in the data, so that its
    absence there closes nothing.
    """

    def __init__(self, unit: RuleUnit, view: View, parts: Sequence[Part], state: WatchState) -> None:
        self.unit = unit
        self._view = view
        self._state = state
        self._parts = parts
        self.is_whole = not any(part.is_of_records for part in parts)
        self.size = 1 if self.is_whole else view.reading.size
        self._outcomes = [part.over(self.size) for part in parts]
        self._settle()
        self.matched = len(self.hits)

    def _settle(self) -> None:
        if len(self._outcomes) == 1:
            only = self._outcomes[0]
            self.hits, self._known, self.errors = only.hits, only.known, only.errors.count
        elif self.size <= FEW_ROWS and all(outcome.known.is_all for outcome in self._outcomes):
            found = join_rows(self.unit.rows, [outcome.hit_rows for outcome in self._outcomes])
            self.hits, self._known, self.errors = as_rows(sorted(found)), Mask.all(self.size), 0
        else:
            truth = combine(self.unit.rows, [outcome.truth() for outcome in self._outcomes])
            nulls = truth.null_count()
            self.hits = true_rows(truth.fill_null(value=False) if nulls else truth)
            self._known = Mask.of(truth.is_not_null()) if nulls else Mask.all(self.size)
            self.errors = int((self._wrong & truth.is_null()).sum()) if nulls else 0
        self.no_data = self.size - self._known.count - self.errors

    @cached_property
    def _wrong(self) -> pl.Series:
        """Rows where some comparison makes no sense."""
        wrong = self._outcomes[0].errors.rows
        for outcome in self._outcomes[1:]:
            wrong = wrong | outcome.errors.rows
        return wrong

    @cached_property
    def left_out(self) -> int:
        """Unknown rows that a guard keeps from being judged; they are counted in `no_data` too."""
        if all(outcome.left_out is None for outcome in self._outcomes):
            return 0
        return int((self._guarded & ~self._known.rows).sum())

    @cached_property
    def _guarded(self) -> pl.Series:
        guarded = Mask.none(self.size).rows
        for outcome in self._outcomes:
            if outcome.left_out is not None:
                guarded = guarded | outcome.left_out.rows
        return guarded

    @property
    def fields(self) -> list[str]:
        return [part.row.ref.name for part in self._parts]

    @property
    def error_text(self) -> str:
        return (
            f"{self.errors} of {self.size} values cannot be compared like this: the value or the limit is not"
            " a number where one is needed, or the field is of another kind."
        )

    @property
    def known_entities(self) -> frozenset[str]:
        return frozenset(self._external_ids.filter(self._known.rows).to_list())

    @cached_property
    def _external_ids(self) -> pl.Series:
        return pl.Series([WHOLE]) if self.is_whole else self._view.reading.external_ids

    @cached_property
    def _hit_rows(self) -> frozenset[int]:
        return frozenset(self.hits.to_list())

    def _first_rows(self, rows: pl.Series) -> pl.Series:
        return rows if self.is_whole else self._view.reading.first_of_each(rows)

    def candidates(self) -> dict[str, int]:
        """External id and first row of every entity that matches."""
        return self._by_id(self.hits)

    def no_data_candidates(self) -> dict[str, int]:
        """External id and first row of every entity whose answer is unknown for want of data."""
        found = self._by_id(true_rows(self._no_data))
        rows = self.rows_of(list(found))
        return {name: row for name, row in found.items() if self.no_data_at(rows[name])}

    def _by_id(self, rows: pl.Series) -> dict[str, int]:
        found = self._first_rows(rows).to_list()
        return dict(zip(self._names(found), found, strict=True))

    def _names(self, rows: list[int]) -> list[str]:
        return [WHOLE] * len(rows) if self.is_whole else self._view.reading.id_picks.at(rows)

    def rows_of(self, external_ids: list[str]) -> dict[str, list[int]]:
        """Every row of the given entities; one that the reading does not hold is left out."""
        if self.is_whole:
            return {WHOLE: [0]}
        return self._view.reading.rows_of(external_ids)

    def truth_at(self, rows: list[int]) -> bool | None:
        """The answer for one entity; where a reading repeats it, any row that matches counts."""
        return _any(True if row in self._hit_rows else self._known_at(row) for row in rows)

    def _known_at(self, row: int) -> bool | None:
        return False if self._known.is_all or self._known.rows[row] else None

    def recovered_at(self, rows: list[int]) -> bool | None:
        """Whether an entity has passed the recovery limit with every row it has."""
        if all(part.row.recovery is None for part in self._parts):
            answer = self.truth_at(rows)
        else:
            answer = _any(self._not_recovered[row] for row in rows)
        return None if answer is None else not answer

    @cached_property
    def _not_recovered(self) -> pl.Series:
        return combine(self.unit.rows, [part.not_recovered(self.size).truth() for part in self._parts])

    def no_data_at(self, rows: list[int]) -> bool:
        return self.truth_at(rows) is None and any(self._no_data[row] for row in rows)

    @cached_property
    def _no_data(self) -> pl.Series:
        missing = self._parts[0].missing(self.size)
        for part in self._parts[1:]:
            missing = missing | part.missing(self.size)
        return missing & ~self._known.rows & ~self._wrong & ~self._guarded

    def opens_all(self) -> "Findings":
        """Every entity that fires."""
        return Findings(self, self._first_rows(self.hits))

    def findings(self, entities: Sequence[tuple[str, int]]) -> "Findings":
        """Entities, each with a row, as what alerts say of them."""
        return Findings(self, as_rows(row for _, row in entities))

    def hits_at(self, rows: list[int]) -> Hits:
        """These rows as what alerts say of them, in columns."""
        ids: list[str | None] = [None] * len(rows)
        names = ids
        if rows and not self.is_whole:
            ids, names = self._view.reading.entities(rows)
        columns = tuple(self._reasons(number, rows) for number in range(len(self._parts)))
        return Hits(self._names(rows), ids, names, columns)

    def explain(self, rows: list[int]) -> list[tuple[ConditionReason, ...]]:
        """For each row, every condition with the value it met."""
        if not rows:
            return []
        columns = [self._reasons(number, rows).each() for number in range(len(self._parts))]
        return list(zip(*columns, strict=True))

    def _reasons(self, number: int, rows: list[int]) -> Reasons:
        part = self._parts[number]
        if not rows:
            return Reasons(self._base(number), [], [], [])
        if part.is_of_records:
            values = part.view.reading.values(part.row.ref).texts(rows)
            before = part.view.previous_texts(part.row.ref, rows)
            results = self._outcomes[number]
            return Reasons(self._base(number), values, before, [results.at(row) for row in rows])
        view, said = part.answer
        name = view.reading.entities([said.at])[1][0] if said.at is not None else None
        count = len(rows)
        base = self._base(number, entity=name)
        return Reasons(base, [said.value] * count, [said.previous] * count, [said.truth] * count)

    def _base(self, number: int, entity: str | None = None) -> ConditionReason:
        """What is the same in every reason of one row."""
        rule, ref = self.unit.rows[number], self._parts[number].row.ref
        label = label_of(ref.last_word, self._state.metric_labels.get(ref.name))
        if rule.aggregate is not None:
            label = aggregate_label(rule.aggregate, label)
        return ConditionReason(
            rule_id=rule.id,
            name=rule.name,
            field=ref.name,
            label=label,
            condition=rule.condition,
            limit=rule.threshold_value,
            value=None,
            previous=None,
            unit=self._unit(ref, rule.aggregate),
            result=None,
            joined_by=rule.logic_operator.value if number else None,
            entity=entity,
        )

    def _unit(self, ref: FieldRef, aggregate: Aggregate | None) -> str | None:
        if aggregate is Aggregate.COUNT:
            return Unit.COUNT
        if aggregate is Aggregate.SHARE:
            return Unit.PERCENT
        if ref == FieldRef("amount", FieldPlace.COLUMN):
            return Unit.CURRENCY
        # Return on ad spend is money over money; the seeded definition calls it currency.
        return Unit.RATIO if ref.name == "roas" else self._state.metric_units.get(ref.name)


def _any(answers: Iterator[bool | None]) -> bool | None:
    found = list(answers)
    if True in found:
        return True
    return None if None in found else False


class Findings(Sequence[Finding]):
    """Findings that are made when somebody reads them; how many there are costs nothing."""

    def __init__(self, judged: JudgedUnit | None = None, rows: pl.Series = NO_ROWS) -> None:
        self._judged = judged
        self.rows = rows

    @cached_property
    def hits(self) -> Hits:
        return self._judged.hits_at(self.rows.to_list()) if self._judged is not None else Hits([], [], [], ())

    @cached_property
    def _made(self) -> list[Finding]:
        return self.hits.findings()

    def __len__(self) -> int:
        return len(self.rows)

    @overload
    def __getitem__(self, index: int) -> Finding: ...

    @overload
    def __getitem__(self, index: slice) -> list[Finding]: ...

    def __getitem__(self, index: int | slice) -> Finding | list[Finding]:
        return self._made[index]

    def __iter__(self) -> Iterator[Finding]:
        return iter(self._made)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Sequence) and [*self] == [*other]

    __hash__ = None  # type: ignore[assignment]


__all__ = ["WHOLE", "Findings", "JudgedUnit", "Part"]
