"""`is_null`: the reading carries the field, and this record has no value in it."""

from belvedere.watchtower.conditions.kind import Kind, Look, register
from belvedere.watchtower.contracts import Condition, ConditionReason
from belvedere.watchtower.threshold import Limit
from belvedere.watchtower.values import Outcome, true_rows


@register
class IsNull(Kind):
    word = Condition.IS_NULL
    sign = "is empty"
    needs_limit = False
    asks_for_missing = True

    def read(self, text: str, field_name: str) -> Limit | None:  # noqa: ARG002 - there is nothing to compare with
        return None

    def hold(self, look: Look, limit: Limit | None) -> Outcome:  # noqa: ARG002 - there is nothing to compare with
        if not look.delivered:
            return look.unknown()
        return Outcome(true_rows(~look.values.known.rows), look.whole, look.nothing)

    def describe(self, name: str, limit: str) -> str:  # noqa: ARG002 - it has none
        return f"{name} is empty"

    def limit_text(self, reason: ConditionReason, currency: str) -> str:  # noqa: ARG002 - it has none
        return "empty"

    def title(self, reason: ConditionReason, currency: str) -> str:  # noqa: ARG002 - it has no figure
        return f"{reason.label} is empty"

    def sentence(self, reason: ConditionReason, currency: str) -> str:
        return (
            f"{reason.label} is {'empty' if reason.result else self.value(reason, currency) + ', not empty'}"
        )

    def shown(self, reason: ConditionReason, currency: str) -> str:
        return "empty" if reason.result else self.value(reason, currency)
