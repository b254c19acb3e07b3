"""`is_not_null`: this record has a value in the field, where the reading carries the field at all."""

from belvedere.watchtower.conditions.kind import Kind, Look, register
from belvedere.watchtower.contracts import Condition, ConditionReason
from belvedere.watchtower.threshold import Limit
from belvedere.watchtower.values import Outcome, true_rows


@register
class IsNotNull(Kind):
    word = Condition.IS_NOT_NULL
    sign = "is not empty"
    needs_limit = False
    asks_for_missing = True

    def read(self, text: str, field_name: str) -> Limit | None:  # noqa: ARG002 - there is nothing to compare with
        return None

    def hold(self, look: Look, limit: Limit | None) -> Outcome:  # noqa: ARG002 - there is nothing to compare with
        if not look.delivered:
            return look.unknown()
        return Outcome(true_rows(look.values.known.rows), look.whole, look.nothing)

    def describe(self, name: str, limit: str) -> str:  # noqa: ARG002 - it has none
        return f"{name} is not empty"

    def limit_text(self, reason: ConditionReason, currency: str) -> str:  # noqa: ARG002 - it has none
        return "not empty"

    def title(self, reason: ConditionReason, currency: str) -> str:
        return f"{reason.label} has a value: {self.value(reason, currency)}"

    def sentence(self, reason: ConditionReason, currency: str) -> str:
        return (
            f"{reason.label} is {self.value(reason, currency) + ', not empty' if reason.result else 'empty'}"
        )

    def shown(self, reason: ConditionReason, currency: str) -> str:
        return self.value(reason, currency)
