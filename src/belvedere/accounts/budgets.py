"""Token buckets in memory: how many requests one token, person or address may make."""

from collections import OrderedDict
from dataclasses import dataclass
from datetime import datetime

from belvedere.core.settings import Settings


@dataclass(frozen=True, slots=True)
class Allowance:
    """`burst` at once, then `per_second`."""

    burst: float
    per_second: float


PER_ADDRESS_REFUSED = Allowance(burst=60, per_second=1)
"""For requests with a wrong or missing login, so that guessing tokens is slow."""


class Budgets:
    """Buckets of one process. Guessed passwords are counted in the database instead, see `throttle.py`."""

    def __init__(self, *, remember: int = 10_000) -> None:
        self._remember = remember
        self._buckets: OrderedDict[str, tuple[float, datetime]] = OrderedDict()

    def wait_seconds(self, key: str, allowance: Allowance, now: datetime) -> float:
        """Take one from the bucket; 0 when there was one, else the seconds until there will be."""
        level, since = self._buckets.get(key, (allowance.burst, now))
        elapsed = max(0.0, (now - since).total_seconds())
        level = min(allowance.burst, level + elapsed * allowance.per_second)
        self._buckets[key] = (level - 1 if level >= 1 else level, now)
        self._buckets.move_to_end(key)
        while len(self._buckets) > self._remember:
            self._buckets.popitem(last=False)
        return 0.0 if level >= 1 else (1 - level) / allowance.per_second


def per_principal(settings: Settings) -> Allowance:
    """What one person or token may ask for: the setting's pace, and twelve seconds of it at once."""
    pace = settings.requests_per_second
    return Allowance(burst=12 * pace, per_second=pace)
