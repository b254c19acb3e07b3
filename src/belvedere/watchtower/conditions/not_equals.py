"""`not_equals`: any value but this one; a missing value is neither."""

from collections.abc import Sequence

from belvedere.watchtower.conditions.kind import Kind, Look, register, typed_limit
from belvedere.watchtower.contracts import Condition, ConditionReason
from belvedere.watchtower.figures import limit_number
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

    def limit_text(self, reason: ConditionReason, currency: str) -> str:
        is_word = limit_number(reason.limit) is None
        return (
            f"not {typed_limit(reason, reason.limit or '', currency)}"
            if is_word
            else super().limit_text(reason, currency)
        )

    def sentence(self, reason: ConditionReason, currency: str) -> str:
        if limit_number(reason.limit) is not None or not reason.result:
            return super().sentence(reason, currency)
        return f"{reason.label} is {self.value(reason, currency)}, {self.limit_text(reason, currency)}"

    def title(self, reason: ConditionReason, currency: str) -> str:
        return f"{reason.label} is {self.value(reason, currency)}"
