"""Rate budgets shared by every worker: one token bucket per provider and account, a row in PostgreSQL.

The arithmetic stands twice: here as a pure function, which tests and people read, and in SQL, where taking is
one statement, so that no two workers spend the same token.
"""

import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import RowMapping, text

from belvedere.core.database import WriteSession


@dataclass(frozen=True, slots=True)
class Budget:
    """`capacity` requests at once at most, `refill_per_second` in the long run."""

    provider: str
    account: str
    capacity: float
    refill_per_second: float

    def __post_init__(self) -> None:
        if not (self.capacity > 0 and self.refill_per_second > 0):
            raise ValueError("a budget needs a capacity and a refill above zero")


@dataclass(frozen=True, slots=True)
class Bucket:
    """What a row of core.rate_budgets says."""

    tokens: float
    refilled_at: datetime
    blocked_until: datetime | None = None


def draw(bucket: Bucket, budget: Budget, now: datetime, cost: float = 1) -> tuple[Bucket, float]:
    """The bucket after taking `cost`, and 0; or the bucket as it was and the seconds until it can be."""
    check_cost(budget, cost)
    available = available_tokens(bucket, budget, now)
    wait = max((cost - available) / budget.refill_per_second, 0.0)
    if bucket.blocked_until is not None and bucket.blocked_until > now:
        # Tokens go on dripping in while the provider keeps us out, so the later of the two counts.
        wait = max(wait, (bucket.blocked_until - now).total_seconds())
    if wait > 0:
        return bucket, wait
    return Bucket(available - cost, max(bucket.refilled_at, now), bucket.blocked_until), 0.0


def available_tokens(bucket: Bucket, budget: Budget, now: datetime) -> float:
    """Tokens at `now`; a clock that stepped back adds none and takes none away."""
    elapsed = max(0.0, (now - bucket.refilled_at).total_seconds())
    return min(budget.capacity, bucket.tokens + elapsed * budget.refill_per_second)


def check_cost(budget: Budget, cost: float) -> None:
    """Raise ValueError for a cost that could never be paid."""
    if not 0 < cost <= budget.capacity:
        raise ValueError(f"a cost of {cost} does not fit a budget of {budget.capacity}")


_TAKE = text("""
    INSERT INTO core.rate_budgets AS b (provider, account, capacity, refill_per_second, tokens, refilled_at)
    VALUES (:provider, :account, :capacity, :refill, :capacity - :cost, coalesce(CAST(:now AS timestamptz), now()))
    ON CONFLICT (provider, account) DO UPDATE SET
        capacity = excluded.capacity,
        refill_per_second = excluded.refill_per_second,
        tokens = least(excluded.capacity, b.tokens + excluded.refill_per_second
            * greatest(0, extract(epoch FROM excluded.refilled_at - b.refilled_at))) - :cost,
        refilled_at = greatest(b.refilled_at, excluded.refilled_at)
    WHERE (b.blocked_until IS NULL OR b.blocked_until <= excluded.refilled_at)
        AND least(excluded.capacity, b.tokens + excluded.refill_per_second
            * greatest(0, extract(epoch FROM excluded.refilled_at - b.refilled_at))) >= :cost
    RETURNING tokens
""")
_READ = text("""
    SELECT tokens, refilled_at, blocked_until, coalesce(CAST(:now AS timestamptz), now()) AS now FROM core.rate_budgets
    WHERE provider = :provider AND account = :account
""")
_BLOCK = text("""
    INSERT INTO core.rate_budgets AS b
        (provider, account, capacity, refill_per_second, tokens, refilled_at, blocked_until)
    VALUES (:provider, :account, 1, 1, 1, :until, :until)
    ON CONFLICT (provider, account) DO UPDATE SET
        blocked_until = greatest(b.blocked_until, excluded.blocked_until)
""")
_NOW = text("SELECT now()")


_SPEND = text("""
    INSERT INTO core.rate_budgets AS b (provider, account, capacity, refill_per_second, tokens, refilled_at)
    SELECT s.provider, s.account, s.capacity, s.refill, s.capacity - s.cost, coalesce(CAST(:now AS timestamptz), now())
      FROM jsonb_to_recordset(CAST(:spent AS jsonb)) AS s (
           provider text, account text, capacity float8, refill float8, cost float8)
     ORDER BY s.provider, s.account
    ON CONFLICT (provider, account) DO UPDATE SET
        capacity = excluded.capacity,
        refill_per_second = excluded.refill_per_second,
        tokens = least(excluded.capacity, b.tokens + excluded.refill_per_second
            * greatest(0, extract(epoch FROM excluded.refilled_at - b.refilled_at)))
            - (excluded.capacity - excluded.tokens),
        refilled_at = greatest(b.refilled_at, excluded.refilled_at)
""")

_SHORTEST_WAIT = 0.001


async def take(session: WriteSession, budget: Budget, now: datetime | None = None, cost: float = 1) -> float:
    """Take `cost` tokens and answer 0, or take nothing and answer the seconds to wait before the next try. Without `now`
    by the clock of the database, which all workers share: one whose clock runs ahead would keep the others waiting.

    The first use of a budget makes its row; a changed capacity or refill counts from the next taking on.
    """
    check_cost(budget, cost)
    key = {"provider": budget.provider, "account": budget.account}
    figures = {"capacity": budget.capacity, "refill": budget.refill_per_second, "cost": cost, "now": now}
    taken = await session.execute(_TAKE, key | figures)
    if taken.first() is not None:
        return 0.0
    row = (await session.execute(_READ, {**key, "now": now})).mappings().one()
    _, wait = draw(_bucket(row), budget, row["now"], cost)
    # Another worker may have given way between the two statements; then it is worth trying again at once.
    return max(wait, _SHORTEST_WAIT)


async def spend(session: WriteSession, budgets: Sequence[Budget], now: datetime | None = None) -> None:
    """Take one token for each entry, whether or not there is one: what is missing is waited for by those who come next.

    Without `now` by the clock of the database.
    """
    counts = Counter(budgets)
    if not counts:
        return
    spent = [
        {
            "provider": budget.provider,
            "account": budget.account,
            "capacity": budget.capacity,
            "refill": budget.refill_per_second,
            "cost": cost,
        }
        for budget, cost in counts.items()
    ]
    await session.execute(_SPEND, {"spent": json.dumps(spent), "now": now})


async def block(session: WriteSession, provider: str, account: str, until: datetime) -> None:
    """Nobody takes before `until`: a provider said 429. A later block is never shortened."""
    await session.execute(_BLOCK, {"provider": provider, "account": account, "until": until})


async def block_for(
    session: WriteSession, provider: str, account: str, seconds: float, now: datetime | None = None
) -> None:
    """Nobody takes for the seconds a provider asked for, from `now` or the database's present on."""
    start = now or (await session.execute(_NOW)).scalar_one()
    await block(session, provider, account, start + timedelta(seconds=seconds))


def _bucket(row: RowMapping) -> Bucket:
    return Bucket(float(row["tokens"]), row["refilled_at"], row["blocked_until"])
