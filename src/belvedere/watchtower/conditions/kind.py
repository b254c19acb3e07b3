"""What every condition is: how it reads its limit, what it finds, and the words it is told in."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from typing import Any, ClassVar, TypeVar

import polars as pl

from belvedere.core.text import NBSP, cut
from belvedere.watchtower.contracts import Condition, ConditionReason
from belvedere.watchtower.figures import exact_text, figure_maker, limit_number, value_text
from belvedere.watchtower.hits import Reasons
from belvedere.watchtower.limit_sets import Limits
from belvedere.watchtower.threshold import Limit, Threshold, parse_threshold, refuse_threshold
from belvedere.watchtower.values import NO_ROWS, Mask, Outcome, Values

T = TypeVar("T")


@dataclass(frozen=True)
class Look:
    """One field over one reading, beside the reading before.

    `delivered`: the present reading carries the field. `now_rows` and `before_rows` pair the rows of entities that both readings hold. Rows from `present` on are
    entities that only the reading before holds; they stand here when somebody asks for what is gone.
    """

    values: Values
    previous: Values | None
    delivered: bool
    now_rows: pl.Series
    before_rows: pl.Series
    present: int
    is_full: bool
    clock: datetime
    _kept: dict[str, Any] = field(default_factory=dict, repr=False)

    @property
    def size(self) -> int:
        return self.values.size

    @cached_property
    def paired(self) -> Mask:
        return Mask.at(self.now_rows, self.size)

    @cached_property
    def nothing(self) -> Mask:
        return Mask.none(self.size)

    @cached_property
    def whole(self) -> Mask:
        return Mask.all(self.size)

    def keep(self, name: str, make: Callable[["Look"], T]) -> T:
        """What a condition prepares once for all rules that ask for this field."""
        if name not in self._kept:
            self._kept[name] = make(self)
        found: T = self._kept[name]
        return found

    def unknown(self) -> Outcome:
        return Outcome(NO_ROWS, self.nothing, self.nothing)


class Kind(ABC):
    """One condition. The words are those of a comparison; a condition that reads otherwise has its own."""

    word: ClassVar[Condition]
    sign: ClassVar[str]
    example: ClassVar[str] = "15"
    needs_limit: ClassVar[bool] = True
    is_event: ClassVar[bool] = False
    """Compares with the reading before: over the moment it is seen, so it cannot recover by itself."""
    can_recover_later: ClassVar[bool] = False
    """Has a side of the limit, so that a recovery threshold may stand further off."""
    is_ordered: ClassVar[bool] = False
    """Needs a number or an instant to compare with."""
    asks_for_missing: ClassVar[bool] = False
    """A missing value is what it looks for."""
    finds_gone: ClassVar[bool] = False
    """Finds entities that are not in the present reading."""
    takes_aggregate: ClassVar[bool] = True
    names_entity: ClassVar[bool] = False
    """Its title names the entity itself."""

    def read(self, text: str, field_name: str) -> Limit | None:  # noqa: ARG002 - messages of others name the field
        return Limit(text, (parse_threshold(text),))

    def expect(self, values: Values, limits: Sequence[Limit]) -> None:  # noqa: B027 - most need no preparation
        """Tell the field what it will be asked for, so that one pass answers all rules."""

    def near(self, look: Look, limits: Limits) -> Collection[int]:  # noqa: ARG002 - most cannot tell
        """Numbers of the limits that may find something here. The others must find nothing, with the same rows known
        for each; naming all of them is always right and only slow for thousands.
        """
        return limits.every

    @abstractmethod
    def hold(self, look: Look, limit: Limit | None) -> Outcome:
        """The rows that meet the condition, and those that have an answer."""

    def holds_from_zero(self, look: Look, limit: Limit | None) -> Outcome:
        """The same where the rule lets a change from zero fire."""
        return self.hold(look, limit)

    # The words.

    def describe(self, name: str, limit: str) -> str:
        """The condition in one line, as the API echoes it."""
        return f"{name} {self.sign} {limit}".rstrip()

    def limit_text(self, reason: ConditionReason, currency: str) -> str:
        """The limit as it was typed, with its sign: "< 15%"."""
        return f"{self.sign}{NBSP}{typed_limit(reason, reason.limit or '', currency)}"

    def title(self, reason: ConditionReason, currency: str) -> str:
        """What happened, without the entity."""
        if reason.value is None:
            return f"{reason.label} is missing"
        return f"{reason.label} {self.value(reason, currency)}"

    def sentence(self, reason: ConditionReason, currency: str) -> str:
        told = self.value(reason, currency)
        return f"{reason.label} is {told}, limit {self.limit_text(reason, currency)}"

    def value(self, reason: ConditionReason, currency: str) -> str:
        """The value it met, on the side of the limit where it stands."""
        return value_text(reason.value, reason.unit, currency, limit_number(reason.limit))

    def shown(self, reason: ConditionReason, currency: str) -> str:
        """The value and the limit, for tables of mails and channels."""
        return f"{self.value(reason, currency)} ({self.limit_text(reason, currency)})"

    def speak(self, reasons: Reasons, currency: str) -> tuple[list[str], list[str]]:
        """Titles and sentences of many: what a value says is worked out once for all that share it."""
        if self._speaks_plainly:
            return self._speak_figures(reasons, currency)
        said: dict[object, tuple[str, str]] = {}
        keys = list(zip(reasons.values, reasons.previous, reasons.results, strict=True))
        for key, reason in zip(keys, reasons.each(), strict=True):
            if key not in said:
                said[key] = (self.title(reason, currency), self.sentence(reason, currency))
        return [said[key][0] for key in keys], [said[key][1] for key in keys]

    @cached_property
    def _speaks_plainly(self) -> bool:
        """Whether only the figure differs in its words."""
        words = ("title", "sentence", "value", "limit_text")
        return all(getattr(type(self), word) is getattr(Kind, word) for word in words)

    def _speak_figures(self, reasons: Reasons, currency: str) -> tuple[list[str], list[str]]:
        base = reasons.base
        say = figure_maker(base.unit, currency, limit_number(base.limit))
        told = {value: say(value) for value in set(reasons.values)}
        is_said, limit = f"{base.label} is ", f", limit {self.limit_text(base, currency)}"
        titles = [
            f"{base.label} is missing" if value is None else f"{base.label} {told[value]}"
            for value in reasons.values
        ]
        return titles, [f"{is_said}{told[value]}{limit}" for value in reasons.values]


KINDS: dict[Condition, Kind] = {}
K = TypeVar("K", bound=type[Kind])


def register(kind: K) -> K:
    """Enter a condition under its word; two for one word are a mistake."""
    if kind.word in KINDS:
        raise ValueError(f"the condition {kind.word} stands in two files")
    KINDS[kind.word] = kind()
    return kind


def typed_limit(reason: ConditionReason, text: str, currency: str) -> str:
    """One value of a limit: with its unit where it is a number, in quotes where it is text."""
    number = limit_number(text)
    return f"“{cut(text, 80)}”" if number is None else exact_text(number, reason.unit, currency)


def bare_limit(reason: ConditionReason, text: str, currency: str) -> str:
    """The same without quotes, for lists of words."""
    number = limit_number(text)
    return cut(text, 80) if number is None else exact_text(number, reason.unit, currency)


def read_ordered(word: Condition, text: str, field_name: str) -> Threshold:
    """One end of an order; raises Invalid where it is neither a number nor an instant."""
    threshold = parse_threshold(text)
    if threshold.number is None and threshold.instant is None:
        refuse_threshold(
            "not_a_number",
            f"“{threshold.text}” is not a number or a date, so `{word}` cannot compare {field_name}"
            " with it. Write a number with a point, such as 1200.5, 15 % or $40, or a date such as 2026-11-20.",
        )
    return threshold
