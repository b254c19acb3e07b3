"""`greater_or_equal`: at the limit or above. Numbers by value, instants by time."""

from collections.abc import Collection

from belvedere.watchtower.conditions.kind import Kind, Look, read_ordered, register
from belvedere.watchtower.contracts import Condition
from belvedere.watchtower.limit_sets import Limits
from belvedere.watchtower.threshold import Limit
from belvedere.watchtower.values import Outcome


@register
class GreaterOrEqual(Kind):
    word = Condition.GREATER_OR_EQUAL
    sign = "≥"
    is_ordered = True
    can_recover_later = True

    def read(self, text: str, field_name: str) -> Limit:
        return Limit(text, (read_ordered(self.word, text, field_name),))

    def near(self, look: Look, limits: Limits) -> Collection[int]:
        return limits.ordered(">=", look.values.span)

    def hold(self, look: Look, limit: Limit | None) -> Outcome:
        return look.values.ordered(">=", limit.only) if limit else look.unknown()
