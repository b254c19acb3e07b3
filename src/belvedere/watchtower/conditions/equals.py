"""`equals`: the same number, the same text after trimming, the same set, the same instant."""

from collections.abc import Collection, Sequence

from belvedere.watchtower.conditions.kind import Kind, Look, register, typed_limit
from belvedere.watchtower.contracts import Condition, ConditionReason
from belvedere.watchtower.figures import limit_number
from belvedere.watchtower.hits import Reasons
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

    def limit_text(self, reason: ConditionReason, currency: str) -> str:
        """A number with its sign; a word as people say it."""
        return (
            f"is {typed_limit(reason, reason.limit or '', currency)}"
            if is_word(reason)
            else super().limit_text(reason, currency)
        )

    def title(self, reason: ConditionReason, currency: str) -> str:
        return reason.label if is_yes(reason) else super().title(reason, currency)

    def sentence(self, reason: ConditionReason, currency: str) -> str:
        if is_yes(reason):
            return reason.label
        if not is_word(reason):
            return super().sentence(reason, currency)
        said = f"{reason.label} is {self.value(reason, currency)}"
        return said if reason.result else f"{said}, not {typed_limit(reason, reason.limit or '', currency)}"

    def shown(self, reason: ConditionReason, currency: str) -> str:
        if is_word(reason) and reason.result:
            return "yes" if is_yes(reason) else self.value(reason, currency)
        return super().shown(reason, currency)

    def speak(self, reasons: Reasons, currency: str) -> tuple[list[str], list[str]]:
        return (
            super().speak(reasons, currency)
            if is_word(reasons.base)
            else self._speak_figures(reasons, currency)
        )


def is_word(reason: ConditionReason) -> bool:
    return limit_number(reason.limit) is None


def is_yes(reason: ConditionReason) -> bool:
    """A field that says yes or no is told by its own name."""
    return (reason.limit or "").strip().lower() == "true" == (reason.value or "").strip().lower()
