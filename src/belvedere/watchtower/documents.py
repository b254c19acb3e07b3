"""Values inside `extra`: parsed once for a reading, exact, each with the type it has."""

import json
from collections.abc import Collection, Iterable, Sequence
from datetime import datetime
from decimal import Decimal
from functools import cached_property
from typing import Any

import polars as pl

from belvedere.watchtower.columns import find_before, find_inside
from belvedere.watchtower.limit_sets import Limits, Span, meet
from belvedere.watchtower.searches import Numbers
from belvedere.watchtower.threshold import Threshold, parse_instant, strict_number
from belvedere.watchtower.values import NO_ROWS, Cells, Mask, Order, Outcome, plain, select_rows


class Missing:
    """The path leads nowhere in this record; a null that was delivered is None."""


MISSING = Missing()


def parse_documents(texts: Iterable[str | None]) -> list[Any]:
    """Each record's `extra`; numbers stay exact."""
    decode = json.JSONDecoder(parse_float=Decimal, parse_constant=lambda _: None).decode
    return [{} if text is None or text == "{}" else decode(text) for text in texts]


def walk(document: Any, path: Sequence[str | int]) -> Any:
    """The value at a path, or MISSING."""
    here = document
    for step in path:
        if isinstance(step, int):
            if not isinstance(here, list) or step >= len(here):
                return MISSING
            here = here[step]
        else:
            if not isinstance(here, dict) or step not in here:
                return MISSING
            here = here[step]
    return here


class DocumentValues:
    """One path of `extra` over all records; types may differ from record to record."""

    def __init__(self, cells: list[Any]) -> None:
        self.size = len(cells)
        self.delivered = any(cell is not MISSING for cell in cells)
        self.cells = [None if cell is MISSING else cell for cell in cells]

    def _mask(self, test: Iterable[bool]) -> Mask:
        return Mask.of(pl.Series(list(test), dtype=pl.Boolean))

    @cached_property
    def known(self) -> Mask:
        return self._mask(cell is not None for cell in self.cells)

    @cached_property
    def _numbers(self) -> Numbers:
        """Numbers and numeric text, for order."""
        return Numbers(as_number(cell) for cell in self.cells)

    @cached_property
    def _unordered(self) -> Mask:
        return self.known.without(self._numbers.known)

    @cached_property
    def _not_objects(self) -> Mask:
        return self._mask(cell is not None and not isinstance(cell, dict) for cell in self.cells)

    @cached_property
    def _objects(self) -> Mask:
        return self._mask(isinstance(cell, dict) for cell in self.cells)

    @cached_property
    def _searchable(self) -> Mask:
        return self._mask(isinstance(cell, str | list) for cell in self.cells)

    @cached_property
    def _unsearchable(self) -> Mask:
        return self.known.without(self._searchable)

    def expect_equal(self, limits: Sequence[Threshold]) -> None:
        """Each limit is one pass over the cells."""

    def expect_contained(self, limits: Sequence[Threshold]) -> None:
        """Each limit is one pass over the cells."""

    def equal(self, limit: Threshold) -> Outcome:
        hits = select_rows(self.size, lambda row: cell_equals(self.cells[row], limit))
        return Outcome(hits, self._not_objects, self._objects)

    def contains(self, limit: Threshold) -> Outcome:
        hits = select_rows(self.size, lambda row: cell_contains(self.cells[row], limit))
        return Outcome(hits, self._searchable, self._unsearchable)

    def ordered(self, order: Order, limit: Threshold) -> Outcome:
        if limit.number is None:
            return self._senseless()
        return self._counted(self._numbers.ordered(order, limit.number))

    def within(self, low: Threshold, high: Threshold) -> Outcome:
        if low.number is None or high.number is None:
            return self._senseless()
        return self._counted(self._numbers.within(low.number, high.number))

    def _counted(self, hits: pl.Series) -> Outcome:
        return Outcome(hits, self._numbers.known, self._unordered)

    def _senseless(self) -> Outcome:
        return Outcome(NO_ROWS, Mask.none(self.size), self.known)

    @cached_property
    def _instants(self) -> list[datetime | None]:
        return [parse_instant(cell) if isinstance(cell, str) else None for cell in self.cells]

    @property
    def span(self) -> Span:
        return self._numbers.span

    def near_equal(self, limits: Limits) -> Collection[int]:
        return near_cells(self.cells, limits)

    def near_contained(self, limits: Limits) -> Collection[int]:
        texts = (cell.casefold() for cell in self.cells if isinstance(cell, str))
        parts = [part for cell in self.cells if isinstance(cell, list) for part in cell]
        return find_inside(texts, limits) | near_cells(parts, limits)

    def before(self, instant: datetime) -> Outcome:
        return find_before(self._instants, instant, self.known)

    def exact(self) -> Cells:
        return Cells(self._unordered, cells=self._numbers.cells)

    def comparable(self) -> pl.Series:
        return pl.Series([None if cell is None else canonical(cell) for cell in self.cells], dtype=pl.String)

    def by_number(self) -> pl.Series:
        return pl.Series(
            [None if number is None else number_key(number) for number in map(as_number, self.cells)],
            dtype=pl.String,
        )

    def texts(self, rows: list[int]) -> list[str | None]:
        return [cell_text(self.cells[row]) for row in rows]


def as_number(cell: Any) -> Decimal | None:
    """A cell as a number: numbers, and strict numeric text; never a boolean."""
    if isinstance(cell, bool):
        return None
    if isinstance(cell, int | Decimal):
        return Decimal(cell)
    return strict_number(cell) if isinstance(cell, str) else None


def cell_equals(cell: Any, threshold: Threshold) -> bool:
    if isinstance(cell, bool):
        return threshold.flag is cell
    if isinstance(cell, int | Decimal):
        return threshold.number is not None and Decimal(cell) == threshold.number
    if isinstance(cell, str):
        return cell.strip() == threshold.text
    if isinstance(cell, list):
        return {element_text(part) for part in cell} == threshold.elements
    return False


def near_cells(cells: Sequence[Any], limits: Limits) -> set[int]:
    """Limits that `cell_equals` may find in one of the cells."""
    numbers = {
        Decimal(cell) for cell in cells if isinstance(cell, int | Decimal) and not isinstance(cell, bool)
    }
    lists = {frozenset(element_text(part) for part in cell) for cell in cells if isinstance(cell, list)}
    return (
        meet({cell for cell in cells if isinstance(cell, bool)}, limits.by_flag)
        | meet(numbers, limits.by_number)
        | meet({cell.strip() for cell in cells if isinstance(cell, str)}, limits.by_text)
        | meet(lists, limits.by_elements)
    )


def cell_contains(cell: Any, threshold: Threshold) -> bool:
    if isinstance(cell, str):
        return threshold.text.casefold() in cell.casefold()
    if isinstance(cell, list):
        return any(cell_equals(part, threshold) for part in cell if not isinstance(part, list))
    return False


def element_text(part: Any) -> str:
    return (cell_text(part) or "").strip()


def cell_text(cell: Any) -> str | None:
    """A cell as people read it."""
    if cell is None:
        return None
    if isinstance(cell, bool):
        return "true" if cell else "false"
    if isinstance(cell, int | Decimal):
        return plain(Decimal(cell))
    if isinstance(cell, list):
        return ", ".join(cell_text(part) or "" for part in cell)
    return cell if isinstance(cell, str) else canonical(cell)


def canonical(cell: Any) -> str:
    """A text that is equal for equal values: numbers by value, lists of plain values as sets, objects by
    key.
    """
    if isinstance(cell, dict):
        inner = ",".join(f"{json.dumps(key)}:{canonical(cell[key])}" for key in sorted(cell))
        return "{" + inner + "}"
    if isinstance(cell, list):
        parts = [canonical(part) for part in cell]
        if not any(isinstance(part, dict | list) for part in cell):
            parts = sorted(set(parts))
        return "[" + ",".join(parts) + "]"
    if isinstance(cell, bool) or cell is None:
        return json.dumps(cell)
    if isinstance(cell, int | Decimal):
        return number_key(Decimal(cell))
    return json.dumps(cell)


def number_key(number: Decimal) -> str:
    """Sign, digits and exponent without trailing zeros: exact at any length, unlike `Decimal.normalize`."""
    sign, digits, exponent = number.as_tuple()
    text = "".join(map(str, digits)).lstrip("0")
    bare = text.rstrip("0")
    return f"{'-' if sign else ''}{bare}e{int(exponent) + len(text) - len(bare)}" if bare else "0"
