"""`equals`: the same number, the same text after trimming, the same set, the same instant."""

from collections.abc import Collection, Sequence

from belvedere.watchtower.conditions.kind import Kind, Look, register
from belvedere.watchtower.contracts import Condition
from belvedere.watchtower.limit_sets import Limits
from belvedere.watchtower.threshold import Limit
from belvedere.watchtower.values import Outcome, Values


@register
class Equals(Kind):
    word = Condition.EQUALS
    sign = "="

    def expect(self, values: Values, limits: Sequence[Limit]) -> None:
        values.expect_equal([limit.only for limit in limits])

    def near(self, look: Look, limits: Limits) -> Collection[int]:
        return look.values.near_equal(limits)

    def hold(self, look: Look, limit: Limit | None) -> Outcome:
        return look.values.equal(limit.only) if limit else look.unknown()
