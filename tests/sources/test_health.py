"""The health of sources, watched by the rules that come with the program: late, failing, empty, a credential about to end."""

from datetime import timedelta

import pytest

from belvedere.core.context import Scope
from belvedere.core.errors import Conflict
from belvedere.sandbox.faults import Fault, Mode
from belvedere.sandbox.faults import Target as At
from belvedere.sandbox.service import SANDBOX_CLIENTS, RunningSandbox
from belvedere.sources.contracts import Freshness
from belvedere.sources.service import known_targets, request_run, stale_places, target_fields
from belvedere.watchtower.service import delete_rule
from tests.people import BRANDT, MARLOW
from tests.sources.conftest import NOON, World

pytestmark = pytest.mark.usefixtures("connected")

V3 = next(client for client in SANDBOX_CLIENTS if client.omnisend_version == "v3")


async def omnisend(world: World, sandbox: RunningSandbox, client_id: int = BRANDT):
    source = world.source("omnisend", "campaigns", 60)
    account = world.account(
        source, client_id, base_url=sandbox.urls["omnisend_base_url"], api_version="v3", page_size=25
    )
    await world.credential(account, client_id, api_key=V3.omnisend_key)
    return account


async def read(world: World, account, client_id: int = BRANDT):
    async with world.runtime.db.write(Scope.client(client_id, "tests")) as session:
        ref = await request_run(session, account, actor="tests", now=world.runtime.clock())
    await world.job("sources.collect", client_id, snapshot_id=ref.snapshot_id)
    return ref.snapshot_id


def health_account(world: World, client_id: int = BRANDT):
    return world.one(
        "SELECT a.id FROM watch.source_accounts a JOIN watch.api_sources s ON s.id = a.source_id"
        " WHERE s.endpoint = 'source_health' AND a.client_id = %s",
        client_id,
    )


async def run_waiting(world: World) -> int:
    """Do the readings that were started in the transaction of their cause."""
    waiting = world.jobs("sources.collect")
    world.lose_jobs()
    for call in waiting:
        await world.job("sources.collect", call["client_id"], **call["args"])
    return len(waiting)


def alerts(world: World, client_id: int = BRANDT) -> list[tuple[str, str, str | None]]:
    return world.admin.execute(
        "SELECT r.builtin, a.state, a.resolved_reason FROM watch.watchtower_alerts a"
        " JOIN watch.watchtower_rules r ON r.id = a.rule_id WHERE a.client_id = %s ORDER BY a.number",
        [client_id],
    ).fetchall()


def test_the_seeded_targets_are_registered_item_4():
    assert known_targets()[0] == "api_records"
    assert {"clients", "communication_reports", "source_health", "ad_campaigns", "stock"} <= set(
        known_targets()
    )
    assert target_fields("source_health")["credential_expires_in_days"].unit == "days"
    assert "days_since_team_message" in target_fields("communication_reports")


async def test_equal_internal_readings_are_pointers_item_26(world, sandbox, clock):
    account = await omnisend(world, sandbox)
    await read(world, account)
    await world.job("sources.sync_targets", None)
    health = health_account(world)
    first = await read(world, health)
    clock.forward(minutes=5)
    second = await read(world, health)
    assert world.snapshot(second)["same_as_snapshot_id"] == first
    assert world.one("SELECT count(*) FROM watch.api_records WHERE snapshot_id = %s", second) == 0
    assert world.one("SELECT count(*) FROM watch.api_records WHERE snapshot_id = %s", first) == 1
    assert world.snapshot(second)["evaluated_at"] is not None


async def test_every_client_that_reads_has_its_health_read_and_nobody_else_item_26(world, sandbox):
    await omnisend(world, sandbox)
    world.account(world.source("file", "orders"), 0)
    for _ in range(2):
        await world.job("sources.sync_targets", None)
    found = world.admin.execute(
        "SELECT a.client_id FROM watch.source_accounts a JOIN watch.api_sources s ON s.id = a.source_id"
        " WHERE s.endpoint = 'source_health' ORDER BY 1"
    ).fetchall()
    assert found == [(0,), (BRANDT,)]


async def test_a_late_source_opens_an_alert_that_closes_by_itself_item_29(world, sandbox, clock):
    account = await omnisend(world, sandbox)
    await read(world, account)
    await world.job("sources.sync_targets", None)
    health = health_account(world)
    clock.forward(minutes=89)
    await read(world, health)
    assert alerts(world) == []
    clock.forward(minutes=1)
    await read(world, health)
    assert alerts(world) == [("source_stale", "open", None)]
    await read(world, account)
    clock.forward(minutes=5)
    await read(world, health)
    assert alerts(world) == [("source_stale", "resolved", "recovered")]


async def test_lateness_is_of_one_source_and_client_item_29(world, sandbox, clock):
    account, other = await omnisend(world, sandbox), await omnisend(world, sandbox, MARLOW)
    await read(world, account)
    clock.forward(minutes=60)
    await read(world, other, MARLOW)
    clock.forward(minutes=30)
    async with world.runtime.db.read(Scope.client(BRANDT)) as session:
        (place,) = await stale_places(session, BRANDT, clock.at)
    assert (place.account_id, place.state, place.late_since) == (
        account,
        Freshness.LATE,
        NOON + timedelta(minutes=90),
    )
    async with world.runtime.db.read(Scope.client(MARLOW)) as session:
        assert await stale_places(session, MARLOW, clock.at) == []


async def test_a_source_that_fails_tells_with_the_third_failure_and_recovers_at_once_item_29(
    world, sandbox, clock
):
    account = await omnisend(world, sandbox)
    await read(world, account)
    await world.job("sources.sync_targets", None)
    world.lose_jobs()
    for minutes in (10, 11, 12):
        assert alerts(world) == []
        clock.forward(minutes=minutes)
        for _ in range(6):
            sandbox.sandbox.faults.arm(Fault(At.OMNISEND, Mode.AUTH))
        await read(world, account)
        sandbox.sandbox.faults.clear()
        if minutes < 12:
            assert len([call for call in world.jobs("sources.collect") if call["actor"] != "tests"]) == 0
        world_jobs = len(world.jobs("sources.collect"))
        assert world_jobs >= 1
        await run_waiting(world)
    assert alerts(world) == [("source_failing", "open", None)]
    clock.forward(minutes=1)
    await read(world, account)
    await run_waiting(world)
    assert alerts(world) == [("source_failing", "resolved", "recovered")]


async def test_an_empty_answer_is_told_at_once_item_27(world, sandbox, clock):
    account = await omnisend(world, sandbox)
    await read(world, account)
    await world.job("sources.sync_targets", None)
    world.lose_jobs()
    clock.forward(minutes=10)
    sandbox.sandbox.faults.arm(Fault(At.OMNISEND, Mode.EMPTY))
    await read(world, account)
    await run_waiting(world)
    assert alerts(world) == [("source_empty", "open", None)]


def told(world: World) -> list[tuple[str, str]]:
    return world.admin.execute("SELECT channel, destination FROM core.deliveries ORDER BY channel").fetchall()


@pytest.mark.parametrize(
    ("discord", "expected"),
    [("1234567890", ("discord_bot", "1234567890")), (None, ("email", "olga@agency.example"))],
)
async def test_somebody_is_told_of_a_late_source_without_any_setting_up(
    world, sandbox, clock, discord, expected
):
    world.admin.execute(
        "UPDATE core.clients SET discord_channel_id = %s, email_recipients = '{shop@brandt.example}' WHERE id = %s",
        [discord, BRANDT],
    )
    account = await omnisend(world, sandbox)
    await read(world, account)
    await world.job("sources.sync_targets", None)
    clock.forward(minutes=90)
    await read(world, health_account(world))
    assert told(world) == [expected]
    await read(world, account)
    await read(world, health_account(world))
    assert told(world) == [expected] * 2


async def test_a_credential_about_to_end_is_told(world, sandbox, clock):
    account = await omnisend(world, sandbox)
    await read(world, account)
    world.admin.execute("UPDATE core.creds_meta SET expires_at = %s", [NOON + timedelta(days=6, hours=1)])
    await world.job("sources.sync_targets", None)
    health = health_account(world)
    await read(world, health)
    assert alerts(world) == []
    clock.forward(hours=2)
    await read(world, health)
    assert ("credential_expiring", "open", None) in alerts(world)
    world.admin.execute("UPDATE core.creds_meta SET expires_at = NULL")


async def test_a_rule_that_comes_with_the_program_is_changed_and_switched_off_but_not_deleted(world):
    rule = world.one("SELECT id FROM watch.watchtower_rules WHERE builtin = 'credential_expiring'")
    async with world.runtime.db.write(Scope.service("tests")) as session:
        with pytest.raises(Conflict, match="Switch it off"):
            await delete_rule(session, rule, actor="tests", now=NOON)
    found = world.admin.execute(
        "SELECT builtin, client_id, target_table, is_active FROM watch.watchtower_rules WHERE builtin IS NOT NULL ORDER BY 1"
    ).fetchall()
    names = ["credential_expiring", "source_empty", "source_failing", "source_scale", "source_stale"]
    assert found == [(name, 0, "source_health", True) for name in names]
