"""`contains`: part of a text, capitals aside, or one exact tag of a list."""

from collections.abc import Collection, Sequence

from belvedere.core.text import NBSP, cut
from belvedere.watchtower.conditions.kind import Kind, Look, register
from belvedere.watchtower.contracts import Condition, ConditionReason
from belvedere.watchtower.figures import value_text
from belvedere.watchtower.limit_sets import Limits
from belvedere.watchtower.threshold import Limit
from belvedere.watchtower.values import Outcome, Values


@register
class Contains(Kind):
    word = Condition.CONTAINS
    sign = "contains"
    example = "sale"

    def expect(self, values: Values, limits: Sequence[Limit]) -> None:
        values.expect_contained([limit.only for limit in limits])

    def near(self, look: Look, limits: Limits) -> Collection[int]:
        return look.values.near_contained(limits)

    def hold(self, look: Look, limit: Limit | None) -> Outcome:
        return look.values.contains(limit.only) if limit else look.unknown()

    def describe(self, name: str, limit: str) -> str:
        return f'{name} contains "{limit}"'

    def limit_text(self, reason: ConditionReason, currency: str) -> str:  # noqa: ARG002 - a text has no unit
        return f"contains{NBSP}“{cut(reason.limit or '', 80)}”"

    def title(self, reason: ConditionReason, currency: str) -> str:  # noqa: ARG002 - a text has no unit
        return f"{reason.label} contains “{cut(reason.limit or '', 60)}”"

    def value(self, reason: ConditionReason, currency: str) -> str:
        return value_text(reason.value, reason.unit, currency)
