"""A whole reading judged as one: does any record meet the condition, do all, or what do their numbers come to."""

from collections.abc import Collection, Sequence
from datetime import datetime
from decimal import Decimal, localcontext
from fractions import Fraction

import polars as pl

from belvedere.watchtower.columns import NumberValues
from belvedere.watchtower.contracts import Aggregate
from belvedere.watchtower.limit_sets import Limits, Span
from belvedere.watchtower.threshold import Threshold
from belvedere.watchtower.values import (
    NO_ROWS,
    Cells,
    Mask,
    Order,
    Outcome,
    Values,
    number_rows,
    plain,
    true_rows,
)

DIGITS = 30
LABELS = {
    Aggregate.ANY: "Any {}",
    Aggregate.ALL: "Every {}",
    Aggregate.COUNT: "Records with {}",
    Aggregate.SHARE: "Share of records with {}",
    Aggregate.SUM: "Total {}",
    Aggregate.AVG: "Average {}",
    Aggregate.MIN: "Lowest {}",
    Aggregate.MAX: "Highest {}",
}


class FigureValues:
    """One exact number in place of a column; None where there is none, `is_wrong` where the values are no numbers."""

    size = 1

    def __init__(self, number: Fraction | None, *, is_wrong: bool = False) -> None:
        self.number = number
        self.delivered = number is not None
        self.known = Mask.none(1) if number is None else Mask.all(1)
        self._wrong = Mask.all(1) if is_wrong else Mask.none(1)

    def expect_equal(self, limits: Sequence[Threshold]) -> None:
        """One number needs no search."""

    def expect_contained(self, limits: Sequence[Threshold]) -> None:
        """One number needs no search."""

    def equal(self, limit: Threshold) -> Outcome:
        return self._said(is_hit=limit.number is not None and self.number == Fraction(limit.number))

    def contains(self, limit: Threshold) -> Outcome:  # noqa: ARG002 - a number holds no text
        return self._senseless()

    def ordered(self, order: Order, limit: Threshold) -> Outcome:
        if limit.number is None:
            return self._senseless()
        if self.number is None:
            return self._said(is_hit=False)
        bound = Fraction(limit.number)
        above, level = self.number > bound, self.number == bound
        return self._said(
            is_hit=(above if order[0] == ">" else not above and not level) or (level and "=" in order)
        )

    def within(self, low: Threshold, high: Threshold) -> Outcome:
        if low.number is None or high.number is None:
            return self._senseless()
        number = self.number
        return self._said(
            is_hit=number is not None and Fraction(low.number) <= number <= Fraction(high.number)
        )

    @property
    def span(self) -> Span | None:
        return None

    def near_equal(self, limits: Limits) -> Collection[int]:
        return limits.every

    def near_contained(self, limits: Limits) -> Collection[int]:
        return limits.every

    def before(self, instant: datetime) -> Outcome:  # noqa: ARG002 - a number has no age
        return self._senseless()

    def exact(self) -> Cells:
        return Cells(self._wrong, cells=[self.number])

    def comparable(self) -> pl.Series:
        return pl.Series([None if self.number is None else str(self.number)], dtype=pl.String)

    def by_number(self) -> pl.Series | None:
        return None

    def texts(self, rows: list[int]) -> list[str | None]:
        return [None if self.number is None else fraction_text(self.number)] * len(rows)

    def _said(self, *, is_hit: bool) -> Outcome:
        return Outcome(
            number_rows(1) if is_hit and self.number is not None else NO_ROWS, self.known, self._wrong
        )

    def _senseless(self) -> Outcome:
        return Outcome(NO_ROWS, Mask.none(1), Mask.of(self.known.rows | self._wrong.rows))


def fraction_text(number: Fraction) -> str:
    """Exact where it ends, else with more digits than anybody shows."""
    with localcontext() as context:
        context.prec = max(DIGITS, len(str(abs(number.numerator) // number.denominator)) + 12)
        return plain(Decimal(number.numerator) / Decimal(number.denominator))


def figure(aggregate: Aggregate, values: Values, judged: Mask) -> Values:
    """What the judged records of a field come to. No record that carries the field is no answer, never 0."""
    known = values.known.within(judged)
    if not known.count:
        return FigureValues(None)
    if aggregate is Aggregate.COUNT:
        return FigureValues(Fraction(known.count))
    if aggregate is Aggregate.SHARE:
        return FigureValues(Fraction(known.count * 100, judged.count))
    if isinstance(values, NumberValues) and values.is_instant:
        return _instant(aggregate, values.series.filter(known.rows))
    return _number(aggregate, values.exact(), judged)


def _instant(aggregate: Aggregate, instants: pl.Series) -> Values:
    """Instants have a first and a last, and no sum."""
    if aggregate not in {Aggregate.MIN, Aggregate.MAX}:
        return FigureValues(None, is_wrong=True)
    found = instants.sort()
    return NumberValues(found.head(1) if aggregate is Aggregate.MIN else found.tail(1))


def _number(aggregate: Aggregate, cells: Cells, judged: Mask) -> Values:
    known = cells.known.within(judged)
    if not known.count:
        return FigureValues(None, is_wrong=True)
    if cells.grid is not None:
        grid = cells.grid.cast(pl.Int128).filter(known.rows)
        return FigureValues(_of_grid(aggregate, grid) / 10**cells.scale)
    numbers = [cells.number(row) for row in true_rows(known.rows).to_list()]
    if aggregate is Aggregate.MIN:
        return FigureValues(min(numbers))
    if aggregate is Aggregate.MAX:
        return FigureValues(max(numbers))
    total = sum(numbers, Fraction(0))
    return FigureValues(total / len(numbers) if aggregate is Aggregate.AVG else total)


def _of_grid(aggregate: Aggregate, grid: pl.Series) -> Fraction:
    if aggregate is Aggregate.MIN:
        return _whole(grid.min())
    if aggregate is Aggregate.MAX:
        return _whole(grid.max())
    total = _whole(grid.sum())
    return total / len(grid) if aggregate is Aggregate.AVG else total


def _whole(found: object) -> Fraction:
    if not isinstance(found, int):
        raise TypeError(f"expected a whole number, got {type(found).__name__}")
    return Fraction(found)


def gather_answers(aggregate: Aggregate, outcome: Outcome) -> tuple[bool | None, int | None]:
    """Whether any or all known records hold, and a row that shows it."""
    if not outcome.known.count:
        return None, None
    if aggregate is Aggregate.ANY:
        return bool(len(outcome.hits)), int(outcome.hits[0]) if len(outcome.hits) else None
    failing = outcome.negated().hits
    return not len(failing), int(failing[0]) if len(failing) else None


def aggregate_label(aggregate: Aggregate, label: str) -> str:
    """A field under its aggregate, as people say it: "Total spend"."""
    bare = label if label[:2].isupper() else label[:1].lower() + label[1:]
    return LABELS[aggregate].format(bare)
