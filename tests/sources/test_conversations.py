"""Discord's channels, read over HTTP from the sandbox into reports, readings and an alert."""

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from zoneinfo import ZoneInfo

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import SecretStr

from belvedere.core.context import Scope
from belvedere.sandbox.clients import TEAM_ROLE_ID, TEAM_USER_IDS
from belvedere.sandbox.faults import Fault, Mode
from belvedere.sandbox.faults import Target as At
from belvedere.sandbox.service import (
    DISCORD_BOT_TOKEN,
    SANDBOX_CLIENTS,
    RunningSandbox,
    SandboxOptions,
    run_sandbox,
)
from belvedere.sources.conversation_figures import Period, Said, Side, count_up, period_around
from belvedere.sources.service import request_run
from tests.people import BRANDT
from tests.sources.conftest import NOON, World

pytestmark = pytest.mark.usefixtures("connected")

SHOP = SANDBOX_CLIENTS[0]
TALK = SHOP.talk_channel_id


@pytest.fixture
async def sandbox(runtime) -> AsyncIterator[RunningSandbox]:
    running = await run_sandbox(SandboxOptions(started_at=NOON, discord_limit=1000))
    settings = runtime.settings.model_copy(
        update={
            "discord_base_url": running.urls["discord_base_url"],
            "discord_bot_token": SecretStr(DISCORD_BOT_TOKEN),
        }
    )
    object.__setattr__(runtime, "settings", settings)
    yield running
    await running.close()


@pytest.fixture
async def web(sandbox) -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient(base_url=sandbox.base_url, trust_env=False) as client:
        yield client


def account(world: World, **settings):
    wanted = {"channels": [TALK], "team_user_ids": list(TEAM_USER_IDS), **settings}
    return world.account(world.source("internal", "communication_reports", 60), BRANDT, **wanted)


async def read(world: World, account_id):
    async with world.runtime.db.write(Scope.client(BRANDT, "tests")) as session:
        ref = await request_run(session, account_id, actor="tests", now=world.runtime.clock())
    await world.job("sources.collect", snapshot_id=ref.snapshot_id)
    return world.snapshot(ref.snapshot_id)


def newest(world: World, *columns: str):
    return world.one(
        f"SELECT {', '.join(columns)} FROM watch.communication_reports WHERE client_id = %s"
        " ORDER BY period_start DESC LIMIT 1",
        BRANDT,
    )


def truth(sandbox: RunningSandbox, begin, end) -> tuple[int, int]:
    """Messages of the team and of the client in a time, counted from the sandbox's own memory."""
    inside = [
        one["author"]["id"]
        for one in sandbox.sandbox.chat.channels[TALK].messages
        if one["type"] == 0
        and not one["author"]["bot"]
        and begin.isoformat() <= one["timestamp"] < end.isoformat()
    ]
    team = sum(author in TEAM_USER_IDS for author in inside)
    return team, len(inside) - team


def metric(world: World, snapshot, name: str):
    return world.one(
        "SELECT m.metric_value FROM watch.api_records r JOIN watch.api_record_metrics m ON m.record_id = r.id"
        " WHERE r.snapshot_id = %s AND m.metric_name = %s",
        snapshot["same_as_snapshot_id"] or snapshot["id"],
        name,
    )


async def test_no_outreach_for_seven_days_fires_and_closes_when_the_team_writes_item_26(
    world, sandbox, web, clock
):
    """The rule as it is printed, from Discord's channel to the alert and back."""
    world.admin.execute(
        "INSERT INTO watchtower_rules (target_table, name, field_name, condition, threshold_value, severity)"
        " VALUES ('communication_reports', 'No Outreach for 7+ Days', 'days_since_team_message', 'greater_than', '7',"
        " 'warning')"
    )
    where = account(world)
    clock.forward(days=-3)
    sandbox.sandbox.world.now = clock.at
    await read(world, where)
    assert world.one("SELECT count(*) FROM watchtower_alerts") == 0
    clock.forward(days=3)
    snapshot = await read(world, where)
    assert (snapshot["status"], snapshot["total_records"]) == ("completed", 1)
    assert metric(world, snapshot, "days_since_team_message") == 9
    alert = "SELECT state, current_value, resolved_reason FROM watchtower_alerts"
    assert world.one(alert)[0] == "open"
    said = await web.post(
        f"/control/discord/channels/{SHOP.slug}/messages", json={"as": "team", "at": clock.at.isoformat()}
    )
    assert said.status_code == 200
    clock.forward(hours=1)
    await read(world, where)
    assert world.one(alert)[0::2] == ("resolved", "recovered")


async def test_silence_grows_although_nobody_writes_item_26(world, sandbox, clock):
    where = account(world)
    first = await read(world, where)
    again = await read(world, where)
    assert again["same_as_snapshot_id"] is None or again["same_as_snapshot_id"] == first["id"]
    clock.forward(hours=12)
    later = await read(world, where)
    assert later["same_as_snapshot_id"] is None
    assert (
        metric(world, later, "days_since_team_message") - metric(world, first, "days_since_team_message")
        == 0.5
    )


async def test_a_report_is_written_once_for_a_channel_and_period(world, sandbox, clock):
    where = account(world)
    for _ in range(3):
        await read(world, where)
        clock.forward(minutes=10)
    begin, end = period_around(NOON, Period.WEEK, ZoneInfo("Europe/Vienna"))
    rows = world.admin.execute(
        "SELECT period_start, period_end, team_message_count, client_message_count FROM communication_reports"
        " ORDER BY period_start"
    ).fetchall()
    zone = ZoneInfo(world.one("SELECT timezone FROM core.clients WHERE id = %s", BRANDT))
    begin, end = period_around(NOON, Period.WEEK, zone)
    earlier = period_around(begin - timedelta(seconds=1), Period.WEEK, zone)
    assert [row[:2] for row in rows] == [earlier, (begin, end)]
    assert rows[0][2:] == truth(sandbox, *earlier)
    assert rows[1][2:] == truth(sandbox, begin, end)


async def test_bots_and_the_platforms_own_remarks_do_not_count(world, sandbox, web, clock):
    where = account(world)
    await read(world, where)
    before = newest(world, "message_count")
    for who in ("bot", "system"):
        await web.post(
            f"/control/discord/channels/{TALK}/messages", json={"as": who, "at": clock.at.isoformat()}
        )
    clock.forward(hours=1)
    await read(world, where)
    assert newest(world, "message_count") == before
    world.admin.execute(
        'UPDATE source_accounts SET settings = settings || \'{"bots": "team"}\' WHERE id = %s', [where]
    )
    await read(world, where)
    assert newest(world, "message_count") == before + 1


async def test_only_what_is_new_is_asked_for_and_what_was_deleted_is_not_counted(world, sandbox, web, clock):
    where = account(world)
    channel = sandbox.sandbox.chat.channels[TALK]
    said = [
        (
            await web.post(
                f"/control/discord/channels/{TALK}/messages",
                json={"as": "client", "at": clock.at.isoformat()},
            )
        ).json()
        for _ in range(3)
    ]
    clock.forward(hours=1)
    await read(world, where)
    assert newest(world, "unanswered_count") == 3
    await web.delete(f"/control/discord/channels/{TALK}/messages/{said[2]['id']}")
    old = channel.messages.pop(0)
    clock.forward(hours=1)
    await read(world, where)
    assert newest(world, "unanswered_count") == 2
    assert old["id"] != said[0]["id"]


async def test_a_long_history_is_read_page_by_page_past_limits(world, sandbox, web, clock):
    sandbox.sandbox.options = replace(sandbox.sandbox.options, discord_limit=2, discord_window_seconds=0.2)
    for minute in range(350):
        await web.post(
            f"/control/discord/channels/{TALK}/messages",
            json={"as": "client", "at": (clock.at - timedelta(minutes=minute)).isoformat()},
        )
    clock.forward(minutes=1)
    sandbox.sandbox.faults.arm(Fault(At.DISCORD, Mode.RATE_LIMITED, times=1, retry_after=0.1))
    snapshot = await read(world, account(world))
    assert snapshot["status"] == "completed", snapshot["error_message"]
    begin, end = period_around(
        NOON, Period.WEEK, ZoneInfo(world.one("SELECT timezone FROM core.clients WHERE id = %s", BRANDT))
    )
    assert newest(world, "team_message_count", "client_message_count") == truth(sandbox, begin, end)
    assert newest(world, "unanswered_count") >= 350


async def test_roles_tell_who_is_the_team(world, sandbox):
    snapshot = await read(world, account(world, team_user_ids=[], team_role_ids=[TEAM_ROLE_ID]))
    assert metric(world, snapshot, "days_since_team_message") == 9


async def test_the_agencys_account_names_the_team_for_every_client(world, sandbox):
    world.account(world.source("internal", "communication_reports", 60), 0, team_user_ids=list(TEAM_USER_IDS))
    snapshot = await read(world, account(world, team_user_ids=[]))
    assert metric(world, snapshot, "days_since_team_message") == 9


async def test_nobody_named_reads_nothing_and_says_so(world, sandbox):
    snapshot = await read(world, account(world, team_user_ids=[]))
    assert (snapshot["status"], snapshot["total_records"]) == ("completed", 0)
    assert "team_user_ids" in snapshot["error_message"]


@pytest.mark.parametrize(("access", "words"), [("forbidden", "Read Message History"), ("gone", "deleted")])
async def test_a_channel_that_may_not_be_read_is_named(world, sandbox, web, access, words):
    await web.patch(f"/control/discord/channels/{TALK}", json={"access": access})
    snapshot = await read(world, account(world))
    assert snapshot["status"] == "failed"
    assert words in snapshot["error_message"]
    assert TALK in snapshot["error_message"]


async def test_one_closed_channel_of_two_makes_a_partial_reading_item_27(world, sandbox, web):
    await web.patch(
        f"/control/discord/channels/{SANDBOX_CLIENTS[1].talk_channel_id}", json={"access": "forbidden"}
    )
    snapshot = await read(world, account(world, channels=[TALK, SANDBOX_CLIENTS[1].talk_channel_id]))
    assert (snapshot["status"], snapshot["completeness"], snapshot["total_records"]) == (
        "completed",
        "partial",
        1,
    )


async def test_a_wrong_token_fails_for_good(world, sandbox, runtime):
    settings = runtime.settings.model_copy(update={"discord_bot_token": SecretStr("wrong")})
    object.__setattr__(runtime, "settings", settings)
    assert "bot token" in (await read(world, account(world)))["error_message"]


@given(st.lists(st.tuples(st.integers(0, 20_000), st.booleans()), max_size=60), st.integers(0, 20_000))
def test_figures_hold_whatever_was_said(said, split):
    begin = NOON - timedelta(days=7)
    messages = sorted(
        (
            Said(number, begin + timedelta(minutes=minute), Side.TEAM if team else Side.CLIENT, str(team))
            for number, (minute, team) in enumerate(said)
        ),
        key=lambda one: (one.at, one.id),
    )
    middle, end = begin + timedelta(minutes=split), begin + timedelta(minutes=20_001)
    whole, late = count_up(messages, begin, end), count_up(messages, middle, end)
    assert whole.message_count == whole.team_message_count + whole.client_message_count == len(said)
    assert late.message_count <= whole.message_count
    assert late.unanswered_count == whole.unanswered_count
    assert late.last_team_message_at == whole.last_team_message_at
    trailing = 0
    for one in reversed(messages):
        if one.side is Side.TEAM:
            break
        trailing += 1
    assert whole.unanswered_count == trailing
    if whole.median_response_seconds is not None:
        assert 0 <= whole.median_response_seconds <= whole.p90_response_seconds
