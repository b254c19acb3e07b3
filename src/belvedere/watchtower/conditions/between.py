"""`between`: from the low end to the high end, both included. Written "10 and 20" or "10..20"."""

import re
from collections.abc import Collection

from belvedere.core.text import NBSP
from belvedere.watchtower.conditions.kind import Kind, Look, bare_limit, read_ordered, register
from belvedere.watchtower.contracts import Condition, ConditionReason
from belvedere.watchtower.limit_sets import Limits
from belvedere.watchtower.threshold import Limit, Threshold, refuse_threshold
from belvedere.watchtower.values import Outcome

_MIDDLE = re.compile(r"\s+and\s+|\s*(?:\.\.|…)\s*", re.IGNORECASE)


@register
class Between(Kind):
    word = Condition.BETWEEN
    sign = "between"
    example = "10 and 20"
    is_ordered = True

    def read(self, text: str, field_name: str) -> Limit:
        ends = split_ends(text)
        if len(ends) != 2:
            refuse_threshold(
                "not_two", f"“{text}” does not name two ends. Write the low end first, such as 10 and 20."
            )
        low, high = (read_ordered(self.word, end, field_name) for end in ends)
        if is_reversed(low, high):
            refuse_threshold(
                "reversed", f"“{text}” names the high end first. Write {high.text} and {low.text}."
            )
        return Limit(text, (low, high))

    def near(self, look: Look, limits: Limits) -> Collection[int]:
        return limits.within(look.values.span)

    def hold(self, look: Look, limit: Limit | None) -> Outcome:
        return look.values.within(*limit.values) if limit else look.unknown()

    def limit_text(self, reason: ConditionReason, currency: str) -> str:
        ends = [
            bare_limit(reason, end, currency).replace(" ", NBSP) for end in split_ends(reason.limit or "")
        ]
        return f"between{NBSP}{f'{NBSP}and{NBSP}'.join(ends)}"

    def title(self, reason: ConditionReason, currency: str) -> str:
        return f"{reason.label} {self.value(reason, currency)} is {self.limit_text(reason, currency)}"

    def sentence(self, reason: ConditionReason, currency: str) -> str:
        said = "" if reason.result else "not "
        return f"{reason.label} is {self.value(reason, currency)}, {said}{self.limit_text(reason, currency)}"


def split_ends(text: str) -> list[str]:
    return [end for end in _MIDDLE.split(text.strip()) if end]


def is_reversed(low: Threshold, high: Threshold) -> bool:
    """Whether the ends stand in the wrong order in every reading they share."""
    if low.number is not None and high.number is not None:
        return low.number > high.number
    return low.instant is not None and high.instant is not None and low.instant > high.instant
