"""Searches in one field that is prepared once: numbers in their order, texts by what they say."""

import math
from bisect import bisect_left, bisect_right
from collections.abc import Collection, Iterable, Mapping
from decimal import Decimal
from fractions import Fraction
from functools import cached_property, lru_cache
from typing import Any, Literal

import polars as pl

from belvedere.watchtower.limit_sets import Span, meet
from belvedere.watchtower.values import (
    FEW_ROWS,
    NO_ROWS,
    ROW,
    Mask,
    Order,
    Rows,
    as_rows,
    take,
    true_rows,
)

_GRID = pl.Int64
_WIDE = 1 << 62
"""Grids inside this stand in 64 bits, which sort and search much faster than 128."""
_MANY = 20_000
"""Rows from here on are sorted by several threads; waking them costs more than sorting fewer."""


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
        self._count = len(ordered)
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
        return self._between(split, self._count) if order in {">", ">="} else self._between(0, split)

    def within(self, low: Decimal, high: Decimal) -> Rows:
        return self._between(self._start(">=", low), self._start("<=", high))

    def _between(self, start: int, end: int) -> Rows:
        if start >= end:
            return NO_ROWS
        if self._few is not None:
            return sorted(self._few[start:end])
        return self.rows.slice(start, end - start).sort(multithreaded=end - start > _MANY)


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
