"""`removed`: an entity that the full reading before held and this full reading does not."""

from belvedere.watchtower.conditions.kind import Kind, Look, register
from belvedere.watchtower.contracts import Condition, ConditionReason
from belvedere.watchtower.figures import value_text
from belvedere.watchtower.threshold import Limit
from belvedere.watchtower.values import Outcome, number_rows


@register
class Removed(Kind):
    word = Condition.REMOVED
    sign = "removed"
    needs_limit = False
    is_event = True
    takes_aggregate = False
    names_entity = True
    finds_gone = True

    def read(self, text: str, field_name: str) -> Limit | None:  # noqa: ARG002 - there is nothing to compare with
        return None

    def hold(self, look: Look, limit: Limit | None) -> Outcome:  # noqa: ARG002 - there is nothing to compare with
        if look.previous is None or not look.is_full:
            return look.unknown()
        return Outcome(number_rows(look.size).slice(look.present), look.whole, look.nothing)

    def describe(self, name: str, limit: str) -> str:  # noqa: ARG002 - it has none
        return f"removed (told by {name})"

    def limit_text(self, reason: ConditionReason, currency: str) -> str:  # noqa: ARG002 - it has none
        return "gone"

    def title(self, reason: ConditionReason, currency: str) -> str:  # noqa: ARG002 - the entity is the news
        return "Gone"

    def sentence(self, reason: ConditionReason, currency: str) -> str:
        told = value_text(reason.value, reason.unit, currency)
        return f"{'Gone from the data' if reason.result else 'Still in the data'} ({reason.label.lower()}: {told})"

    def shown(self, reason: ConditionReason, currency: str) -> str:
        told = value_text(reason.value, reason.unit, currency)
        return f"{told} (gone)" if reason.result else told
