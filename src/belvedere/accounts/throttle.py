"""Failed passwords, counted per account and address, in the database so that a restart forgets nothing."""

import hashlib
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import text

from belvedere.core.database import WriteSession


@dataclass(frozen=True, slots=True)
class Limit:
    """`free` failures cost nothing; from then on each doubles the pause, up to `longest_pause`."""

    free: int
    first_pause: timedelta = timedelta(seconds=15)
    longest_pause: timedelta = timedelta(minutes=15)
    forget_after: timedelta = timedelta(hours=1)


ACCOUNT = Limit(free=5)
ADDRESS = Limit(free=30)


@dataclass(frozen=True, slots=True)
class Count:
    failures: int
    since: datetime
    blocked_until: datetime | None = None

    def wait_seconds(self, now: datetime) -> float:
        return max(0.0, (self.blocked_until - now).total_seconds()) if self.blocked_until else 0.0


def after_failure(count: Count, limit: Limit, now: datetime) -> Count:
    """The count with one more failure and the pause that it earns."""
    if now - count.since > limit.forget_after and count.wait_seconds(now) == 0:
        count = Count(0, now)
    failures = count.failures + 1
    over = failures - limit.free
    if over < 0:
        return Count(failures, count.since)
    pause = min(limit.first_pause * 2 ** min(over, 16), limit.longest_pause)
    return Count(failures, count.since, now + pause)


def account_bucket(email: str) -> str:
    """Addresses are hashed: people type passwords into the wrong field."""
    return "account:" + hashlib.sha256(email.strip().casefold().encode()).hexdigest()[:32]


def address_bucket(address: str) -> str:
    return f"address:{address[:64]}"


_ENSURE = text(
    "INSERT INTO core.login_throttle (bucket, failures, window_started_at) VALUES (:bucket, 0, :now)"
    " ON CONFLICT (bucket) DO NOTHING"
)
_LOCK = text(
    "SELECT failures, window_started_at, blocked_until FROM core.login_throttle"
    " WHERE bucket = :bucket FOR UPDATE"
)
_LOOK = text(
    "SELECT failures, window_started_at, blocked_until FROM core.login_throttle WHERE bucket = :bucket"
)
_STORE = text(
    "UPDATE core.login_throttle SET failures = :failures, window_started_at = :since,"
    " blocked_until = :blocked_until WHERE bucket = :bucket"
)
_FORGET = text("DELETE FROM core.login_throttle WHERE bucket = :bucket")
_SWEEP = text(
    "DELETE FROM core.login_throttle WHERE window_started_at < :before"
    " AND (blocked_until IS NULL OR blocked_until < :before)"
)


async def lock_count(session: WriteSession, bucket: str, now: datetime) -> Count:
    """The count of a bucket, locked to the end of the transaction: parallel guesses queue up behind it."""
    await session.execute(_ENSURE, {"bucket": bucket, "now": now})
    return Count(*(await session.execute(_LOCK, {"bucket": bucket})).one())


async def look_up_count(session: WriteSession, bucket: str, now: datetime) -> Count:
    """The count without a lock, for addresses: a whole office may share one."""
    row = (await session.execute(_LOOK, {"bucket": bucket})).one_or_none()
    return Count(0, now) if row is None else Count(*row)


async def count_failure(session: WriteSession, bucket: str, limit: Limit, now: datetime) -> Count:
    count = after_failure(await lock_count(session, bucket, now), limit, now)
    await session.execute(
        _STORE,
        {
            "bucket": bucket,
            "failures": count.failures,
            "since": count.since,
            "blocked_until": count.blocked_until,
        },
    )
    return count


async def forget(session: WriteSession, bucket: str) -> None:
    await session.execute(_FORGET, {"bucket": bucket})


async def sweep_throttles(session: WriteSession, now: datetime) -> None:
    """Drop counts that no longer matter; runs as `authn_r`."""
    await session.execute(_SWEEP, {"before": now - timedelta(days=1)})
