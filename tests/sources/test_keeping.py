"""What happens to readings later: set aside and settled, read late, run over, thinned."""

from datetime import datetime, timedelta
from uuid import UUID, uuid4

import orjson
import pytest

from belvedere.core.context import Scope
from belvedere.sandbox.faults import Fault, Mode
from belvedere.sandbox.faults import Target as At
from belvedere.sandbox.service import RunningSandbox
from belvedere.sources.freshness import phase_of
from belvedere.sources.thinning import plan_thinning, retention_of, thin_readings
from tests.people import BRANDT, MARLOW
from tests.sources.conftest import NOON, SIMPLE, World
from tests.sources.test_health import alerts, omnisend, read, run_waiting

pytestmark = pytest.mark.usefixtures("connected")


async def set_aside(world: World, sandbox: RunningSandbox) -> tuple[UUID, UUID]:
    """An account with a good reading, and an empty one after it."""
    account = await omnisend(world, sandbox)
    await read(world, account)
    await world.job("sources.sync_targets", None)
    world.lose_jobs()
    world.runtime.clock.forward(minutes=10)
    sandbox.sandbox.faults.arm(Fault(At.OMNISEND, Mode.EMPTY))
    empty = await read(world, account)
    await run_waiting(world)
    return account, empty


async def test_an_empty_reading_that_a_person_accepts_counts_item_27(world, sandbox, http, olga, clock):
    account, empty = await set_aside(world, sandbox)
    assert alerts(world) == [("source_empty", "open", None)]
    answer = await http.post(f"/snapshots/{empty}/accept", headers=olga)
    assert (answer.status_code, answer.json()["error_code"]) == (202, "accepted_empty")
    assert (await http.post(f"/snapshots/{empty}/accept", headers=olga)).json()["code"] == "not_set_aside"
    (call,) = world.jobs("sources.accept_empty")
    for _ in range(2):
        await world.job("sources.accept_empty", call["client_id"], **call["args"])
    row = world.snapshot(empty)
    assert (row["status"], row["total_records"], row["completeness"]) == ("completed", 0, "full")
    assert row["evaluated_at"] is not None
    await run_waiting(world)
    assert alerts(world) == [("source_empty", "resolved", "recovered")]
    clock.forward(minutes=10)
    again = await read(world, account)
    assert world.snapshot(again)["status"] == "completed"


async def test_an_empty_reading_that_a_person_discards_is_read_again_item_27(
    world, sandbox, http, olga, bob, clock
):
    account, empty = await set_aside(world, sandbox)
    assert (await http.post(f"/snapshots/{empty}/discard", headers=bob)).status_code == 403
    answer = await http.post(f"/snapshots/{empty}/discard", headers=olga)
    assert (answer.status_code, answer.json()["status"]) == (202, "failed")
    assert world.one("SELECT next_due_at FROM watch.source_accounts WHERE id = %s", account) <= world.one(
        "SELECT now() + interval '100 years'"
    )
    await run_waiting(world)
    assert alerts(world) == [("source_empty", "resolved", "recovered")]


async def test_counts_of_a_reading_add_up_item_27(http, olga, world):
    source = world.source("omnisend", "campaigns")
    rows = [{"id": "a", "open_rate": 10}, {"id": "b", "open_rate": 120}, {"name": "no id"}]
    form = {"source_id": str(source), "client_id": "1", "mapping": orjson.dumps(SIMPLE).decode()}
    taken = await http.post(
        "/ingest", data=form, files={"file": ("x.json", orjson.dumps(rows))}, headers=olga
    )
    await world.job("sources.collect", snapshot_id=taken.json()["snapshot_id"])
    row = world.snapshot(taken.json()["snapshot_id"])
    assert (row["received_records"], row["total_records"], row["rejected_records"]) == (3, 2, 2)


async def test_data_older_than_what_is_known_raises_nothing_item_28(http, olga, world):
    world.admin.execute(
        "INSERT INTO watchtower_rules (name, field_name, condition, threshold_value) VALUES ('Low', 'open_rate', 'less_than', '15')"
    )
    source = world.source("omnisend", "campaigns")

    async def ingest(rate: int, at: datetime) -> str:
        rows = [{"id": "a", "open_rate": rate}]
        form = {
            "source_id": str(source),
            "client_id": "1",
            "mapping": orjson.dumps(SIMPLE).decode(),
            "data_as_of": at.isoformat(),
        }
        taken = await http.post(
            "/ingest", data=form, files={"file": ("x.json", orjson.dumps(rows))}, headers=olga
        )
        assert taken.status_code == 202, taken.text
        await world.job("sources.collect", snapshot_id=taken.json()["snapshot_id"])
        return taken.json()["snapshot_id"]

    await ingest(40, NOON)
    backfilled = await ingest(3, NOON - timedelta(days=5))
    row = world.snapshot(backfilled)
    assert (row["status"], row["data_as_of"]) == ("completed", NOON - timedelta(days=5))
    assert row["created_at"] >= NOON
    assert world.one("SELECT count(*) FROM watchtower_alerts") == 0
    assert world.one("SELECT count(*) FROM core.deliveries") == 0


async def test_a_reading_that_runs_over_delays_the_next_and_is_counted_item_31(world, sandbox, clock):
    account = await omnisend(world, sandbox)
    await world.job("sources.start_due", None)
    for _ in range(2):
        clock.forward(hours=2)
        for _ in range(2):
            await world.job("sources.start_due", None)
    assert world.one("SELECT count(*) FROM watch.api_snapshots WHERE account_id = %s", account) == 1
    overruns, due = world.one(
        "SELECT overruns, next_due_at FROM watch.source_accounts WHERE id = %s", account
    )
    assert (overruns, due > clock.at) == (2, True)


def test_accounts_are_spread_over_their_interval_item_31():
    hour = timedelta(hours=1)
    minutes = [int(phase_of(uuid4(), hour).total_seconds() // 60) for _ in range(2000)]
    counts = [minutes.count(minute) for minute in range(60)]
    assert min(counts) > 5
    assert max(counts) < 90


def store(
    world: World,
    account: UUID,
    at: datetime,
    *,
    same_as=None,
    status: str = "completed",
    client: int = BRANDT,
) -> UUID:
    return world.one(
        "INSERT INTO watch.api_snapshots (source_id, client_id, account_id, status, error_message, data_as_of, completed_at, created_at,"
        " evaluated_at, same_as_snapshot_id)"
        " SELECT source_id, client_id, id, %s, 'x', %s, %s, %s, %s, %s FROM watch.source_accounts WHERE id = %s RETURNING id",
        status, at, at, at, at, same_as, account,
    )  # fmt: skip


def stored(world: World) -> set[UUID]:
    return {row[0] for row in world.admin.execute("SELECT id FROM watch.api_snapshots").fetchall()}


async def test_old_readings_thin_to_days_and_then_months_item_32(world):
    account = world.account(world.source())
    other = world.account(world.source("file", "orders"), MARLOW)
    recent = {
        store(world, account, NOON - timedelta(days=days, hours=hour))
        for days in range(29)
        for hour in (1, 2)
    }
    days = [
        [store(world, account, NOON - timedelta(days=100 + day, hours=hour)) for hour in (1, 2, 3)]
        for day in range(3)
    ]
    months = [store(world, account, datetime(2024, 3, day, 12, tzinfo=NOON.tzinfo)) for day in (1, 9, 30)]
    lonely = {store(world, other, NOON - timedelta(days=200, hours=hour), client=MARLOW) for hour in range(3)}
    failed = store(world, account, NOON - timedelta(days=60), status="failed")
    wanted = recent | lonely | {same[0] for same in days} | {months[2]}
    retention = retention_of(30, 400)
    async with world.runtime.db.read(Scope.service("tests")) as session:
        plan = await plan_thinning(session, retention, NOON)
    assert [(line["client_id"], line["readings"]) for line in plan] == [(BRANDT, 6 + 2 + 1)]
    assert failed in stored(world)
    assert await thin_readings(world.runtime, actor="tests", batch=2) == 9
    assert stored(world) == wanted
    assert await thin_readings(world.runtime, actor="tests") == 0


async def test_what_an_alert_points_to_or_a_reading_stands_on_is_kept_item_32(world):
    account = world.account(world.source())
    for number in range(6):
        store(world, account, NOON - timedelta(minutes=number))
    base = NOON - timedelta(days=60)
    root = store(world, account, base - timedelta(hours=9))
    middle = store(world, account, base - timedelta(hours=2), same_as=root)
    last = store(world, account, base - timedelta(hours=1), same_as=root)
    pinned = store(world, account, base - timedelta(hours=5))
    free = store(world, account, base - timedelta(hours=6))
    rule = world.one(
        "INSERT INTO watchtower_rules (name, field_name, condition, threshold_value) VALUES ('Low', 'open_rate', 'less_than', '15') RETURNING id"
    )
    world.admin.execute(
        "INSERT INTO watchtower_alerts (rule_id, snapshot_id, client_id, message, severity, fingerprint, rule_client_id)"
        " VALUES (%s, %s, %s, 'x', 'info', 'f', 0)",
        [rule, pinned, BRANDT],
    )
    assert await thin_readings(world.runtime, actor="tests") == 2
    left = stored(world)
    assert {root, last, pinned} <= left
    assert left.isdisjoint({middle, free})
