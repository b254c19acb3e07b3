"""`percent_change`: how far a number moved since the reading before, in percent of what it was.

"-30" fires on a fall of at least 30 %, "30" on a rise of at least 30 %, "±30" on either. Where the number was 0 or
missing there is no percentage; a rule may say that a change from 0 fires.
"""

import re
from bisect import bisect_left, bisect_right
from collections.abc import Collection
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction

import polars as pl

from belvedere.core.text import format_number
from belvedere.watchtower.conditions.kind import Kind, Look, register
from belvedere.watchtower.contracts import Condition, ConditionReason
from belvedere.watchtower.figures import value_text
from belvedere.watchtower.limit_sets import Limits
from belvedere.watchtower.threshold import Limit, parse_number, refuse_threshold, strict_number
from belvedere.watchtower.values import NO_ROWS, ROW, Cells, Mask, Outcome, as_rows, take

_FORM = re.compile(r"(?P<way>±|\+\s*/?\s*[-−]|[-−+])?\s*(?P<number>[^\s+\-−±].*)")
_NEAR = 1e-9


@dataclass(frozen=True, slots=True)
class Step:
    """How far, above 0, and which ways count."""

    percent: Decimal
    rises: bool
    falls: bool


@register
class PercentChange(Kind):
    word = Condition.PERCENT_CHANGE
    sign = "changes by"
    example = "-30"
    is_event = True

    def read(self, text: str, field_name: str) -> Limit:
        return Limit(text, detail=parse_step(text, field_name))

    def near(self, look: Look, limits: Limits) -> Collection[int]:
        if look.previous is None:
            return ()
        shifts = look.keep("shifts", Shifts)
        if shifts.from_zero.count:
            return limits.every
        return [
            number
            for number, limit in enumerate(limits.all)
            if limit is None or shifts.may_reach(limit.detail)
        ]

    def hold(self, look: Look, limit: Limit | None) -> Outcome:
        if limit is None or look.previous is None:
            return look.unknown()
        shifts = look.keep("shifts", Shifts)
        return Outcome(shifts.find(limit.detail), shifts.known, shifts.wrong)

    def holds_from_zero(self, look: Look, limit: Limit | None) -> Outcome:
        found = self.hold(look, limit)
        if limit is None or look.previous is None:
            return found
        shifts = look.keep("shifts", Shifts)
        return Outcome(
            found.hits.clone().append(shifts.find_from_zero(limit.detail)).sort(),
            Mask.of(found.known.rows | shifts.from_zero.rows),
            found.errors,
        )

    def describe(self, name: str, limit: str) -> str:
        return f"{name} {step_words(limit)}"

    def limit_text(self, reason: ConditionReason, currency: str) -> str:  # noqa: ARG002 - a percentage
        return step_words(reason.limit or "")

    def title(self, reason: ConditionReason, currency: str) -> str:
        return f"{reason.label} {self.value(reason, currency)} {_moved(reason)}"

    def sentence(self, reason: ConditionReason, currency: str) -> str:
        before = value_text(reason.previous, reason.unit, currency)
        told = f"{reason.label} is {self.value(reason, currency)}, was {before}"
        if not reason.result:
            return f"{told}, limit {self.limit_text(reason, currency)}"
        return f"{told}: {_moved(reason)}, limit {self.limit_text(reason, currency)}"

    def value(self, reason: ConditionReason, currency: str) -> str:
        return value_text(reason.value, reason.unit, currency)

    def shown(self, reason: ConditionReason, currency: str) -> str:
        told = _moved(reason) if reason.result else self.limit_text(reason, currency)
        return f"{self.value(reason, currency)} ({told})"


class Shifts:
    """Percent changes of a field, near enough as sorted floats, exact where a limit stands close."""

    def __init__(self, look: Look) -> None:
        if look.previous is None:
            raise ValueError("there is no reading before")
        now, before = look.values.exact(), look.previous.exact()
        pairs = pl.DataFrame({"now": look.now_rows.cast(ROW), "before": look.before_rows.cast(ROW)})
        pairs = pairs.with_columns(
            wrong=take(now.wrong.rows, pairs["now"]) | take(before.wrong.rows, pairs["before"]),
            both=take(now.known.rows, pairs["now"]) & take(before.known.rows, pairs["before"]),
            zero=take(before.zeros, pairs["before"]),
        )
        self.wrong = Mask.at(pairs.filter("wrong")["now"], look.size)
        both = pairs.filter("both")
        zero, moved = both.filter("zero"), both.filter(~pl.col("zero"))
        self.known = Mask.at(moved["now"], look.size)
        self.from_zero = Mask.at(zero["now"], look.size)
        self._now, self._before = now, before
        self._zero_rows = zero["now"]
        near = shift_floats(now, before, moved)
        order = near.arg_sort()
        self._near, self._pairs = take(near, order), moved.select("now", "before")[order]
        self._ends = (self._near[0], self._near[-1]) if len(near) else (0.0, 0.0)

    def may_reach(self, step: Step) -> bool:
        """Whether the largest moves come near a limit."""
        if not len(self._near):
            return False
        bound = float(step.percent) * (1 - _NEAR) - _NEAR
        return (step.rises and self._ends[1] >= bound) or (step.falls and self._ends[0] <= -bound)

    def find(self, step: Step) -> pl.Series:
        rows: list[pl.Series] = []
        if step.rises:
            rows += self._beyond(step.percent, rises=True)
        if step.falls:
            rows += self._beyond(-step.percent, rises=False)
        return pl.concat(rows).sort() if rows else NO_ROWS

    def find_from_zero(self, step: Step) -> pl.Series:
        def fires(row: int) -> bool:
            number = self._now.number(row)
            return (number > 0 and step.rises) or (number < 0 and step.falls)

        return as_rows(row for row in self._zero_rows.to_list() if fires(row))

    def _beyond(self, limit: Decimal, *, rises: bool) -> list[pl.Series]:
        bound, near = float(limit), _NEAR * (1 + abs(float(limit)))
        low = bisect_left(self._near, bound - near)
        high = bisect_right(self._near, bound + near)
        sure = self._pairs["now"].slice(high) if rises else self._pairs["now"].head(low)
        return [sure, self._exactly(low, high, Fraction(limit), rises=rises)]

    def _exactly(self, low: int, high: int, limit: Fraction, *, rises: bool) -> pl.Series:
        found = []
        for now, before in self._pairs.slice(low, high - low).iter_rows():
            shift = percent_shift(self._now.number(now), self._before.number(before))
            if shift >= limit if rises else shift <= limit:
                found.append(now)
        return as_rows(found)


def shift_floats(now: Cells, before: Cells, pairs: pl.DataFrame) -> pl.Series:
    """Near enough for a first look; what stands close to a limit is looked at exactly."""
    if now.grid is not None and before.grid is not None and now.scale == before.scale:
        left = take(now.grid, pairs["now"]).cast(pl.Float64)
        right = take(before.grid, pairs["before"]).cast(pl.Float64)
        return (left - right) / right.abs() * 100
    shifts = [
        percent_shift(now.number(left), before.number(right))
        for left, right in pairs.select("now", "before").iter_rows()
    ]
    return pl.Series([near_float(shift) for shift in shifts], dtype=pl.Float64)


def near_float(number: Fraction) -> float:
    try:
        return float(number)
    except OverflowError:
        return float("inf") if number > 0 else float("-inf")


def percent_shift(now: Fraction, before: Fraction) -> Fraction:
    return (now - before) * 100 / abs(before)


def parse_step(text: str, field_name: str) -> Step:
    """A percent change as people type it; raises Invalid that names the fix."""
    form = _FORM.fullmatch(text.strip())
    number = parse_number(form["number"]) if form else None
    if form is None or number is None or number <= 0:
        refuse_threshold(
            "not_a_percentage",
            f"“{text}” is no percentage for {field_name}. Write -30 for a fall of at least 30 %, 30 for a rise,"
            " ±30 for either.",
        )
    way = (form["way"] or "+").replace(" ", "").replace("−", "-")
    return Step(number, rises=way != "-", falls=way != "+")


def step_words(limit: str) -> str:
    step = parse_step(limit, "the field")
    percent = f"{format_number(step.percent)}%"
    if step.rises and step.falls:
        return f"changes by at least {percent}"
    return f"{'rises' if step.rises else 'falls'} by at least {percent}"


def _moved(reason: ConditionReason) -> str:
    now, before = strict_number(reason.value or ""), strict_number(reason.previous or "")
    if now is None or before is None:
        return "changed since the last reading"
    if before == 0:
        return f"{'rose' if now > 0 else 'fell'} from 0 since the last reading"
    shift = percent_shift(Fraction(now), Fraction(before))
    told = _size_text(abs(shift), parse_step(reason.limit or "", reason.label).percent)
    return f"{'rose' if shift > 0 else 'fell'} {told}% since the last reading"


def _size_text(size: Fraction, limit: Decimal) -> str:
    """Whole percents from 10 on, one digit below; more where rounding would cross the limit or come to nothing."""
    for places in range(0 if size >= 10 else 1, 7):
        shown = Decimal(round(size * 10**places)).scaleb(-places)
        if shown and (shown >= limit) == (size >= Fraction(limit)):
            return format_number(shown)
    return format_number(limit)
