"""`changed`: another value than in the reading before; with a limit, changed to it.

Both readings must carry the field; then from no value to one, and back, are changes too.
"""

from collections.abc import Collection, Sequence

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
    differing = look.now_rows.filter(now.ne_missing(before))
    return Outcome(differing if len(differing) else NO_ROWS, look.paired, look.nothing)


def change_text(reason: ConditionReason, currency: str) -> str:
    before, after = change_texts(reason, currency)
    since = f" from {before}" if reason.previous is not None else ""
    return f"{reason.label} changed{since} to {after}"
