"""What time alone sets off, in real processes: repeats, digests and storms, with kills, wrong clocks and twice over."""

import asyncio
import os
import re
import signal
import sys
from datetime import timedelta
from pathlib import Path

import pytest
from tests.faults.clock_house import LOW, PLACE, STORMY, ClockHouse, open_clock_house
from tests.faults.house import stop
from tests.watchtower.world import campaign

import belvedere
from belvedere.core.faults import ALERT_POINTS, CLOCK_POINTS, KNOWN_POINTS

pytestmark = pytest.mark.kills
TICK, DIGESTS, STORM = "watchtower.tick", "watchtower.send_digests", "watchtower.gather_storm"
STARTED = "SELECT count(*) FROM watch.source_accounts WHERE is_active AND last_started_at"
TICK_POINTS = [point for point in CLOCK_POINTS if point.startswith("tick.")]
DIGEST_POINTS = [point for point in CLOCK_POINTS if point.startswith("digest.")]
STORM_POINTS = [point for point in CLOCK_POINTS if point.startswith("storm.")]


@pytest.fixture
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("clock")


def test_every_fault_point_of_the_program_has_a_kill() -> None:
    """ALERT_POINTS are killed at in test_alert_path, CLOCK_POINTS here; both go through the whole list."""
    sources = Path(belvedere.__file__).parent.rglob("*.py")
    named = {name for path in sources for name in re.findall(r'faultpoint\("([^"]+)"\)', path.read_text())}
    assert named == set(KNOWN_POINTS) == {*ALERT_POINTS, *TICK_POINTS, *DIGEST_POINTS, *STORM_POINTS}


async def killed(clocks: ClockHouse, point: str, job: tuple[str, dict[str, str]], days: float = 0.0) -> None:
    assert await clocks.run(job, days=days, faults=f"{point}=kill") == -signal.SIGKILL, point
    assert await clocks.run(job, days=days) == 0


async def test_a_scheduler_killed_at_any_point_loses_and_doubles_nothing(folder: Path) -> None:
    async with open_clock_house(folder) as clocks:
        clocks.rule()
        await clocks.breach("advent")
        days = 0.0
        for number, point in enumerate(TICK_POINTS):
            days += 0.3
            await killed(clocks, point, (TICK, {}), days)
            assert clocks.asked() == {"opened": 1, "again": number + 1}, point
        for number, point in enumerate(DIGEST_POINTS):
            await killed(clocks, point, (DIGESTS, {}), number + 1)
            assert clocks.asked()["digest"] == number + 1, point
        rooms = ["1180000000000000102", "1180000000000000103"]
        clients = clocks.add_clients(STORMY)
        for number, point in enumerate(STORM_POINTS):
            rule = clocks.rule(
                client_id=0, discord_channel_id=rooms[number], name=point, notify_schedule=None
            )
            await clocks.storm(rule, clients)
            await killed(clocks, point, (STORM, {"rule_id": str(rule)}))
            clocks.world.admin.execute("UPDATE watchtower_rules SET is_active = false WHERE id = %s", [rule])
            assert clocks.asked()["storm"] == number + 1, point
            assert clocks.asked()["opened"] == 1, point
        await clocks.drain()
        clocks.assert_each_arrived_once()
        held = clocks.world.rows("SELECT count(*) AS n FROM watchtower_alerts WHERE held_reason = 'storm'")
        assert held == [{"n": STORMY * len(STORM_POINTS)}]


async def test_two_schedulers_by_mistake_do_nothing_twice(folder: Path) -> None:
    """Two processes that run every periodic job over and over, a day from now: a repeat and a digest are due."""
    async with open_clock_house(folder) as clocks:
        clocks.rule()
        await clocks.breach("advent")
        clocks.world.admin.execute("UPDATE watch.source_accounts SET is_active = true")
        both = [await clocks.start(days=1, rounds=8) for _ in range(2)]
        assert await asyncio.gather(*(process.wait() for process in both)) == [0, 0]
        await clocks.drain()
        assert clocks.asked() == {"opened": 1, "again": 1, "digest": 1}
        clocks.assert_each_arrived_once()
        twice = clocks.world.rows(
            "SELECT account_id FROM api_snapshots WHERE account_id IS NOT NULL AND created_at > now() + interval '12 hours'"
            " GROUP BY client_id, account_id HAVING count(*) > 1"
        )
        assert twice == []


async def test_a_clock_three_days_ahead_and_back_bursts_doubles_and_loses_nothing(folder: Path) -> None:
    async with open_clock_house(folder) as clocks:
        clocks.rule()
        await clocks.breach("advent")
        clocks.world.admin.execute("UPDATE watch.source_accounts SET is_active = true")
        await clocks.run(days=3, rounds=3)
        assert clocks.house.query(f"{STARTED} > now() + interval '2 days'") > 0
        # One repeat for all the time that seemed to pass, and one digest over it.
        assert clocks.asked() == {"opened": 1, "again": 1, "digest": 1}
        await clocks.breach("ahead", days=3)
        await clocks.breach("advent", rate="20")
        await clocks.run(rounds=3)
        # Accounts that the fast clock had read are read at once, not in three days.
        assert clocks.house.query(f"{STARTED} > now() + interval '1 hour'") == 0
        await clocks.run(days=-3, rounds=3)
        await clocks.run(days=3, rounds=3)
        await clocks.breach("now")
        await clocks.drain()
        asked = clocks.asked()
        opened = clocks.world.rows("SELECT external_id FROM watchtower_alerts ORDER BY number")
        assert [row["external_id"] for row in opened] == ["advent", "ahead", "now"]
        assert {kind: asked[kind] for kind in ("opened", "again", "digest")} == {
            "opened": 3,
            "again": 1,
            "digest": 1,
        }
        clocks.assert_each_arrived_once()


async def test_a_message_that_waits_is_held_as_long_whatever_the_clock_says(folder: Path) -> None:
    """Openings of rules for every client wait some seconds for a storm: by the sender's clock, not by the asker's."""
    async with open_clock_house(folder) as clocks:
        clients = clocks.add_clients(STORMY)
        clocks.rule(client_id=0, notify_schedule=None)
        for number, days in enumerate((3, -3)):
            clocks.world.now = clocks.world.now + timedelta(days=days)
            await clocks.world.read([campaign("ahead", LOW, "Ahead")], client=clients[number], **PLACE)
        waits = clocks.world.rows(
            "SELECT extract(epoch FROM next_at - now())::float8 AS s FROM core.deliveries"
        )
        assert all(row["s"] < 60 for row in waits)
        jobs = clocks.world.rows(
            "SELECT count(*) AS n FROM jobs.procrastinate_jobs WHERE scheduled_at > now() + interval '2 minutes'"
        )
        assert jobs == [{"n": 0}]
        await clocks.drain()
        assert clocks.asked() == {"opened": 2}
        clocks.assert_each_arrived_once()


async def test_after_a_restore_digests_and_storms_wait_for_the_release_too(folder: Path) -> None:
    """A backup with a repeat, a digest and a storm in flight, all of which the original sends meanwhile."""
    async with open_clock_house(folder) as clocks:
        clocks.rule()
        await clocks.breach("advent")
        await clocks.drain()
        await clocks.run((TICK, {}), (DIGESTS, {}), days=1)
        rule = clocks.rule(client_id=0, discord_channel_id="1180000000000000102", notify_schedule=None)
        await clocks.storm(rule, clocks.add_clients(STORMY))
        await clocks.run((STORM, {"rule_id": str(rule)}))
        kinds = {"opened": 1, "again": 1, "digest": 1, "storm": 1}
        assert clocks.asked() == kinds
        kept = folder / "before.dump"
        assert await cli(clocks, "backup", str(kept)) == 0
        await clocks.drain()
        before = clocks.house.discord()
        assert (before["keys"], before["doubled"]) == (4, 0)
        clocks.world.admin.close()
        await clocks.house.runtime.db.close()
        assert await cli(clocks, "restore", str(kept), "--yes") == 0
        worker = await clocks.house.run_worker()
        try:
            # What was in flight is ready again, and more comes a day later, by another process's clock.
            count = "SELECT count(*) FROM core.deliveries"
            waiting = f"{count} WHERE kind IN ('again', 'digest', 'storm') AND state = 'ready'"
            # The worker beside may take a job first, for which by its own clock nothing is due.
            for _ in range(4):
                assert await clocks.run(days=2, rounds=3) == 0
                if clocks.house.query(waiting) >= 5:
                    break
            assert clocks.house.query(waiting) == 5
            assert clocks.house.discord() == before
            assert await cli(clocks, "release") == 0
            await clocks.house.until_settled(180)
        finally:
            await stop(worker)
        assert clocks.house.query(f"{count} WHERE state <> 'sent'") == 0
        # The three that the original sent came with the same keys; two repeats of one alert travel together.
        alone = clocks.house.query(f"{count} WHERE message ->> 'told_with' IS NULL")
        after = clocks.house.discord()
        assert (after["keys"], after["doubled"]) == (alone, 0)
        assert after["attempts"] > after["keys"]


async def cli(clocks: ClockHouse, *words: str) -> int:
    """The program's own command, as a person would give it."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "belvedere", *words, env={**os.environ, **clocks.house.environment}
    )
    return await asyncio.wait_for(process.wait(), 120)
