import asyncio
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.core.raw_server import RawServer, answer

from belvedere.core.backoff import Backoff
from belvedere.core.budgets import Bucket, Budget, available_tokens, block, draw, spend, take
from belvedere.core.context import Scope
from belvedere.core.database import Database
from belvedere.core.egress import HttpClient
from belvedere.core.errors import ExternalError
from belvedere.core.settings import Settings

NOW = datetime(2026, 11, 20, 9, 30, tzinfo=UTC)
BUDGET = Budget("omnisend", "shop-1", capacity=5, refill_per_second=2)
STEPS = st.lists(st.tuples(st.floats(0, 10), st.integers(1, 5)), max_size=60)


@given(STEPS)
def test_no_more_is_spent_than_the_capacity_and_what_dripped_in(steps):
    bucket, now, spent = Bucket(BUDGET.capacity, NOW), NOW, 0.0
    for seconds, cost in steps:
        now += timedelta(seconds=seconds)
        bucket, wait = draw(bucket, BUDGET, now, cost)
        spent += cost if wait == 0 else 0
        elapsed = (now - NOW).total_seconds()
        assert spent <= BUDGET.capacity + elapsed * BUDGET.refill_per_second + 1e-6


@given(st.floats(0, 5), st.integers(1, 5))
def test_after_the_wait_that_was_told_the_taking_succeeds(tokens, cost):
    bucket = Bucket(tokens, NOW)
    _, wait = draw(bucket, BUDGET, NOW, cost)
    _, again = draw(bucket, BUDGET, NOW + timedelta(seconds=wait + 1e-5), cost)
    assert again == 0


def test_a_block_counts_although_tokens_are_there():
    bucket = Bucket(5, NOW, blocked_until=NOW + timedelta(seconds=30))
    assert draw(bucket, BUDGET, NOW) == (bucket, 30.0)
    assert draw(bucket, BUDGET, NOW + timedelta(seconds=30))[1] == 0


def test_a_clock_that_stepped_back_neither_adds_nor_takes():
    assert available_tokens(Bucket(3, NOW), BUDGET, NOW - timedelta(hours=1)) == 3


def test_a_cost_that_never_fits_and_an_empty_budget_are_refused():
    with pytest.raises(ValueError, match="does not fit"):
        draw(Bucket(5, NOW), BUDGET, NOW, cost=6)
    with pytest.raises(ValueError, match="above zero"):
        Budget("p", "a", 0, 1)


async def take_once(db: Database, now: datetime, cost: float = 1) -> float:
    async with db.write(Scope.service()) as session:
        return await take(session, BUDGET, now, cost)


async def test_the_database_keeps_the_same_books_as_the_pure_rule(db: Database):
    bucket, now = Bucket(BUDGET.capacity, NOW), NOW
    for milliseconds, cost in [
        (0, 1),
        (10, 3),
        (0, 2),
        (500, 1),
        (0, 1),
        (900, 2),
        (10_000, 5),
        (100, 1),
        (0, 1),
        (450, 1),
    ]:
        now += timedelta(milliseconds=milliseconds)
        bucket, expected = draw(bucket, BUDGET, now, cost)
        assert await take_once(db, now, cost) == pytest.approx(expected, abs=0.002)


async def test_many_workers_at_once_never_spend_a_token_twice(db: Database):
    waits = await asyncio.gather(*(take_once(db, NOW) for _ in range(20)))
    assert waits.count(0) == 5
    assert all(wait > 0 for wait in waits if wait)


async def test_a_block_holds_everybody_and_is_never_shortened(db: Database):
    async with db.write(Scope.service()) as session:
        await block(session, "omnisend", "shop-1", NOW + timedelta(seconds=60))
        await block(session, "omnisend", "shop-1", NOW + timedelta(seconds=10))
    assert await take_once(db, NOW) == pytest.approx(60)
    assert await take_once(db, NOW + timedelta(seconds=60)) == 0


async def test_accounts_do_not_share_a_budget(db: Database):
    assert await take_once(db, NOW, cost=5) == 0
    other = Budget("omnisend", "shop-2", 5, 2)
    async with db.write(Scope.service()) as session:
        assert await take(session, other, NOW) == 0


class Clock:
    """Time that passes only by sleeping."""

    def __init__(self) -> None:
        self.now = NOW
        self.waits: list[float] = []

    def __call__(self) -> datetime:
        return self.now

    async def sleep(self, seconds: float) -> None:
        self.waits.append(seconds)
        self.now += timedelta(seconds=seconds)


def limited_client(
    settings: Settings, db: Database, clock: Clock, backoff: Backoff | None = None
) -> HttpClient:
    return HttpClient(settings, db=db, sleep=clock.sleep, clock=clock, random=lambda: 0.0, backoff=backoff)


async def test_requests_wait_for_the_shared_budget(db: Database, settings: Settings):
    clock, budget = Clock(), Budget("omnisend", "shop-1", capacity=2, refill_per_second=1)
    async with RawServer([answer()]) as server, limited_client(settings, db, clock) as http:
        for _ in range(4):
            await http.request("GET", server.url(), provider="omnisend", budget=budget)
    assert clock.waits == pytest.approx([1, 1], abs=0.01)


async def test_a_limit_that_a_provider_tells_holds_every_worker(db: Database, settings: Settings):
    clock, budget = Clock(), Budget("omnisend", "shop-1", capacity=50, refill_per_second=10)
    async with (
        RawServer([answer(429, retry_after="300"), answer()]) as server,
        limited_client(settings, db, clock) as first,
        limited_client(settings, db, clock) as second,
    ):
        with pytest.raises(ExternalError):
            await first.request("GET", server.url(), provider="omnisend", budget=budget)
        with pytest.raises(ExternalError) as caught:
            await second.request("GET", server.url(), provider="omnisend", budget=budget)
    assert (caught.value.code, caught.value.permanent) == ("budget_spent", False)
    assert caught.value.retry_after == pytest.approx(300)
    assert len(server.seen) == 1


async def test_the_last_request_of_a_window_holds_every_worker(db: Database, settings: Settings):
    """A service that says how many are left is not asked once too often."""
    clock, budget = Clock(), Budget("discord", "bot:1", capacity=50, refill_per_second=10)
    last = answer(x_ratelimit_remaining="0", x_ratelimit_reset_after="4.5")
    async with RawServer([last, answer()]) as server, limited_client(settings, db, clock) as http:
        await http.request("GET", server.url(), provider="discord", budget=budget)
        await http.request("GET", server.url(), provider="discord", budget=budget)
    assert clock.waits == pytest.approx([4.5], abs=0.01)


async def test_a_limit_over_all_accounts_blocks_the_budget_over_all(db: Database, settings: Settings):
    clock, budget = Clock(), Budget("discord", "bot:1", capacity=50, refill_per_second=10)
    refused = answer(429, retry_after="30", x_ratelimit_global="true")
    async with RawServer([refused]) as server, limited_client(settings, db, clock) as http:
        with pytest.raises(ExternalError):
            await http.request("GET", server.url(), provider="discord", budget=budget, retry=False)
    async with db.write(Scope.service("test")) as session:
        whole = Budget("discord", "all", capacity=50, refill_per_second=10)
        assert await take(session, whole, clock()) == pytest.approx(30, abs=0.01)
        assert await take(session, budget, clock()) == 0


async def test_tokens_that_are_spent_together_leave_a_debt(db: Database, settings: Settings):
    clock, budget = Clock(), Budget("discord", "bot:2", capacity=5, refill_per_second=1)
    async with db.write(Scope.service("test")) as session:
        await spend(session, [budget] * 4, clock())
        await spend(session, [budget] * 3, clock())
        assert await take(session, budget, clock()) == pytest.approx(3, abs=0.01)


async def test_without_a_clock_of_its_own_a_client_goes_by_that_of_the_database(
    db: Database, settings: Settings, admin
):
    budget = Budget("omnisend", "shop-1", capacity=2, refill_per_second=1)
    async with (
        RawServer([answer(429, retry_after="30")]) as server,
        HttpClient(settings, db=db, backoff=Backoff(attempts=1)) as http,
    ):
        with pytest.raises(ExternalError):
            await http.request("GET", server.url(), provider="omnisend", budget=budget)
        assert http._budget_now() is None
    spent, blocked = admin.execute(
        "SELECT now() - refilled_at, blocked_until - now() FROM core.rate_budgets WHERE account = 'shop-1'"
    ).fetchone()
    assert timedelta(0) <= spent < timedelta(seconds=30)
    assert timedelta(0) < blocked <= timedelta(seconds=30)
    async with db.write(Scope.service()) as session:
        assert 0 < await take(session, budget) <= 30
