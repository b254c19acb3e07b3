"""Typed columns as `Values`: numbers and instants, text, tags."""

from collections.abc import Collection, Iterable, Sequence
from datetime import datetime
from decimal import Decimal
from functools import cached_property

import polars as pl

from belvedere.watchtower.limit_sets import Limits, Span, meet
from belvedere.watchtower.searches import Numbers, Sorted, TextIndex
from belvedere.watchtower.threshold import Threshold, parse_instant, strict_number
from belvedere.watchtower.values import (
    FEW_ROWS,
    NO_ROWS,
    Cells,
    Mask,
    Order,
    Outcome,
    Picks,
    Rows,
    number_rows,
    plain,
    select_rows,
    set_key,
    true_rows,
)

_BLANK = r"^[\s\x1c-\x1f]|[\s\x1c-\x1f]$"
MANY = 32
"""From this many on a column is written as a whole."""
INSTANT = pl.Datetime("us", "UTC")


class Column:
    """What typed columns share: null is a missing value."""

    def __init__(self, series: pl.Series) -> None:
        self.series = series
        self.size = len(series)

    @property
    def delivered(self) -> bool:
        return self.known.count > 0

    @cached_property
    def _picks(self) -> Picks:
        return Picks(self.series)

    @cached_property
    def known(self) -> Mask:
        return Mask.of(self.series.is_not_null())

    @cached_property
    def _nothing(self) -> Mask:
        return Mask.none(self.size)

    def _said(self, hits: Rows) -> Outcome:
        return Outcome(hits, self.known, self._nothing)

    def _senseless(self) -> Outcome:
        return Outcome(NO_ROWS, self._nothing, self.known)

    def expect_equal(self, limits: Sequence[Threshold]) -> None:
        """Each search answers by itself."""

    def expect_contained(self, limits: Sequence[Threshold]) -> None:
        """Each search answers by itself."""

    def comparable(self) -> pl.Series:
        return self.series

    def by_number(self) -> pl.Series | None:
        return None

    def before(self, instant: datetime) -> Outcome:  # noqa: ARG002 - only instants have an age
        return self._senseless()

    def exact(self) -> Cells:
        return Cells(self.known, cells=[None] * self.size)


class NumberValues(Column):
    """Exact numbers: decimals, integers, and instants as microseconds."""

    def __init__(self, series: pl.Series) -> None:
        super().__init__(series)
        self.is_instant = series.dtype == pl.Datetime
        self.scale = series.dtype.scale if isinstance(series.dtype, pl.Decimal) else 0

    @cached_property
    def _sorted(self) -> Sorted:
        return Sorted(self.series.to_physical(), self.scale)

    def equal(self, limit: Threshold) -> Outcome:
        number = self._number(limit)
        return self._said(NO_ROWS if number is None else self._sorted.within(number, number))

    def contains(self, limit: Threshold) -> Outcome:  # noqa: ARG002 - a number holds no text
        return self._senseless()

    def ordered(self, order: Order, limit: Threshold) -> Outcome:
        number = self._number(limit)
        return self._senseless() if number is None else self._said(self._sorted.ordered(order, number))

    def within(self, low: Threshold, high: Threshold) -> Outcome:
        least, most = self._number(low), self._number(high)
        if least is None or most is None:
            return self._senseless()
        return self._said(self._sorted.within(least, most))

    @property
    def span(self) -> Span:
        ends = self._sorted.ends
        return Span(*ends, self.is_instant) if ends is not None else Span(is_instant=self.is_instant)

    def near_equal(self, limits: Limits) -> Collection[int]:
        if self.size > FEW_ROWS:
            return limits.every
        wanted = limits.on_grid(self.scale, is_instant=self.is_instant)
        return meet(set(self.series.to_physical().to_list()), wanted)

    def near_contained(self, limits: Limits) -> Collection[int]:  # noqa: ARG002 - senseless for each alike
        return ()

    def before(self, instant: datetime) -> Outcome:
        if not self.is_instant:
            return self._senseless()
        return self._said(self._sorted.ordered("<", micros(instant)))

    def exact(self) -> Cells:
        if self.is_instant:
            return super().exact()
        return Cells(self._nothing, self.scale, self.series.to_physical())

    def _number(self, limit: Threshold) -> Decimal | None:
        if not self.is_instant:
            return limit.number
        return None if limit.instant is None else micros(limit.instant)

    def texts(self, rows: list[int]) -> list[str | None]:
        if self.is_instant:
            found = self._picks.at(rows)
            return [None if value is None else value.isoformat() for value in found]
        if len(rows) < MANY:
            return [None if value is None else plain(Decimal(value)) for value in self._picks.at(rows)]
        # What `plain` says, for all of them at once.
        texts = self.series.gather(rows).cast(pl.String)
        if self.scale:
            texts = texts.str.strip_chars_end("0").str.strip_chars_end(".")
        written: list[str | None] = texts.to_list()
        return written


def micros(instant: datetime) -> Decimal:
    """An instant as a column of instants holds it: whole microseconds, exact."""
    return Decimal(int(pl.Series([instant], dtype=INSTANT).to_physical()[0]))


class TextValues(Column):
    """Text: equality is exact after trim, `contains` ignores case, order needs strict numeric text."""

    @cached_property
    def _numbers(self) -> Numbers:
        return Numbers((strict_number(text) if text is not None else None) for text in self.series)

    @cached_property
    def _not_numbers(self) -> Mask:
        return self.known.without(self._numbers.known)

    @cached_property
    def _folded(self) -> pl.Series:
        # Python's casefold knows more than lower case: "STRASSE" and "Straße" are the same word.
        return pl.Series([None if text is None else text.casefold() for text in self.series], dtype=pl.String)

    @cached_property
    def _index(self) -> TextIndex:
        return TextIndex(number_rows(self.size), trim(self.series))

    def expect_equal(self, limits: Sequence[Threshold]) -> None:
        self._index.expect(limit.text for limit in limits)

    def equal(self, limit: Threshold) -> Outcome:
        return self._said(self._index.rows(limit.text))

    def contains(self, limit: Threshold) -> Outcome:
        found = self._folded.str.contains(limit.text.casefold(), literal=True)
        return self._said(true_rows(found.fill_null(value=False)))

    def ordered(self, order: Order, limit: Threshold) -> Outcome:
        if limit.number is None:
            return self._senseless()
        return self._counted(self._numbers.ordered(order, limit.number))

    def within(self, low: Threshold, high: Threshold) -> Outcome:
        if low.number is None or high.number is None:
            return self._senseless()
        return self._counted(self._numbers.within(low.number, high.number))

    def _counted(self, hits: pl.Series) -> Outcome:
        return Outcome(hits, self._numbers.known, self._not_numbers)

    @property
    def span(self) -> Span:
        return self._numbers.span

    def near_equal(self, limits: Limits) -> Collection[int]:
        return self._index.meet(limits.by_text)

    def near_contained(self, limits: Limits) -> Collection[int]:
        return find_inside(self._folded, limits)

    @cached_property
    def _instants(self) -> list[datetime | None]:
        return [None if text is None else parse_instant(text) for text in self.series]

    def before(self, instant: datetime) -> Outcome:
        return find_before(self._instants, instant, self.known)

    def exact(self) -> Cells:
        return Cells(self._not_numbers, cells=self._numbers.cells)

    def texts(self, rows: list[int]) -> list[str | None]:
        return self._picks.at(rows)


def trim(texts: pl.Series) -> pl.Series:
    """Texts without the blanks around them, as Python knows blanks; most columns hold none to take off."""
    if not texts.str.contains(_BLANK).any():
        return texts
    return pl.Series([None if text is None else text.strip() for text in texts], dtype=pl.String)


def find_inside(texts: Iterable[str | None], limits: Limits) -> set[int]:
    """Limits that stand somewhere in the texts; one search goes through all of them."""
    whole = "\x00".join(text for text in texts if text is not None)
    return {number for part, number in limits.folded if part in whole}


def find_before(instants: Sequence[datetime | None], instant: datetime, present: Mask) -> Outcome:
    """Earlier than an instant, where the value is one; any other value has no age."""
    known = Mask.of(pl.Series([value is not None for value in instants], dtype=pl.Boolean))

    def is_before(row: int) -> bool:
        value = instants[row]
        return value is not None and value < instant

    return Outcome(select_rows(len(instants), is_before), known, present.without(known))


class ListValues(Column):
    """Tags: equality and change are those of sets, `contains` is one exact element."""

    @cached_property
    def _index(self) -> TextIndex:
        rows = pl.DataFrame({"row": number_rows(self.size), "tag": self.series})
        tags = rows.filter(pl.col("tag").list.len() > 0).explode("tag")
        return TextIndex(tags["row"], trim(tags["tag"]))

    @cached_property
    def _sets(self) -> TextIndex:
        return TextIndex(number_rows(self.size), self.comparable())

    def expect_equal(self, limits: Sequence[Threshold]) -> None:
        self._sets.expect(set_key(limit.elements) for limit in limits)

    def expect_contained(self, limits: Sequence[Threshold]) -> None:
        self._index.expect(limit.text for limit in limits)

    def equal(self, limit: Threshold) -> Outcome:
        return self._said(self._sets.rows(set_key(limit.elements)))

    def contains(self, limit: Threshold) -> Outcome:
        return self._said(self._index.rows(limit.text))

    def ordered(self, order: Order, limit: Threshold) -> Outcome:  # noqa: ARG002 - sets have no order
        return self._senseless()

    def within(self, low: Threshold, high: Threshold) -> Outcome:  # noqa: ARG002 - sets have no order
        return self._senseless()

    @property
    def span(self) -> Span:
        return Span()

    def near_equal(self, limits: Limits) -> Collection[int]:
        return self._sets.meet(
            {set_key(elements): numbers for elements, numbers in limits.by_elements.items()}
        )

    def near_contained(self, limits: Limits) -> Collection[int]:
        return self._index.meet(limits.by_text)

    @cached_property
    def _keys(self) -> pl.Series:
        return pl.Series(
            [None if tags is None else set_key({tag.strip() for tag in tags if tag}) for tags in self.series],
            dtype=pl.String,
        )

    def comparable(self) -> pl.Series:
        return self._keys

    def texts(self, rows: list[int]) -> list[str | None]:
        found = self._picks.at(rows)
        return [None if value is None else ", ".join(part or "" for part in value) for value in found]
