"""`no_data`: this record has no value, for whatever reason: empty, not sent, or the field gone altogether."""

from belvedere.watchtower.conditions.kind import Kind, Look, register
from belvedere.watchtower.contracts import Condition, ConditionReason
from belvedere.watchtower.threshold import Limit
from belvedere.watchtower.values import Outcome, true_rows


@register
class NoData(Kind):
    word = Condition.NO_DATA
    sign = "has no data"
    needs_limit = False
    asks_for_missing = True

    def read(self, text: str, field_name: str) -> Limit | None:  # noqa: ARG002 - there is nothing to compare with
        return None

    def hold(self, look: Look, limit: Limit | None) -> Outcome:  # noqa: ARG002 - there is nothing to compare with
        return Outcome(true_rows(~look.values.known.rows), look.whole, look.nothing)

    def describe(self, name: str, limit: str) -> str:  # noqa: ARG002 - it has none
        return f"{name} has no data"

    def limit_text(self, reason: ConditionReason, currency: str) -> str:  # noqa: ARG002 - it has none
        return "no data"

    def title(self, reason: ConditionReason, currency: str) -> str:  # noqa: ARG002 - it has no figure
        return f"No data: {reason.label}"

    def sentence(self, reason: ConditionReason, currency: str) -> str:
        return f"{reason.label} {'has no data' if reason.result else 'is ' + self.value(reason, currency)}"

    def shown(self, reason: ConditionReason, currency: str) -> str:
        return "no data" if reason.result else self.value(reason, currency)
