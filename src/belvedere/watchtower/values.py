"""The values of one field over one reading, held as columns, with the five conditions as searches on them.

Every answer is three-valued: a row is a hit, known not to be one, or unknown. Unknown rows are those outside
`known`. Numbers are exact: decimals as whole numbers on the grid of their scale, never floats.
"""

import math
from bisect import bisect_left, bisect_right
from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from functools import cached_property
from typing import Literal, Protocol

import polars as pl

from belvedere.watchtower.contracts import Condition
from belvedere.watchtower.threshold import Threshold, strict_number

ROW = pl.UInt32


@dataclass(frozen=True, slots=True)
class Mask:
    """A Boolean column without nulls, and how many of its rows are true."""

    rows: pl.Series
    count: int

    @classmethod
    def of(cls, rows: pl.Series) -> "Mask":
        rows = rows.fill_null(value=False)
        return cls(rows, int(rows.sum()))

    @classmethod
    def none(cls, size: int) -> "Mask":
        return cls(pl.repeat(value=False, n=size, dtype=pl.Boolean, eager=True), 0)


@dataclass(frozen=True)
class Outcome:
    """One condition over all rows: rows that hold, rows with an answer, rows where the comparison makes no
    sense.
    """

    hits: pl.Series
    known: Mask
    errors: Mask

    def truth(self) -> pl.Series:
        """True, false, and null for unknown, for every row."""
        held = pl.repeat(value=False, n=len(self.known.rows), dtype=pl.Boolean, eager=True)
        if len(self.hits):
            held = held.scatter(self.hits, True)
        return pl.select(pl.when(self.known.rows).then(held)).to_series()

    def at(self, row: int) -> bool | None:
        """The answer for one row."""
        return row in self.hit_rows if row in self.hit_rows or self.known.rows[row] else None

    @cached_property
    def hit_rows(self) -> frozenset[int]:
        return frozenset(self.hits.to_list())


class Values(Protocol):
    """What a condition needs of a field."""

    size: int

    @property
    def delivered(self) -> bool:
        """Whether this reading carries the field at all."""

    def hold(self, condition: Condition, threshold: Threshold) -> Outcome:
        """Any condition but `changed`."""

    def expect(self, condition: Condition, thresholds: Iterable[Threshold]) -> None:
        """Name the thresholds that will be asked for, so that one pass answers them all."""

    def comparable(self) -> pl.Series:
        """Values in a form whose equality is the field's equality, to tell a change."""

    def texts(self, rows: list[int]) -> list[str | None]:
        """The values of these rows as text, for alerts."""


class Sorted:
    """Numbers of a field sorted once; each question is a search, so it costs its hits and not the rows.

    `grid` are whole numbers, each value times 10 ** scale.
    """

    def __init__(self, grid: pl.Series, scale: int) -> None:
        self.scale = scale
        present = grid.is_not_null().arg_true()
        values = grid.gather(present)
        order = values.arg_sort()
        self.rows = present.gather(order).cast(ROW)
        self.values = values.gather(order)
        self._least = int(self.values[0]) if len(self.values) else 0
        self._most = int(self.values[-1]) if len(self.values) else -1

    def _position(self, bound: int, side: Literal["left", "right"]) -> int:
        # Bounds past either end are settled here, so that a huge threshold never leaves the width of the
        # column.
        if bound < self._least:
            return 0
        if bound > self._most:
            return len(self.values)
        return int(self.values.search_sorted(bound, side=side))

    def above(self, number: Decimal) -> pl.Series:
        bound = math.floor(self._scaled(number))
        return self.rows.slice(self._position(bound, "right")).sort()

    def below(self, number: Decimal) -> pl.Series:
        bound = math.ceil(self._scaled(number))
        return self.rows.head(self._position(bound, "left")).sort()

    def equal(self, number: Decimal) -> pl.Series:
        exact = self._scaled(number)
        if exact.denominator != 1:
            return self.rows.head(0)
        first = self._position(int(exact), "left")
        return self.rows.slice(first, self._position(int(exact), "right") - first).sort()

    def _scaled(self, number: Decimal) -> Fraction:
        return Fraction(number) * Fraction(10**self.scale)


class TextIndex:
    """Rows by their exact text; one pass finds the rows of every text that was expected."""

    def __init__(self, rows: pl.Series, texts: pl.Series) -> None:
        self._pairs = pl.DataFrame({"row": rows.cast(ROW), "text": texts})
        self._found: dict[str, pl.Series] = {}

    def expect(self, texts: Iterable[str]) -> None:
        wanted = {text for text in texts if text not in self._found}
        if not wanted:
            return
        found = self._pairs.filter(pl.col("text").is_in(list(wanted))).unique().sort("row")
        for (text,), rows in found.partition_by("text", as_dict=True).items():
            self._found[text] = rows["row"]
        for text in wanted - set(self._found):
            self._found[text] = pl.Series([], dtype=ROW)

    def rows(self, text: str) -> pl.Series:
        self.expect([text])
        return self._found[text]


class NumberValues:
    """Exact numbers: decimals, integers, and instants as microseconds."""

    def __init__(self, series: pl.Series) -> None:
        self.series = series
        self.size = len(series)
        self.is_instant = series.dtype == pl.Datetime
        self.scale = series.dtype.scale if isinstance(series.dtype, pl.Decimal) else 0

    @property
    def delivered(self) -> bool:
        return self.known.count > 0

    @cached_property
    def known(self) -> Mask:
        return Mask.of(self.series.is_not_null())

    @cached_property
    def _nothing(self) -> Mask:
        return Mask.none(self.size)

    @cached_property
    def _sorted(self) -> Sorted:
        return Sorted(self.series.to_physical(), self.scale)

    def expect(self, condition: Condition, thresholds: Iterable[Threshold]) -> None:
        """Sorting is already shared by all thresholds."""

    def hold(self, condition: Condition, threshold: Threshold) -> Outcome:
        number = self._number(threshold)
        if condition is Condition.CONTAINS or (number is None and condition is not Condition.EQUALS):
            return Outcome(pl.Series([], dtype=ROW), self._nothing, self.known)
        if number is None:
            return Outcome(pl.Series([], dtype=ROW), self.known, self._nothing)
        search = {
            Condition.GREATER_THAN: self._sorted.above,
            Condition.LESS_THAN: self._sorted.below,
            Condition.EQUALS: self._sorted.equal,
        }[condition]
        return Outcome(search(number), self.known, self._nothing)

    def _number(self, threshold: Threshold) -> Decimal | None:
        if not self.is_instant:
            return threshold.number
        if threshold.instant is None:
            return None
        # The physical form of a Datetime("us"): whole microseconds, exact.
        literal = pl.Series([threshold.instant], dtype=pl.Datetime("us", "UTC"))
        return Decimal(int(literal.to_physical()[0]))

    def comparable(self) -> pl.Series:
        return self.series

    def texts(self, rows: list[int]) -> list[str | None]:
        found = self.series.gather(rows).to_list()
        if self.is_instant:
            return [None if value is None else value.isoformat() for value in found]
        return [None if value is None else plain(Decimal(value)) for value in found]


class TextValues:
    """Text: equality is exact after trim, `contains` ignores case, order needs strict numeric text."""

    def __init__(self, series: pl.Series) -> None:
        self.series = series
        self.size = len(series)

    @property
    def delivered(self) -> bool:
        return self.known.count > 0

    @cached_property
    def known(self) -> Mask:
        return Mask.of(self.series.is_not_null())

    @cached_property
    def _nothing(self) -> Mask:
        return Mask.none(self.size)

    @cached_property
    def _numbers(self) -> "Numbers":
        return Numbers((strict_number(text) if text is not None else None) for text in self.series)

    @cached_property
    def _not_numbers(self) -> Mask:
        return Mask.of(self.known.rows & ~self._numbers.known.rows)

    @cached_property
    def _folded(self) -> pl.Series:
        # Python's casefold knows more than lower case: "STRASSE" and "Straße" are the same word.
        return pl.Series([None if text is None else text.casefold() for text in self.series], dtype=pl.String)

    @cached_property
    def _index(self) -> TextIndex:
        rows = pl.int_range(self.size, dtype=ROW, eager=True)
        return TextIndex(
            rows, pl.Series([None if text is None else text.strip() for text in self.series], dtype=pl.String)
        )

    def expect(self, condition: Condition, thresholds: Iterable[Threshold]) -> None:
        if condition is Condition.EQUALS:
            self._index.expect(threshold.text for threshold in thresholds)

    def hold(self, condition: Condition, threshold: Threshold) -> Outcome:
        if condition is Condition.EQUALS:
            return Outcome(self._index.rows(threshold.text), self.known, self._nothing)
        if condition is Condition.CONTAINS:
            found = self._folded.str.contains(threshold.text.casefold(), literal=True)
            return Outcome(found.fill_null(value=False).arg_true().cast(ROW), self.known, self._nothing)
        if threshold.number is None:
            return Outcome(pl.Series([], dtype=ROW), self._nothing, self.known)
        return Outcome(
            self._numbers.ordered(condition, threshold.number), self._numbers.known, self._not_numbers
        )

    def comparable(self) -> pl.Series:
        return self.series

    def texts(self, rows: list[int]) -> list[str | None]:
        return self.series.gather(rows).to_list()


class ListValues:
    """Tags: equality and change are those of sets, `contains` is one exact element."""

    def __init__(self, series: pl.Series) -> None:
        self.series = series
        self.size = len(series)

    @property
    def delivered(self) -> bool:
        return self.known.count > 0

    @cached_property
    def known(self) -> Mask:
        return Mask.of(self.series.is_not_null())

    @cached_property
    def _nothing(self) -> Mask:
        return Mask.none(self.size)

    @cached_property
    def _index(self) -> TextIndex:
        rows = pl.DataFrame({"row": pl.int_range(self.size, dtype=ROW, eager=True), "tag": self.series})
        tags = rows.filter(pl.col("tag").list.len() > 0).explode("tag")
        return TextIndex(
            tags["row"],
            pl.Series([tag if tag is None else tag.strip() for tag in tags["tag"]], dtype=pl.String),
        )

    @cached_property
    def _sets(self) -> TextIndex:
        rows = pl.int_range(self.size, dtype=ROW, eager=True)
        return TextIndex(rows, self.comparable())

    def expect(self, condition: Condition, thresholds: Iterable[Threshold]) -> None:
        if condition is Condition.CONTAINS:
            self._index.expect(threshold.text for threshold in thresholds)

    def hold(self, condition: Condition, threshold: Threshold) -> Outcome:
        if condition is Condition.CONTAINS:
            return Outcome(self._index.rows(threshold.text), self.known, self._nothing)
        if condition is Condition.EQUALS:
            return Outcome(self._sets.rows(set_key(threshold.elements)), self.known, self._nothing)
        return Outcome(pl.Series([], dtype=ROW), self._nothing, self.known)

    @cached_property
    def _keys(self) -> pl.Series:
        return pl.Series(
            [None if tags is None else set_key({tag.strip() for tag in tags if tag}) for tags in self.series],
            dtype=pl.String,
        )

    def comparable(self) -> pl.Series:
        return self._keys

    def texts(self, rows: list[int]) -> list[str | None]:
        found = self.series.gather(rows).to_list()
        return [None if value is None else ", ".join(part or "" for part in value) for value in found]


class Numbers:
    """Exact numbers from Python values, brought to one grid so that they sort as whole numbers."""

    def __init__(self, cells: Iterable[Decimal | None]) -> None:
        self._cells = list(cells)
        self.known = Mask.of(pl.Series([cell is not None for cell in self._cells], dtype=pl.Boolean))
        self._order = sorted((cell, row) for row, cell in enumerate(self._cells) if cell is not None)

    def ordered(self, condition: Condition, number: Decimal) -> pl.Series:
        """Rows above or below a number."""
        if condition is Condition.GREATER_THAN:
            return self._rows(self._first_above(number), len(self._order))
        return self._rows(0, self._first_not_below(number))

    def equal(self, number: Decimal) -> pl.Series:
        return self._rows(self._first_not_below(number), self._first_above(number))

    def _first_above(self, number: Decimal) -> int:
        return bisect_right(self._order, number, key=lambda pair: pair[0])

    def _first_not_below(self, number: Decimal) -> int:
        return bisect_left(self._order, number, key=lambda pair: pair[0])

    def _rows(self, start: int, end: int) -> pl.Series:
        return pl.Series(sorted(row for _, row in self._order[start:end]), dtype=ROW)


def set_key(elements: Iterable[str]) -> str:
    """A text that is equal for equal sets; the separator cannot stand in stored text."""
    return "\x00".join(sorted(set(elements)))


def plain(number: Decimal) -> str:
    """A number without exponent and without trailing zeros."""
    if number == number.to_integral_value() and number.adjusted() < 30:
        return str(int(number))
    text = f"{number:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text
