"""Digests are made once: with two schedulers, after crashes and downtime, whatever the clock does."""

import asyncio
import os
import signal
import sys
from datetime import UTC, datetime, time, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from tests.conftest import login_url
from tests.watchtower.digest_world import MONDAY_NINE, DigestWorld

from belvedere.core import faults
from belvedere.core.context import Scope
from belvedere.core.database import Database
from belvedere.core.faults import FaultInjected
from belvedere.core.jobs import REGISTRY, JobCall
from belvedere.core.runtime import Runtime
from belvedere.watchtower.digests import send_due
from belvedere.watchtower.digests_gather import load_plans
from belvedere.watchtower.digests_jobs import send_digests

HOUR = timedelta(hours=1)
DAY = timedelta(days=1)
MINUTE = timedelta(minutes=1)
SOON = MONDAY_NINE + MINUTE


@pytest.fixture
def house(world, runtime) -> DigestWorld:
    return DigestWorld(world, runtime)


def boundaries(house: DigestWorld) -> list[datetime]:
    return [digest["boundary_at"] for digest in house.digests()]


async def test_each_minute_makes_each_boundary_once_item_23(house):
    house.alert(house.rule(), MONDAY_NINE - HOUR)
    made = await house.minutes(MONDAY_NINE - 5 * MINUTE, MONDAY_NINE + 30 * MINUTE)
    assert len(made) == 1
    assert boundaries(house) == [MONDAY_NINE]
    assert len(house.messages()) == 1


async def test_alerts_that_are_being_written_at_the_boundary_are_waited_for_item_21(house):
    house.rule()
    assert await house.at(MONDAY_NINE + timedelta(seconds=29)) == []
    assert len(await house.at(MONDAY_NINE + timedelta(seconds=30))) == 1


async def test_the_job_runs_each_minute_and_makes_what_is_due_item_23(house):
    house.alert(house.rule(), MONDAY_NINE - HOUR)
    assert REGISTRY["watchtower.send_digests"].cron == "* * * * * 35"
    house.world.now = SOON
    await send_digests(house.runtime, JobCall("watchtower.send_digests"))
    assert boundaries(house) == [MONDAY_NINE]


async def test_two_schedulers_at_once_make_each_digest_once_item_23(house, database_url, template):
    for number in range(12):
        house.alert(house.rule(email_recipients=[f"{number}@example.com"]), MONDAY_NINE - HOUR)
    others = [
        Database(
            login_url(database_url, template, "api"), login_url(database_url, template, "worker"), pool_size=4
        )
        for _ in range(3)
    ]

    def run(database: Database) -> int:
        async def all_of_it() -> int:
            runtime = Runtime(house.runtime.settings, database, http=None, clock=lambda: SOON)
            try:
                return len(await send_due(runtime, SOON))
            finally:
                await database.close()

        return asyncio.run(all_of_it())

    # Threads with loops and connections of their own, as processes would have.
    made = await asyncio.gather(*(asyncio.to_thread(run, database) for database in others))
    assert len(house.digests()) == len(house.messages()) == 12
    assert sum(made) == 12


async def test_one_that_comes_second_finds_it_made_item_23(house):
    """The unique key holds even where the lock does not: a row that another wrote a moment before."""
    rule = house.rule()
    house.alert(rule, MONDAY_NINE - HOUR)
    async with house.runtime.db.read(Scope.service()) as session:
        plans, _ = await load_plans(session)
    assert len(plans) == 1
    await house.at(SOON)
    house.world.admin.execute("UPDATE digests SET window_start = window_start - interval '1 hour'")
    assert await house.at(SOON) == []
    with pytest.raises(Exception, match="uq_digests_client_id_schedule_channel_destination_boundary_at"):
        house.world.admin.execute(
            "INSERT INTO digests (id, client_id, schedule, channel, destination, zone, boundary_at, window_start, state)"
            " SELECT gen_random_uuid(), client_id, schedule, channel, destination, zone, boundary_at, window_start, state"
            " FROM digests"
        )


async def test_downtime_over_a_digest_is_made_up_by_one_item_23(house):
    rule = house.rule()
    await house.at(SOON - DAY)
    house.alert(rule, MONDAY_NINE - HOUR)
    late = await house.at(MONDAY_NINE + 5 * HOUR)
    assert [(made.state, made.title) for made in late] == [("late", "Daily digest, 5\xa0h late: 1 new")]
    assert "It was due 5\xa0h ago and covers everything since the digest before." in house.texts()[-1]
    assert await house.minutes(MONDAY_NINE + 5 * HOUR, MONDAY_NINE + 6 * HOUR, 10 * MINUTE) == []


async def test_three_days_down_give_one_digest_over_the_whole_gap_and_no_burst_item_23(house):
    rule = house.rule()
    await house.at(SOON - 4 * DAY)
    for day in range(4):
        house.alert(rule, MONDAY_NINE - day * DAY - HOUR, title=f"day {day}")
    made = await house.minutes(MONDAY_NINE + 12 * HOUR, MONDAY_NINE + 13 * HOUR, 10 * MINUTE)
    assert len(made) == 1
    first, second = house.digests()
    assert (second["window_start"], second["boundary_at"]) == (first["boundary_at"], MONDAY_NINE)
    assert (second["state"], second["new_count"]) == ("late", 4)


async def test_a_weekly_one_three_days_late_goes_into_the_next_item_23(house):
    rule = house.rule(notify_schedule="weekly", notify_day_of_week=1)
    await house.at(SOON - 7 * DAY)
    house.alert(rule, MONDAY_NINE - DAY, title="of the missed week")
    house.alert(rule, MONDAY_NINE + DAY, title="of this week")
    assert await house.at(MONDAY_NINE + 72 * HOUR) == []
    await house.at(SOON + 7 * DAY)
    first, second = house.digests()
    assert second["window_start"] == first["boundary_at"] == MONDAY_NINE - 7 * DAY
    assert (second["state"], second["new_count"]) == ("sent", 2)


async def test_a_weekly_one_under_three_days_late_is_made_up_item_23(house):
    rule = house.rule(notify_schedule="weekly")
    await house.at(SOON - 7 * DAY)
    house.alert(rule, MONDAY_NINE - DAY)
    made = await house.at(MONDAY_NINE + 72 * HOUR - MINUTE)
    assert [one.state for one in made] == ["late"]


async def test_a_daily_one_a_day_late_goes_into_the_next_item_23(house):
    """Only the day of 25 hours leaves room for that: the next boundary is an hour further off."""
    zone = ZoneInfo("Europe/Berlin")
    rule = house.rule(notify_zone="Europe/Berlin")
    saturday = datetime(2026, 10, 24, 9, tzinfo=zone).astimezone(UTC)
    await house.at(saturday - DAY + MINUTE)
    house.alert(rule, saturday - HOUR)
    assert await house.at(saturday + DAY + 30 * MINUTE) == []
    await house.at(saturday + DAY + HOUR + MINUTE)
    assert boundaries(house) == [saturday - DAY, saturday + DAY + HOUR]
    assert house.digests()[1]["new_count"] == 1


async def test_the_first_digest_covers_from_the_rules_creation_item_23(house):
    made = MONDAY_NINE + HOUR
    rule = house.rule(made=made)
    assert await house.minutes(made, made + 20 * HOUR, HOUR) == []
    house.alert(rule, made + MINUTE)
    await house.at(SOON + DAY)
    (digest,) = house.digests()
    assert (digest["window_start"], digest["boundary_at"]) == (made, MONDAY_NINE + DAY)
    assert digest["new_count"] == 1


async def test_a_first_boundary_that_was_missed_is_reached_back_over_item_23(house):
    made = MONDAY_NINE - 2 * DAY + HOUR
    rule = house.rule(made=made)
    house.alert(rule, made + HOUR)
    await house.at(MONDAY_NINE + HOUR)  # the first boundary was a day before
    (digest,) = house.digests()
    assert (digest["window_start"], digest["new_count"], digest["state"]) == (made, 1, "late")


async def test_a_time_set_after_it_has_passed_waits_for_tomorrow_item_23(house):
    rule = house.rule(notify_schedule=None)
    house.world.admin.execute("ALTER TABLE watchtower_rules DISABLE TRIGGER USER")
    house.world.admin.execute(
        "UPDATE watchtower_rules SET notify_schedule = 'daily', updated_at = %s WHERE id = %s",
        [MONDAY_NINE + HOUR, rule],
    )
    assert await house.minutes(MONDAY_NINE + HOUR, MONDAY_NINE + 3 * HOUR, 20 * MINUTE) == []
    assert len(await house.at(SOON + DAY)) == 1


async def test_rules_that_had_their_schedule_before_there_were_digests_begin_with_the_next_item_23(house):
    house.alert(house.rule(), MONDAY_NINE - 2 * HOUR)
    assert await house.minutes(MONDAY_NINE - HOUR, MONDAY_NINE - MINUTE, 10 * MINUTE) == []
    assert [made.state for made in await house.at(SOON)] == ["sent"]


async def test_a_clock_that_jumps_back_repeats_nothing_item_23(house):
    rule = house.rule()
    await house.at(SOON - DAY)
    house.alert(rule, MONDAY_NINE - HOUR)
    await house.at(SOON)
    assert await house.minutes(MONDAY_NINE - 3 * HOUR, MONDAY_NINE + HOUR, 5 * MINUTE) == []
    assert boundaries(house) == [MONDAY_NINE - DAY, MONDAY_NINE]


async def test_a_clock_that_ran_ahead_does_not_keep_digests_silent_item_23(house):
    rule = house.rule()
    house.alert(rule, MONDAY_NINE - HOUR)
    await house.at(SOON + 3 * DAY)
    house.alert(rule, MONDAY_NINE + HOUR)
    await house.at(SOON)
    await house.at(SOON + DAY)
    assert boundaries(house) == [MONDAY_NINE, MONDAY_NINE + DAY, MONDAY_NINE + 3 * DAY]
    # The boundary that the fast clock made is not made again, and the next is in time.
    assert await house.at(SOON + 3 * DAY) == []
    assert len(await house.at(SOON + 4 * DAY)) == 1


async def test_a_failure_before_the_end_keeps_nothing_item_23(house):
    house.alert(house.rule(), MONDAY_NINE - HOUR)
    faults.arm("digest.written=error")
    try:
        with pytest.raises(FaultInjected):
            await house.at(SOON)
    finally:
        faults.arm("")
    assert (house.digests(), house.messages()) == ([], [])
    assert len(await house.at(SOON + MINUTE)) == 1


KILLED = """
import asyncio, sys
from datetime import datetime
from pathlib import Path
from belvedere.core.database import Database
from belvedere.core.runtime import Runtime
from belvedere.core.settings import Settings
from belvedere.watchtower.digests import send_due

async def main():
    api, worker, folder, now = sys.argv[1:]
    runtime = Runtime(Settings(data_dir=Path(folder)), Database(api, worker), None)
    print(len(await send_due(runtime, datetime.fromisoformat(now))))

asyncio.run(main())
"""


async def test_a_process_killed_at_any_digest_loses_and_doubles_none_item_23(
    house, database_url, template, tmp_path
):
    for number in range(4):
        house.alert(house.rule(email_recipients=[f"{number}@example.com"]), MONDAY_NINE - HOUR)

    async def run(fault: str) -> int:
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-c", KILLED, login_url(database_url, template, "api"),
            login_url(database_url, template, "worker"), str(tmp_path), SOON.isoformat(),
            env={**os.environ, "BELVEDERE_FAULTS": fault, "BELVEDERE_ALLOW_PRIVATE_NETWORKS": "127.0.0.0/8"},
        )  # fmt: skip
        return await process.wait()

    for done in range(3):
        assert await run("digest.written=kill@2") == -signal.SIGKILL
        # The one before the kill was committed, the one at the kill left nothing.
        assert len(house.digests()) == len(house.messages()) == done + 1
    assert await run("") == 0
    assert len(house.digests()) == len(house.messages()) == 4
    assert len({row["destination"] for row in house.messages()}) == 4


CHANGES = [
    ("Europe/Berlin", time(2, 30), datetime(2026, 3, 29, tzinfo=UTC)),
    ("Europe/Berlin", time(2, 30), datetime(2026, 10, 25, tzinfo=UTC)),
    ("America/New_York", time(2, 30), datetime(2026, 3, 8, tzinfo=UTC)),
    ("America/New_York", time(1, 30), datetime(2026, 11, 1, tzinfo=UTC)),
    ("Australia/Lord_Howe", time(2, 15), datetime(2026, 10, 4, tzinfo=UTC)),
    ("Australia/Lord_Howe", time(1, 45), datetime(2026, 4, 5, tzinfo=UTC)),
    ("Asia/Kolkata", time(2, 30), datetime(2026, 3, 29, tzinfo=UTC)),
]


@pytest.mark.parametrize(("zone", "clock", "day"), CHANGES, ids=str)
async def test_over_a_change_of_the_clock_each_day_has_one_and_no_alert_is_lost_item_22(
    house, zone, clock, day
):
    """Four local days around the change, a look each ten minutes, an alert each hour."""
    rule = house.rule(
        notify_zone=zone, notify_time=clock, email_recipients=["a@example.com"], made=day - 3 * DAY
    )
    start, end = day - 2 * DAY - 12 * HOUR, day + 2 * DAY + 12 * HOUR
    hours = int((end - start) / HOUR)
    for number in range(hours):
        opened = start + number * HOUR
        house.alert(rule, opened, resolved_at=opened + timedelta(seconds=1), title=f"at {number}")
    made = await house.minutes(start, end + MINUTE, 10 * MINUTE)
    found = house.digests()
    days = [row["boundary_at"].astimezone(ZoneInfo(zone)).date() for row in found]
    assert days == [days[0] + number * DAY for number in range(len(days))]
    assert len(made) == len(found) >= 4
    for before, after in pairwise(found):
        assert after["window_start"] == before["boundary_at"]
    told = sum(row["new_count"] for row in found)
    assert told == sum(1 for number in range(hours) if start + number * HOUR <= found[-1]["boundary_at"])


async def test_ten_thousand_rules_are_not_ten_thousand_questions_item_23(house):
    from sqlalchemy import event
    from sqlalchemy.engine import Engine

    house.world.admin.execute(
        "INSERT INTO watchtower_rules (id, client_id, name, field_name, condition, threshold_value, notify_immediately,"
        " notify_schedule, notify_time, notify_email, email_recipients, created_at, updated_at)"
        " SELECT gen_random_uuid(), n %% 3, 'Rule ' || n, 'open_rate', 'less_than', '15', false, 'daily', '09:00', true,"
        " ARRAY['team@' || n %% 3 || '.example'], %s, %s FROM generate_series(1, 10000) n",
        [MONDAY_NINE - 2 * DAY, MONDAY_NINE - 2 * DAY],
    )
    asked: list[str] = []

    def note(_connection, _cursor, statement, *_rest):
        asked.append(statement)

    event.listen(Engine, "before_cursor_execute", note)
    try:
        made = await house.at(MONDAY_NINE + 2 * HOUR)
        for_all = len(asked)
        asked.clear()
        assert await house.at(MONDAY_NINE + 3 * HOUR) == []
    finally:
        event.remove(Engine, "before_cursor_execute", note)
    assert len(made) == 3
    assert for_all < 60
    assert len(asked) < 10
