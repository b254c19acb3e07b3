"""The limits of many rules for one field, in orders in which those near the values of a reading are found at once."""

from bisect import bisect_left, bisect_right
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from functools import cached_property
from typing import TypeVar

from belvedere.watchtower.threshold import Limit, Threshold

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MICROSECOND = timedelta(microseconds=1)
Number = Decimal | Fraction | int
Key = TypeVar("Key")


@dataclass(frozen=True, slots=True)
class Span:
    """The lowest and the highest number of a field, None where it holds none; instants count in microseconds."""

    least: Number | None = None
    most: Number | None = None
    is_instant: bool = False


class Limits:
    """Limits by their numbers, 0 and up. Every answer may name too many of them, never too few: a limit that is named
    is looked at by itself, and those that are not find nothing and answer like each other.
    """

    def __init__(self, limits: Sequence[Limit | None]) -> None:
        self.all = tuple(limits)
        self._lines: dict[bool, _Line] = {}
        self._grids: dict[tuple[int, bool], dict[int, list[int]]] = {}

    def __len__(self) -> int:
        return len(self.all)

    @property
    def every(self) -> Collection[int]:
        return range(len(self.all))

    @cached_property
    def open(self) -> list[int]:
        """Those that name no value."""
        return [number for number, limit in enumerate(self.all) if limit is None or not limit.values]

    def _parts(self) -> Iterator[tuple[int, Threshold]]:
        for number, limit in enumerate(self.all):
            for part in limit.values if limit is not None else ():
                yield number, part

    @cached_property
    def by_text(self) -> Mapping[str, list[int]]:
        return _gather((part.text, number) for number, part in self._parts())

    @cached_property
    def by_number(self) -> Mapping[Decimal, list[int]]:
        return _gather((part.number, number) for number, part in self._parts() if part.number is not None)

    @cached_property
    def by_flag(self) -> Mapping[bool, list[int]]:
        return _gather((part.flag, number) for number, part in self._parts() if part.flag is not None)

    @cached_property
    def by_elements(self) -> Mapping[frozenset[str], list[int]]:
        return _gather((part.elements, number) for number, part in self._parts())

    @cached_property
    def folded(self) -> list[tuple[str, int]]:
        """Texts without regard to capitals."""
        return [(part.text.casefold(), number) for number, part in self._parts()]

    def on_grid(self, scale: int, *, is_instant: bool) -> Mapping[int, list[int]]:
        """By whole numbers times 10 ** scale; a limit that stands between them equals none."""
        key = (scale, is_instant)
        if key not in self._grids:
            steps = ((_number(part, is_instant=is_instant), number) for number, part in self._parts())
            places = ((Fraction(step) * 10**scale, number) for step, number in steps if step is not None)
            self._grids[key] = _gather(
                (place.numerator, number) for place, number in places if place.denominator == 1
            )
        return self._grids[key]

    def _line(self, *, is_instant: bool) -> "_Line":
        if is_instant not in self._lines:
            self._lines[is_instant] = _Line.of(self.all, is_instant=is_instant)
        return self._lines[is_instant]

    def ordered(self, order: str, span: Span | None) -> Collection[int]:
        """Limits that some value stands on the right side of."""
        if span is None:
            return self.every
        line = self._line(is_instant=span.is_instant)
        if span.least is None or span.most is None:
            return line.strays
        if order[0] == ">":
            cut = (bisect_right if "=" in order else bisect_left)(line.lows, span.most)
            return [*line.strays, *line.places[:cut]]
        cut = (bisect_left if "=" in order else bisect_right)(line.lows, span.least)
        return [*line.strays, *line.places[cut:]]

    def within(self, span: Span | None) -> Collection[int]:
        """Pairs of limits, low and high, that the values may stand between."""
        if span is None:
            return self.every
        line = self._line(is_instant=span.is_instant)
        if span.least is None or span.most is None:
            return line.strays
        cut = bisect_right(line.lows, span.most)
        pairs = zip(line.places[:cut], line.highs, strict=False)
        return [*line.strays, *(place for place, high in pairs if high >= span.least)]


@dataclass(frozen=True, slots=True)
class _Line:
    """Limits in the order of their first value; `strays` have one that cannot be compared."""

    lows: list[Number]
    highs: list[Number]
    places: list[int]
    strays: list[int]

    @classmethod
    def of(cls, limits: Sequence[Limit | None], *, is_instant: bool) -> "_Line":
        found, strays = [], []
        for number, limit in enumerate(limits):
            ends = [_number(part, is_instant=is_instant) for part in limit.values] if limit else []
            known = [end for end in ends if end is not None]
            if known and len(known) == len(ends):
                found.append((known[0], known[-1], number))
            else:
                strays.append(number)
        found.sort()
        return cls(
            [low for low, _, _ in found], [high for _, high, _ in found], [at for _, _, at in found], strays
        )


def _number(part: Threshold, *, is_instant: bool) -> Number | None:
    if not is_instant:
        return part.number
    return None if part.instant is None else (part.instant - EPOCH) // MICROSECOND


def _gather(pairs: Iterable[tuple[Key, int]]) -> dict[Key, list[int]]:
    found: dict[Key, list[int]] = {}
    for key, number in pairs:
        found.setdefault(key, []).append(number)
    return found


def meet(present: Iterable[Key], wanted: Mapping[Key, list[int]]) -> set[int]:
    """Numbers of the limits that one of the present values equals."""
    return {number for value in present for number in wanted.get(value, ())}


__all__ = ["Limits", "Span", "meet"]
