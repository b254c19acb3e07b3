"""What a condition sees of one field over one reading, and the searches that answer it.

Every answer is three-valued: a row is a hit, known not to be one, or unknown. Unknown rows are those outside
`known`. Numbers are exact: decimals as whole numbers on the grid of their scale, never floats.
"""

import math
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from fractions import Fraction
from functools import cached_property, lru_cache
from typing import Any, Literal, Protocol

import polars as pl

from belvedere.watchtower.limit_sets import Limits, Span, meet
from belvedere.watchtower.threshold import Threshold

ROW = pl.UInt32
NO_ROWS = pl.Series([], dtype=ROW)
Rows = pl.Series | Sequence[int]
"""Row numbers as a column, or a few of them as they are."""
Order = Literal[">", ">=", "<", "<="]
_GRID = pl.Int64
_WIDE = 1 << 62
"""Grids inside this stand in 64 bits, which sort and search much faster than 128."""
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


class Sorted:
    """Numbers of a field sorted once; each question is a search, so it costs its hits and not the rows.

    `grid` are whole numbers, each value times 10 ** scale.
    """

    def __init__(self, grid: pl.Series, scale: int) -> None:
        self.scale = scale
        if grid.null_count():
            present = true_rows(grid.is_not_null())
            values = narrow(take(grid, present))
            order = values.arg_sort()
            self.rows = take(present, order)
        else:
            values = narrow(grid)
            order = values.arg_sort()
            self.rows = order.cast(ROW)
        ordered = take(values, order)
        self.values: Any = ordered.to_list() if len(ordered) <= FEW_ROWS else ordered
        self._few: list[int] | None = self.rows.to_list() if len(ordered) <= FEW_ROWS else None
        self._least = int(self.values[0]) if len(self.values) else 0
        self._most = int(self.values[-1]) if len(self.values) else -1

    @property
    def ends(self) -> tuple[Fraction, Fraction] | None:
        if not len(self.values):
            return None
        return Fraction(self._least, 10**self.scale), Fraction(self._most, 10**self.scale)

    def _position(self, bound: int, side: Literal["left", "right"]) -> int:
        # Bounds past either end are settled here, so that a huge threshold never leaves the width of the
        # column.
        if bound < self._least:
            return 0
        if bound > self._most:
            return len(self.values)
        # A search by hand: seventeen looks at a column cost less than one call of the query planner.
        return (bisect_left if side == "left" else bisect_right)(self.values, bound)

    def _start(self, order: Order, number: Decimal) -> int:
        """How many values stand below `number`, or not above it."""
        exact = scaled(number, self.scale)
        if order in {">", "<="}:
            return self._position(math.floor(exact), "right")
        return self._position(math.ceil(exact), "left")

    def ordered(self, order: Order, number: Decimal) -> Rows:
        split = self._start(order, number)
        return self._between(split, len(self.rows)) if order in {">", ">="} else self._between(0, split)

    def within(self, low: Decimal, high: Decimal) -> Rows:
        return self._between(self._start(">=", low), self._start("<=", high))

    def _between(self, start: int, end: int) -> Rows:
        if start >= end:
            return NO_ROWS
        if self._few is not None:
            return sorted(self._few[start:end])
        return self.rows.slice(start, end - start).sort()


def narrow(grid: pl.Series) -> pl.Series:
    """Whole numbers in 64 bits where they fit."""
    if grid.dtype == _GRID or not len(grid):
        return grid.cast(_GRID)
    least, most = grid.min(), grid.max()
    if isinstance(least, int) and isinstance(most, int) and least > -_WIDE and most < _WIDE:
        return grid.cast(_GRID)
    return grid


@lru_cache(maxsize=1 << 16)
def scaled(number: Decimal, scale: int) -> Fraction:
    return Fraction(number) * Fraction(10**scale)


class TextIndex:
    """Rows by their exact text. Few rows are all put in place at once; of many, one pass finds those that were expected."""

    def __init__(self, rows: pl.Series, texts: pl.Series) -> None:
        self._pairs = pl.DataFrame({"row": rows.cast(ROW), "text": texts})
        self._found: dict[str, pl.Series] = {}

    @cached_property
    def _placed(self) -> Mapping[str, list[int]] | None:
        if self._pairs.height > FEW_ROWS:
            return None
        found: dict[str, list[int]] = {}
        for row, text in self._pairs.iter_rows():
            rows = found.setdefault(text, [])
            if not rows or rows[-1] != row:
                rows.append(row)
        return found

    def expect(self, texts: Iterable[str]) -> None:
        if self._placed is not None:
            return
        wanted = {text for text in texts if text not in self._found}
        if not wanted:
            return
        found = self._pairs.filter(pl.col("text").is_in(list(wanted))).unique().sort("row")
        for (text,), rows in found.partition_by("text", as_dict=True).items():
            self._found[text] = rows["row"]
        for text in wanted - set(self._found):
            self._found[text] = NO_ROWS

    def meet(self, texts: Mapping[str, list[int]]) -> Collection[int]:
        """What is kept under those of the texts that stand here."""
        if self._placed is not None:
            return meet(self._placed, texts)
        self.expect(texts)
        return meet((text for text in texts if len(self._found[text])), texts)

    def rows(self, text: str) -> Rows:
        if self._placed is not None:
            return self._placed.get(text, ())
        self.expect([text])
        return self._found[text]


class Numbers:
    """Exact numbers from Python values, sorted once."""

    def __init__(self, cells: Iterable[Decimal | None]) -> None:
        self.cells = list(cells)
        self.known = Mask.of(pl.Series([cell is not None for cell in self.cells], dtype=pl.Boolean))
        self._order = sorted((cell, row) for row, cell in enumerate(self.cells) if cell is not None)

    def ordered(self, order: Order, number: Decimal) -> pl.Series:
        split = self._first_above(number) if order in {">", "<="} else self._first_not_below(number)
        return self._rows(split, len(self._order)) if order in {">", ">="} else self._rows(0, split)

    def within(self, low: Decimal, high: Decimal) -> pl.Series:
        return self._rows(self._first_not_below(low), self._first_above(high))

    @property
    def span(self) -> Span:
        return Span(self._order[0][0], self._order[-1][0]) if self._order else Span()

    def _first_above(self, number: Decimal) -> int:
        return bisect_right(self._order, number, key=lambda pair: pair[0])

    def _first_not_below(self, number: Decimal) -> int:
        return bisect_left(self._order, number, key=lambda pair: pair[0])

    def _rows(self, start: int, end: int) -> pl.Series:
        return as_rows(sorted(row for _, row in self._order[start:end]))


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
