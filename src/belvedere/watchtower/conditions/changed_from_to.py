"""`changed_from_to`: from one named value to another, written "live -> paused"; * stands for any value."""

import re
from collections.abc import Collection, Sequence

import polars as pl

from belvedere.watchtower.conditions.changed import Changed, find_changed
from belvedere.watchtower.conditions.kind import Look, register
from belvedere.watchtower.contracts import Condition, ConditionReason
from belvedere.watchtower.limit_sets import Limits
from belvedere.watchtower.threshold import Limit, Threshold, parse_threshold, refuse_threshold
from belvedere.watchtower.values import Outcome, Values

_ARROW = re.compile(r"\s*(?:->|→)\s*")
ANY = "*"


@register
class ChangedFromTo(Changed):
    word = Condition.CHANGED_FROM_TO
    sign = "changed"
    example = "live -> paused"
    needs_limit = True

    def read(self, text: str, field_name: str) -> Limit:
        ends = _ARROW.split(text)
        if len(ends) != 2 or not all(ends):
            refuse_threshold(
                "not_a_step",
                f"“{text}” does not say from which value to which {field_name} changes."
                " Write both with an arrow, such as live -> paused; * is any value.",
            )
        return Limit(text, tuple(None if end == ANY else parse_threshold(end) for end in ends))

    def expect(self, values: Values, limits: Sequence[Limit]) -> None:
        values.expect_equal([limit.parts[1] for limit in limits if limit.parts[1] is not None])

    def near(self, look: Look, limits: Limits) -> Collection[int]:
        return limits.every if len(look.keep("changed", find_changed).hits) else ()

    def hold(self, look: Look, limit: Limit | None) -> Outcome:
        changed = look.keep("changed", find_changed)
        if limit is None or look.previous is None or not len(changed.hits):
            return changed
        start, end = limit.parts
        pairs = pl.DataFrame({"now": look.now_rows, "before": look.before_rows})
        pairs = pairs.filter(pl.col("now").is_in(changed.hits.implode()))
        pairs = _keep_equal(_keep_equal(pairs, "now", look.values, end), "before", look.previous, start)
        return Outcome(pairs["now"], changed.known, changed.errors)

    def describe(self, name: str, limit: str) -> str:
        return f"{name} changed {limit_words(limit)}"

    def limit_text(self, reason: ConditionReason, currency: str) -> str:  # noqa: ARG002 - said as it was typed
        return f"changed {limit_words(reason.limit or '')}"


def _keep_equal(pairs: pl.DataFrame, side: str, values: Values, wanted: Threshold | None) -> pl.DataFrame:
    if wanted is None:
        return pairs
    return pairs.filter(pl.col(side).is_in(values.equal(wanted).hits.implode()))


def limit_words(limit: str) -> str:
    start, _, end = _ARROW.sub("\x00", limit, count=1).partition("\x00")
    said = [f"from {start}" if start != ANY else "", f"to {end}" if end != ANY else ""]
    return " ".join(word for word in said if word) or "at all"
