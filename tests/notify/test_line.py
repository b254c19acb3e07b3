"""The line in which messages wait: which go first, and what holds them back."""

import asyncio
from datetime import UTC, datetime

import pytest
from tests.notify.conftest import BOT, request
from tests.notify.test_outbox import claim

from belvedere.core.budgets import Budget, block, spend
from belvedere.core.context import Scope
from belvedere.notify.sending import send_due

NOW = datetime.now(UTC)


async def test_what_was_tried_goes_before_what_waits_longer(runtime, outbox):
    """Its receiver knows the key for minutes only, and the line of a busy room is longer than that."""
    asked = await outbox.ask(*(request(BOT, words={"title": f"Number {number}"}) for number in range(9)))
    tried = asked[-1]
    outbox.admin.execute(
        "UPDATE core.deliveries SET attempts = 1, next_at = now() - interval '1 ms' WHERE id = %s", [tried]
    )
    outbox.admin.execute(
        "UPDATE core.deliveries SET next_at = now() - interval '9 min' WHERE id <> %s", [tried]
    )
    claimed = await claim(runtime)
    assert tried in {one.id for one in claimed}


@pytest.mark.parametrize("account", ["all", f"bot:{BOT.address}"])
async def test_a_blocked_budget_leaves_messages_in_the_line_without_a_try(account, runtime, outbox):
    (delivery_id,) = await outbox.ask(request(BOT))
    async with runtime.db.write(Scope.service("test")) as session:
        await spend(session, [Budget("discord", account, capacity=5, refill_per_second=1)], datetime.now(UTC))
        await block(session, "discord", account, datetime.now(UTC).replace(year=NOW.year + 1))
    await send_due(runtime, seconds=0.5)
    row = outbox.row(delivery_id)
    assert (row["state"], row["attempts"]) == ("ready", 0)
    outbox.admin.execute("UPDATE core.rate_budgets SET blocked_until = NULL")
    await send_due(runtime)
    assert outbox.row(delivery_id)["state"] == "sent"


async def test_a_second_run_in_one_process_is_a_call_to_the_first(runtime, outbox):
    """Each waking starts a job; runs beside one another would take the places of all other jobs."""
    await outbox.ask(*(request(BOT) for _ in range(4)))
    tallies = await asyncio.gather(*(send_due(runtime) for _ in range(4)))
    assert sorted(tally.sent for tally in tallies) == [0, 0, 0, 4]
