"""`added`: an entity that the full reading before did not hold. A first reading is a baseline and adds nothing."""

from belvedere.watchtower.conditions.kind import Kind, Look, register
from belvedere.watchtower.contracts import Condition, ConditionReason
from belvedere.watchtower.figures import value_text
from belvedere.watchtower.threshold import Limit
from belvedere.watchtower.values import Outcome, true_rows


@register
class Added(Kind):
    word = Condition.ADDED
    sign = "added"
    needs_limit = False
    is_event = True
    takes_aggregate = False
    names_entity = True

    def read(self, text: str, field_name: str) -> Limit | None:  # noqa: ARG002 - there is nothing to compare with
        return None

    def hold(self, look: Look, limit: Limit | None) -> Outcome:  # noqa: ARG002 - there is nothing to compare with
        if look.previous is None:
            return look.unknown()
        rows = true_rows(~look.paired.rows)
        return Outcome(rows.filter(rows < look.present), look.whole, look.nothing)

    def describe(self, name: str, limit: str) -> str:  # noqa: ARG002 - it has none
        return f"added (told by {name})"

    def limit_text(self, reason: ConditionReason, currency: str) -> str:  # noqa: ARG002 - it has none
        return "new"

    def title(self, reason: ConditionReason, currency: str) -> str:  # noqa: ARG002 - the entity is the news
        return "New"

    def sentence(self, reason: ConditionReason, currency: str) -> str:
        told = value_text(reason.value, reason.unit, currency)
        return f"{'New in the data' if reason.result else 'Not new'} ({reason.label.lower()}: {told})"

    def shown(self, reason: ConditionReason, currency: str) -> str:
        told = value_text(reason.value, reason.unit, currency)
        return f"{told} (new)" if reason.result else told
