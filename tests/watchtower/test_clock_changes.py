"""Waits, taken times and silences are instants: a change of the clock makes none of them longer or shorter."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from tests.people import BRANDT
from tests.watchtower.moments import act, ticked, told
from tests.watchtower.world import World, campaign

from belvedere.watchtower.service import SilenceDraft, acknowledge, create_silence, snooze

MINUTE = timedelta(minutes=1)
MAIL = {"notify_email": True, "email_recipients": ["ops@brandt.example"]}
CHANGES = [
    ("Europe/Berlin", datetime(2026, 3, 29, 1, tzinfo=UTC)),
    ("Europe/Berlin", datetime(2026, 10, 25, 1, tzinfo=UTC)),
    ("America/New_York", datetime(2026, 3, 8, 7, tzinfo=UTC)),
    ("America/New_York", datetime(2026, 11, 1, 6, tzinfo=UTC)),
    ("Australia/Lord_Howe", datetime(2026, 4, 4, 15, tzinfo=UTC)),
    ("Australia/Lord_Howe", datetime(2026, 10, 3, 15, 30, tzinfo=UTC)),
]
over_each_change = pytest.mark.parametrize(("zone", "change"), CHANGES, ids=str)


def begin(world: World, zone: str, change: datetime, **columns: object) -> None:
    """A client of that zone, half an hour before its clock changes."""
    before, after = (moment.astimezone(ZoneInfo(zone)) for moment in (change - MINUTE, change + MINUTE))
    assert before.utcoffset() != after.utcoffset()
    world.admin.execute("UPDATE core.clients SET timezone = %s WHERE id = %s", [zone, BRANDT])
    world.now = change - 30 * MINUTE
    world.rule(client_id=BRANDT, notify_zone=zone, **MAIL, **columns)


async def read_low(world: World, moment: datetime) -> None:
    """A breach at that moment; a reading of the world is an hour after the one before."""
    world.now = moment - timedelta(hours=1)
    await world.read([campaign(rate="11")])


@over_each_change
async def test_a_breach_lasts_its_minutes_over_a_change_item_13(world: World, zone: str, change: datetime):
    begin(world, zone, change, for_minutes=90)
    start = change - 30 * MINUTE
    await read_low(world, start)
    await read_low(world, start + 89 * MINUTE)
    assert world.alerts("open") == []
    await read_low(world, start + 90 * MINUTE)
    assert len(world.alerts("open")) == 1


@over_each_change
@pytest.mark.parametrize("work", [acknowledge, snooze], ids=["taken", "snoozed"])
async def test_a_time_named_on_the_wall_ends_at_its_instant_item_15(
    world: World, people, zone: str, change: datetime, work
):
    begin(world, zone, change)
    await read_low(world, change - 30 * MINUTE)
    # As a person there names it: by the wall, with the offset that holds then.
    until = (change + 90 * MINUTE).astimezone(ZoneInfo(zone))
    if work is acknowledge:
        await act(world, people, work, until=until)
    else:
        await act(world, people, work, until)
    world.now = change + 89 * MINUTE
    await ticked(world)
    assert told(world) == [("opened", 0)]
    world.now = change + 90 * MINUTE
    await ticked(world)
    await ticked(world)
    assert [kind for kind, _ in told(world)] == ["opened", "again"]


@over_each_change
async def test_a_silence_over_a_change_ends_at_its_instant_item_18(
    world: World, people, zone: str, change: datetime
):
    begin(world, zone, change)
    until = (change + 90 * MINUTE).astimezone(ZoneInfo(zone))
    async with world.db.write(people.alice.scope) as session:
        await create_silence(session, SilenceDraft(BRANDT, until), actor="alice", now=world.now)
    await read_low(world, change + 10 * MINUTE)
    world.now = change + 89 * MINUTE
    await ticked(world)
    assert told(world) == []
    world.now = change + 90 * MINUTE
    await ticked(world)
    await ticked(world)
    assert told(world) == [("opened", 0)]


@over_each_change
async def test_a_repeat_comes_after_its_hours_over_a_change_item_13(
    world: World, zone: str, change: datetime
):
    begin(world, zone, change, severity="critical")
    start = change - 30 * MINUTE
    await read_low(world, start)
    for minutes, expected in ((239, 1), (240, 2), (241, 2)):
        world.now = start + minutes * MINUTE
        await ticked(world)
        assert len(told(world)) == expected


async def test_a_storm_of_a_clock_that_ran_ahead_holds_nothing_back_item_11(world: World):
    rule = world.rule(client_id=0, **MAIL)
    ahead = world.now + timedelta(days=3)
    world.admin.execute(
        "INSERT INTO storms (id, client_id, rule_id, started_at, last_at, clients, alerts, told_at, detail, created_at)"
        " VALUES (gen_random_uuid(), 0, %s, %s, %s, 24, 24, %s, '{}', %s)",
        [rule, ahead, ahead, ahead, ahead],
    )
    await ticked(world)
    (storm,) = world.rows("SELECT ended_at FROM storms")
    assert storm["ended_at"] == world.now


async def test_a_reading_of_a_clock_that_ran_ahead_hides_no_later_one_item_28(world: World):
    world.rule(**MAIL)
    now = world.now
    world.now = now + timedelta(days=3)
    await world.read([campaign(rate="20")])
    world.now = now
    assert (await world.read([campaign(rate="11")])).skipped is None
    assert len(world.alerts("open")) == 1
    # What is older than data of the past is still only history.
    assert (await world.read([campaign(rate="20")], as_of=now - timedelta(hours=3))).skipped
