"""`in`: equal to one of several values, written as words between commas or as a JSON list."""

import json
import re
from collections.abc import Collection, Sequence
from functools import reduce

import polars as pl

from belvedere.watchtower.conditions.kind import Kind, Look, bare_limit, register
from belvedere.watchtower.contracts import Condition, ConditionReason
from belvedere.watchtower.limit_sets import Limits
from belvedere.watchtower.threshold import Limit, parse_threshold, refuse_threshold
from belvedere.watchtower.values import Outcome, Values

_AMBIGUOUS = re.compile(r"\d,\d{3}(?!\d)")
MOST_SHOWN = 8


@register
class In(Kind):
    word = Condition.IN
    sign = "in"
    example = "paused, failed"

    def read(self, text: str, field_name: str) -> Limit:
        if not text.startswith("[") and _AMBIGUOUS.search(text):
            refuse_threshold(
                "ambiguous",
                f"“{text}” can be read in two ways. Put a space after each comma between values, or write a JSON list"
                f' such as ["1200", "3000"] for {field_name}.',
            )
        parts = split_list(text)
        if not parts:
            refuse_threshold(
                "empty", f"The list for {field_name} is empty. Name the values, such as {self.example}."
            )
        return Limit(text, tuple(parse_threshold(part) for part in parts))

    def expect(self, values: Values, limits: Sequence[Limit]) -> None:
        values.expect_equal([part for limit in limits for part in limit.values])

    def near(self, look: Look, limits: Limits) -> Collection[int]:
        return look.values.near_equal(limits)

    def hold(self, look: Look, limit: Limit | None) -> Outcome:
        if limit is None:
            return look.unknown()
        found = [look.values.equal(part) for part in limit.values]
        hits = reduce(lambda left, right: left.append(right.hits), found[1:], found[0].hits.clone())
        return Outcome(pl.Series(hits).unique().sort(), found[0].known, found[0].errors)

    def describe(self, name: str, limit: str) -> str:
        return f"{name} in ({', '.join(split_list(limit))})"

    def limit_text(self, reason: ConditionReason, currency: str) -> str:
        parts = split_list(reason.limit or "")
        told = [bare_limit(reason, part, currency) for part in parts[:MOST_SHOWN]]
        more = f" and {len(parts) - MOST_SHOWN} more" if len(parts) > MOST_SHOWN else ""
        return f"one of {', '.join(told)}{more}"

    def title(self, reason: ConditionReason, currency: str) -> str:
        return f"{reason.label} is {self.limit_text(reason, currency)}"

    def sentence(self, reason: ConditionReason, currency: str) -> str:
        said = "" if reason.result else "not "
        return f"{reason.label} is {self.value(reason, currency)}, {said}{self.limit_text(reason, currency)}"


def split_list(text: str) -> list[str]:
    """The values of a list as it was typed, each once."""
    text = text.strip()
    if text.startswith("["):
        try:
            found = json.loads(text, parse_float=str, parse_int=str)
        except ValueError:
            refuse_threshold(
                "not_a_list", f'“{text}” begins like a JSON list and is none. Write ["paused", "failed"].'
            )
        parts = [_word(part) for part in found]
    else:
        parts = text.split(",")
    return list(dict.fromkeys(part.strip() for part in parts if part.strip()))


def _word(part: object) -> str:
    if isinstance(part, bool):
        return "true" if part else "false"
    if isinstance(part, str):
        return part
    if isinstance(part, list):
        return json.dumps(part)
    refuse_threshold(
        "not_a_list",
        'A list of values holds words, numbers, true or false, and nothing else. Write ["paused", "failed"].',
    )
    return None
