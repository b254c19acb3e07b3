"""What a digest says, to whom, and when it says nothing."""

from datetime import timedelta

import pytest
from tests.watchtower.digest_world import MONDAY_NINE, DigestWorld

HOUR = timedelta(hours=1)
DAY = timedelta(days=1)
MINUTE = timedelta(minutes=1)


@pytest.fixture
def house(world, runtime) -> DigestWorld:
    return DigestWorld(world, runtime)


async def test_first(house):
    rule = house.rule()
    house.alert(rule, MONDAY_NINE - HOUR)
    house.alert(rule, MONDAY_NINE - 30 * HOUR, severity="critical")
    print(await house.at(MONDAY_NINE + MINUTE))
    print(house.digests())
    print(*house.texts())
    assert 0
