"""`stale`: an instant field older than an age, by the time of the data. Written "2 days", "36 h", "90 min"."""

import re
from datetime import timedelta
from decimal import Decimal

from belvedere.watchtower.conditions.kind import Kind, Look, register
from belvedere.watchtower.contracts import Condition, ConditionReason
from belvedere.watchtower.threshold import Limit, refuse_threshold
from belvedere.watchtower.values import Outcome

_PART = re.compile(r"(\d{1,6}(?:\.\d{1,6})?)\s*([a-z]+)\s*(?:,|and)?\s*", re.IGNORECASE | re.ASCII)
_MINUTES = {
    "min": 1, "mins": 1, "minute": 1, "minutes": 1, "h": 60, "hr": 60, "hrs": 60, "hour": 60, "hours": 60,
    "d": 1440, "day": 1440, "days": 1440, "w": 10080, "week": 10080, "weeks": 10080,
}  # fmt: skip
LONGEST = timedelta(days=36500)


@register
class Stale(Kind):
    word = Condition.STALE
    sign = "older than"
    example = "2 days"
    can_recover_later = True

    def read(self, text: str, field_name: str) -> Limit:
        return Limit(text, detail=parse_age(text, field_name))

    def hold(self, look: Look, limit: Limit | None) -> Outcome:
        return look.values.before(look.clock - limit.detail) if limit else look.unknown()

    def limit_text(self, reason: ConditionReason, currency: str) -> str:  # noqa: ARG002 - an age has no currency
        return f"older than {reason.limit}"

    def title(self, reason: ConditionReason, currency: str) -> str:
        return f"{reason.label} is {self.limit_text(reason, currency)}"

    def sentence(self, reason: ConditionReason, currency: str) -> str:
        said = "" if reason.result else "not "
        return f"{reason.label} is {self.value(reason, currency)}, {said}{self.limit_text(reason, currency)}"


def parse_age(text: str, field_name: str) -> timedelta:
    """An age as people type it; parts add up. Raises Invalid that names the fix."""
    position, minutes = 0, Decimal(0)
    while position < len(text):
        part = _PART.match(text, position)
        if part is None or part[2].lower() not in _MINUTES:
            break
        minutes += Decimal(part[1]) * _MINUTES[part[2].lower()]
        position = part.end()
    age = timedelta(microseconds=int(min(minutes, Decimal(10**9)) * 60_000_000))
    if position < len(text) or not timedelta(0) < age <= LONGEST:
        refuse_threshold(
            "not_an_age",
            f"“{text}” is no age for {field_name}. Write a length of time, such as 2 days, 36 h or 90 min.",
        )
    return age
