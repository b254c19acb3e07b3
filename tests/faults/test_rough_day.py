"""A seeded run of many messages through kills of senders and of the database, and receivers in every bad mood."""

import os
import random
import sys

import pytest
from tests.faults.house import open_house
from tests.faults.rough_day import RoughDay
from tests.faults.test_alert_path import reachable

pytestmark = pytest.mark.kills
MESSAGES = int(os.environ.get("BELVEDERE_TEST_MESSAGES", "120"))
SEED = int(os.environ.get("BELVEDERE_TEST_SEED", "7"))


async def test_a_rough_day_loses_and_doubles_nothing_item_24(
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    sys.stdout.write(f"\nseed {SEED}, {MESSAGES} messages\n")
    async with open_house(reachable(tmp_path_factory)) as house:
        day = RoughDay(house, random.Random(SEED), database_kills=1)
        await day.run(MESSAGES)
        found = day.report()
        states = house.query("SELECT array_agg(DISTINCT state) FROM core.deliveries")
    sys.stdout.write(f"{found} {day.suffered}\n")
    assert states == ["sent"]
    assert day.suffered.sender_kills.total() > 0
    for kind, counts in found.items():
        assert counts["messages"] > 0, kind
        assert (
            counts["lost"],
            counts["strangers"],
            counts["unmarked"] if kind in BLIND else counts["doubled"],
        ) == (0, 0, 0)


BLIND = ("email", "discord_webhook")
"""Receivers that know no keys: a second copy says that it may be one."""
