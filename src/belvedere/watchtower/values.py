"""What a condition sees of one field over one reading.

Every answer is three-valued: a row is a hit, known not to be one, or unknown. Unknown rows are those outside
`known`. Numbers are exact: decimals as whole numbers on the grid of their scale, never floats.
"""

from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from fractions import Fraction
from functools import cached_property, lru_cache
from typing import Any, Literal, Protocol

import polars as pl

from belvedere.watchtower.limit_sets import Limits, Span
from belvedere.watchtower.threshold import Threshold

ROW = pl.UInt32
NO_ROWS = pl.Series([], dtype=ROW)
Rows = pl.Series | Sequence[int]
"""Row numbers as a column, or a few of them as they are."""
Order = Literal[">", ">=", "<", "<="]
FEW_ROWS = 4096
"""Up to here plain Python is quicker than a call of the query planner."""


@dataclass(frozen=True, slots=True)
class Mask:
    """A Boolean column without nulls, and how many of its rows are true."""

    rows: pl.Series
    count: int

    @classmethod
    def of(cls, rows: pl.Series) -> "Mask":
        rows = rows.fill_null(value=False) if rows.null_count() else rows
        return cls(rows, int(rows.sum()))

    @classmethod
    def none(cls, size: int) -> "Mask":
        return cls(_all_false(size), 0)

    @classmethod
    def all(cls, size: int) -> "Mask":
        return cls(_all_true(size), size)

    @classmethod
    def at(cls, rows: pl.Series, size: int) -> "Mask":
        """True at these rows, each named once."""
        return cls(mark(rows, size), len(rows))

    @property
    def is_all(self) -> bool:
        return self.count == len(self.rows)

    def without(self, other: "Mask") -> "Mask":
        return self if not other.count or not self.count else Mask.of(self.rows & ~other.rows)

    def within(self, other: "Mask") -> "Mask":
        return self if other.is_all or not self.count else Mask.of(self.rows & other.rows)


def mark(rows: pl.Series, size: int) -> pl.Series:
    """A Boolean column that is true at these rows."""
    if not len(rows):
        return _all_false(size)
    return _all_false(size).clone().scatter(rows, True)


@lru_cache(maxsize=32)
def _all_false(size: int) -> pl.Series:
    return pl.repeat(value=False, n=size, dtype=pl.Boolean, eager=True)


@lru_cache(maxsize=32)
def _all_true(size: int) -> pl.Series:
    return pl.repeat(value=True, n=size, dtype=pl.Boolean, eager=True)


def as_rows(rows: Iterable[int]) -> pl.Series:
    found = list(rows)
    return pl.Series(found, dtype=ROW) if found else NO_ROWS


def true_rows(marked: pl.Series) -> pl.Series:
    """The rows where a column without nulls is true."""
    return number_rows(len(marked)).filter(marked)


def take(series: pl.Series, rows: pl.Series | list[int]) -> pl.Series:
    """The values at these rows; goes past the query planner, which costs more than a short look-up."""
    return series[rows]


class Picks:
    """The values of a column at a few rows, asked for again and again: a short column is read out once."""

    def __init__(self, series: pl.Series) -> None:
        self._series = series
        self._all: list[Any] | None = series.to_list() if len(series) <= FEW_ROWS else None

    def at(self, rows: list[int]) -> list[Any]:
        if self._all is None:
            return take(self._series, rows).to_list()
        return [self._all[row] for row in rows]


@lru_cache(maxsize=32)
def number_rows(size: int) -> pl.Series:
    """0, 1, 2 and so on; shared, so nobody writes in it."""
    return pl.int_range(size, dtype=ROW, eager=True)


@dataclass(frozen=True)
class Outcome:
    """One condition over all rows: rows that hold, in order, rows with an answer, rows where the comparison makes no
    sense, and rows that a guard left out.
    """

    found: Rows
    known: Mask
    errors: Mask
    left_out: Mask | None = None

    @classmethod
    def unknown(cls, size: int) -> "Outcome":
        nothing = Mask.none(size)
        return cls(NO_ROWS, nothing, nothing)

    @classmethod
    def everywhere(cls, answer: bool | None, size: int, *, is_error: bool = False) -> "Outcome":  # noqa: FBT001
        """The same answer for every row."""
        hits = number_rows(size) if answer else NO_ROWS
        known = Mask.none(size) if answer is None else Mask.all(size)
        return cls(hits, known, Mask.all(size) if is_error else Mask.none(size))

    def negated(self) -> "Outcome":
        held = mark(self.hits, len(self.known.rows))
        return Outcome(true_rows(self.known.rows & ~held), self.known, self.errors, self.left_out)

    def truth(self) -> pl.Series:
        """True, false, and null for unknown, for every row."""
        held = mark(self.hits, len(self.known.rows))
        if self.known.is_all:
            return held
        return pl.select(pl.when(self.known.rows).then(held)).to_series()

    def guarded(self, judged: Mask) -> "Outcome":
        """The same where a guard lets rows be judged; the others are unknown."""
        if judged.is_all:
            return self
        return Outcome(
            self.hits.filter(take(judged.rows, self.hits)),
            self.known.within(judged),
            self.errors.within(judged),
            Mask.of(~judged.rows),
        )

    def at(self, row: int) -> bool | None:
        """The answer for one row."""
        if row in self.hit_rows:
            return True
        return False if self.known.is_all or self.known.rows[row] else None

    @cached_property
    def hits(self) -> pl.Series:
        return self.found if isinstance(self.found, pl.Series) else as_rows(self.found)

    @cached_property
    def hit_rows(self) -> frozenset[int]:
        return frozenset(self.found.to_list() if isinstance(self.found, pl.Series) else self.found)


class Values(Protocol):
    """What a condition needs of a field."""

    size: int

    @property
    def delivered(self) -> bool:
        """Whether this reading carries the field at all."""

    @property
    def known(self) -> Mask:
        """Rows with a value."""

    def expect_equal(self, limits: Sequence[Threshold]) -> None:
        """Name what will be asked for, so that one pass answers it all."""

    def expect_contained(self, limits: Sequence[Threshold]) -> None: ...

    def equal(self, limit: Threshold) -> Outcome: ...

    def contains(self, limit: Threshold) -> Outcome: ...

    def ordered(self, order: Order, limit: Threshold) -> Outcome: ...

    def within(self, low: Threshold, high: Threshold) -> Outcome:
        """From low to high, both included."""

    def before(self, instant: datetime) -> Outcome:
        """Instants earlier than this."""

    @property
    def span(self) -> Span | None:
        """The ends of what `ordered` and `within` compare with; None where nobody knows them."""

    def near_equal(self, limits: Limits) -> Collection[int]:
        """Those of many limits that some value may equal."""

    def near_contained(self, limits: Limits) -> Collection[int]:
        """Those of many limits that some value may contain."""

    def exact(self) -> "Cells":
        """The values as exact numbers."""

    def comparable(self) -> pl.Series:
        """Values in a form whose equality is the field's equality, to tell a change."""

    def by_number(self) -> pl.Series | None:
        """What `comparable` would be if text that reads as a number were that number, null for anything else; None where
        all values are of one kind.
        """

    def texts(self, rows: list[int]) -> list[str | None]:
        """The values of these rows as text, for alerts."""


@dataclass(frozen=True)
class Cells:
    """Exact numbers by row. `grid` holds them as whole numbers times 10 ** scale where the field is a column of
    numbers; else `cells` holds them one by one. `wrong` are rows whose value is no number.
    """

    wrong: Mask
    scale: int = 0
    grid: pl.Series | None = None
    cells: Sequence[Decimal | Fraction | None] = ()

    @cached_property
    def known(self) -> Mask:
        if self.grid is not None:
            return Mask.of(self.grid.is_not_null())
        return Mask.of(pl.Series([cell is not None for cell in self.cells], dtype=pl.Boolean))

    @cached_property
    def zeros(self) -> pl.Series:
        """Rows whose number is exactly zero."""
        if self.grid is not None:
            return (self.grid == 0).fill_null(value=False)
        return pl.Series([cell is not None and not cell for cell in self.cells], dtype=pl.Boolean)

    def number(self, row: int) -> Fraction:
        """The number of a row that is known."""
        if self.grid is not None:
            return Fraction(int(self.grid[row]), 10**self.scale)
        return Fraction(self.cells[row] or 0)


def select_rows(size: int, test: Callable[[int], bool]) -> pl.Series:
    return as_rows(row for row in range(size) if test(row))


def set_key(elements: Iterable[str]) -> str:
    """A text that is equal for equal sets; the separator cannot stand in stored text."""
    return "\x00".join(sorted(set(elements)))


def plain(number: Decimal) -> str:
    """A number without exponent and without trailing zeros."""
    if number == number.to_integral_value() and number.adjusted() < 30:
        return str(int(number))
    text = f"{number:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text
