"""When to try again: pure decisions about waiting, with randomness and time as arguments."""

from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

RETRY_AFTER_MAX_SECONDS = 3600.0


@dataclass(frozen=True, slots=True)
class Backoff:
    """Exponential waits with jitter. `attempts` counts the first try too; waits are in seconds.

    `patience` is the longest wait that is slept inside the call; a longer one is left to the caller, who
    has a job queue to wait with.
    """

    attempts: int = 3
    first: float = 0.5
    factor: float = 2.0
    longest: float = 8.0
    jitter: float = 0.5
    patience: float = 20.0

    def wait(self, attempt: int, random: float) -> float:
        """Seconds after the failed `attempt` (1 is the first); `random` lies in [0, 1)."""
        grown = self.first * self.factor ** min(attempt - 1, 60)
        return min(self.longest, grown) * (1 - self.jitter * random)


def next_wait(backoff: Backoff, attempt: int, *, retry_after: float | None, random: float) -> float | None:
    """Seconds to wait before the next try, or None to give up.

    A wait that the service asked for is kept to the full: its jitter only ever adds.
    """
    if attempt >= backoff.attempts:
        return None
    own = backoff.wait(attempt, random)
    if retry_after is None:
        return own
    asked = retry_after + backoff.jitter * random
    return asked if asked <= backoff.patience else None


def parse_retry_after(value: str | None, now: datetime) -> float | None:
    """Seconds of a Retry-After header (a number or an HTTP date), at most an hour.

    None when it is absent, unreadable, zero or past: then the caller's own backoff counts, for a service that
    says “now” while it refuses would be asked in a tight loop.
    """
    if value is None:
        return None
    text = value.strip()
    seconds = _seconds(text)
    if seconds is None:
        seconds = _seconds_until(text, now)
    if seconds is None or not 0 < seconds < float("inf"):
        return None
    return min(seconds, RETRY_AFTER_MAX_SECONDS)


def _seconds(text: str) -> float | None:
    try:
        return float(text)
    except ValueError:
        return None


def _seconds_until(text: str, now: datetime) -> float | None:
    try:
        moment = parsedate_to_datetime(text)
    except (TypeError, ValueError, OverflowError, IndexError):
        return None
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    return (moment - now).total_seconds()
