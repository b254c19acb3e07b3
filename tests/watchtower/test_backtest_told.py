"""The messages that a replay counts are those that were asked for when the days were lived."""

import random
from datetime import timedelta

import pytest
from tests.watchtower.past import keep
from tests.watchtower.world import NOON, campaign

from belvedere.core.context import Scope
from belvedere.watchtower.tick import tick

KINDS = {"opened": "opened", "raised": "worse", "again": "again", "resolved": "ended"}
RATES = ("14", "12", "6", "1", "20", "20", None)


async def wait(world, minutes: int) -> None:
    """Let time go by until the next reading, with the clock's ticks."""
    for passed in range(minutes, 61, minutes):
        async with world.db.write(Scope.service("scheduler")) as session:
            await tick(session, world.now + timedelta(minutes=passed))


@pytest.mark.parametrize(
    ("seed", "columns"),
    [
        (1, {"repeat_minutes": 90}),
        (2, {"repeat_minutes": 0}),
        (3, {"severity": "critical", "recover_after": 2}),
        (4, {"severity": "warning", "for_readings": 2}),
        (5, {"severity": "info"}),
        (6, {"field_name": "status", "condition": "changed", "threshold_value": None, "repeat_minutes": 120}),
        (7, {"repeat_minutes": 60, "no_data_policy": "alert"}),
        (8, {"notify_immediately": False}),
    ],
)  # fmt: skip
async def test_messages_in_history_are_those_of_the_days(http, olga, world, seed, columns):
    chance = random.Random(seed)
    rule = world.rule(notify_discord=True, discord_channel_id="42", **columns)
    for _ in range(40):
        things = [
            campaign(
                name, chance.choice(RATES), name.title(), status=chance.choice(["live", "live", "paused"])
            )
            for name in ("a", "b", "c")
            if chance.random() < 0.9
        ]
        await world.judge(keep(world, things))
        await wait(world, 30)
    world.now += timedelta(hours=1)
    answer = await http.post(
        "/rules/backtest",
        json={"rule_id": str(rule), "start": NOON.isoformat(), "end": world.now.isoformat()},
        headers=olga,
    )  # fmt: skip
    found = answer.json()["notifications"]
    counted = dict.fromkeys(KINDS.values(), 0)
    for kind, _, _ in world.deliveries():
        counted[KINDS[kind]] += 1
    assert {name: found[name] for name in counted} == counted
