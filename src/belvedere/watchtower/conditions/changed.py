"""`changed`: another value than in the reading before; with a limit, changed to it.

Both readings must carry the field; then from no value to one, and back, are changes too. A number that comes as text is the
same number; two texts are compared as text.
"""

from collections.abc import Collection, Sequence

import polars as pl

from belvedere.watchtower.conditions.kind import Kind, Look, register
from belvedere.watchtower.contracts import Condition, ConditionReason
from belvedere.watchtower.figures import change_texts, value_text
from belvedere.watchtower.limit_sets import Limits
from belvedere.watchtower.threshold import Limit
from belvedere.watchtower.values import NO_ROWS, Outcome, Values, mark, take


@register
class Changed(Kind):
    word = Condition.CHANGED
    sign = "changed"
    needs_limit = False
    is_event = True
    takes_aggregate = False

    def expect(self, values: Values, limits: Sequence[Limit]) -> None:
        values.expect_equal([limit.only for limit in limits])

    def near(self, look: Look, limits: Limits) -> Collection[int]:
        if not len(look.keep("changed", find_changed).hits):
            return ()
        if len(limits.open) == len(limits):
            return limits.every
        return {*limits.open, *look.values.near_equal(limits)}

    def hold(self, look: Look, limit: Limit | None) -> Outcome:
        changed = look.keep("changed", find_changed)
        if limit is None:
            return changed
        arrived = look.values.equal(limit.only)
        return Outcome(
            changed.hits.filter(take(mark(arrived.hits, look.size), changed.hits)),
            changed.known,
            changed.errors,
        )

    def describe(self, name: str, limit: str) -> str:
        return f"{name} changed" + (f" to {limit}" if limit else "")

    def limit_text(self, reason: ConditionReason, currency: str) -> str:  # noqa: ARG002 - said as it was typed
        return f"changed to {reason.limit}" if reason.limit else "changed"

    def title(self, reason: ConditionReason, currency: str) -> str:
        return change_text(reason, currency)

    def sentence(self, reason: ConditionReason, currency: str) -> str:
        if reason.result:
            return change_text(reason, currency)
        return f"{reason.label} is {self.value(reason, currency)}, not {self.limit_text(reason, currency)}"

    def value(self, reason: ConditionReason, currency: str) -> str:
        return value_text(reason.value, reason.unit, currency)

    def shown(self, reason: ConditionReason, currency: str) -> str:
        if not reason.result:
            return super().shown(reason, currency)
        before, after = change_texts(reason, currency)
        return f"{after} ({f'changed from {before}' if reason.previous is not None else 'changed'})"


def find_changed(look: Look) -> Outcome:
    """Rows whose value differs from the reading before."""
    if look.previous is None or not look.delivered or not look.previous.delivered:
        return look.unknown()
    now = take(look.values.comparable(), look.now_rows)
    before = take(look.previous.comparable(), look.before_rows)
    differing = now.ne_missing(before)
    same = _written_otherwise(look, look.previous, now, before) if differing.any() else None
    rows = look.now_rows.filter(differing if same is None else differing & ~same)
    return Outcome(rows if len(rows) else NO_ROWS, look.paired, look.nothing)


def _written_otherwise(look: Look, previous: Values, now: pl.Series, before: pl.Series) -> pl.Series | None:
    """Where one reading has a number and the other a text that reads as the same number: 1 and "1.0"."""
    here, there = look.values.by_number(), previous.by_number()
    if here is None or there is None:
        return None
    here, there = take(here, look.now_rows), take(there, look.before_rows)
    one_is_text = (now == here) != (before == there)
    return (one_is_text & (here == there)).fill_null(value=False)


def change_text(reason: ConditionReason, currency: str) -> str:
    before, after = change_texts(reason, currency)
    since = f" from {before}" if reason.previous is not None else ""
    return f"{reason.label} changed{since} to {after}"
