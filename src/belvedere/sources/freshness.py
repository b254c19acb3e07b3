"""When the next reading is due, and whether what is there is still fresh. Pure: times and numbers in, a word and why out."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import RowMapping

from belvedere.core.text import format_age
from belvedere.sources.contracts import Freshness

LEAST_GRACE = timedelta(minutes=15)
FAILURES_THAT_COUNT = 3
FIRST_RETRY = timedelta(minutes=1)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class FreshnessView:
    """How fresh an account's data is, in one word and one sentence; `late_at` is when it counts as late."""

    state: Freshness
    reason: str
    late_at: datetime | None = None


def judge_freshness(
    *,
    is_active: bool,
    last_good_at: datetime | None,
    consecutive_failures: int,
    last_error: str | None,
    interval: timedelta,
    now: datetime,
    grace_percent: int = 50,
) -> FreshnessView:
    """Late is: last good reading + interval + grace, where the grace is half an interval, at least 15 minutes."""
    why = f" {last_error}" if last_error else ""
    if not is_active:
        return FreshnessView(Freshness.OFF, "This account is switched off.")
    if last_good_at is None and consecutive_failures:
        return FreshnessView(Freshness.FAILED, f"No reading has worked yet.{why}")
    if last_good_at is None:
        return FreshnessView(Freshness.NEVER, "Nothing has been read yet.")
    late_at = last_good_at + interval + max(LEAST_GRACE, interval * grace_percent / 100)
    age = format_age(now - last_good_at)
    if consecutive_failures >= FAILURES_THAT_COUNT:
        state, reason = Freshness.FAILED, f"The last {consecutive_failures} readings failed.{why}"
    elif now < late_at:
        state, reason = Freshness.FRESH, f"Read {age} ago."
    elif consecutive_failures:
        state, reason = Freshness.FAILED, f"The last good reading is {age} old.{why}"
    else:
        state = Freshness.LATE
        reason = f"The last good reading is {age} old; one is due every {format_age(interval)}."
    return FreshnessView(state, reason, late_at)


def judge_row(row: Mapping[str, Any] | RowMapping, now: datetime, grace_percent: int) -> FreshnessView:
    """The same for an account and its health as they are stored."""
    return judge_freshness(
        is_active=row["is_active"],
        last_good_at=row["last_good_at"],
        consecutive_failures=row["consecutive_failures"],
        last_error=row["last_error"],
        interval=timedelta(minutes=row["refresh_interval_minutes"]),
        now=now,
        grace_percent=grace_percent,
    )


def phase_of(account_id: UUID, interval: timedelta) -> timedelta:
    """A fixed place inside the interval for each account, so that many accounts do not start together."""
    return timedelta(seconds=account_id.int % 1_000_003 / 1_000_003 * interval.total_seconds())


def next_due(account_id: UUID, interval: timedelta, now: datetime) -> datetime:
    """The account's next place after `now`: runs that were missed are made up by one, never by a burst.

    At least half an interval lies between a run and the next.
    """
    phase = phase_of(account_id, interval)
    passed = (now - _EPOCH - phase) // interval
    due = _EPOCH + phase + (passed + 1) * interval
    return due + interval if due - now < interval / 2 else due


def retry_due(
    failures: int, interval: timedelta, now: datetime, *, permanent: bool, retry_after: float | None = None
) -> datetime:
    """When to try again after the n-th failure in a row: doubling from a minute, never later than the interval.

    What a person has to mend is tried at the usual pace; a platform's own wish to wait is kept.
    """
    wait = interval if permanent else min(interval, FIRST_RETRY * 2 ** min(max(failures, 1) - 1, 20))
    return now + max(wait, timedelta(seconds=retry_after or 0))


def is_suspiciously_empty(records: int, earlier_counts: list[int]) -> bool:
    """Nothing where there usually is something: no rows, though the median of the last good readings is above zero.

    `earlier_counts` begins with the newest; where that one is empty somebody accepted it, and the next is nothing new.
    """
    if records or not earlier_counts or earlier_counts[0] == 0:
        return False
    return sorted(earlier_counts)[len(earlier_counts) // 2] > 0
