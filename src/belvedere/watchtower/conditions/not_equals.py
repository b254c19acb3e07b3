"""`not_equals`: any value but this one; a missing value is neither."""

from collections.abc import Sequence

from belvedere.watchtower.conditions.kind import Kind, Look, register
from belvedere.watchtower.contracts import Condition, ConditionReason
from belvedere.watchtower.threshold import Limit
from belvedere.watchtower.values import Outcome, Values


@register
class NotEquals(Kind):
    word = Condition.NOT_EQUALS
    sign = "≠"
    example = "live"

    def expect(self, values: Values, limits: Sequence[Limit]) -> None:
        values.expect_equal([limit.only for limit in limits])

    def hold(self, look: Look, limit: Limit | None) -> Outcome:
        return look.values.equal(limit.only).negated() if limit else look.unknown()

    def title(self, reason: ConditionReason, currency: str) -> str:
        return f"{reason.label} is {self.value(reason, currency)}"
