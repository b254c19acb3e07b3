"""The life of a reading: asked for, due, fetched from a platform over HTTP, failed, taken over."""

from datetime import timedelta

import pytest

from belvedere.core.context import Scope
from belvedere.core.errors import Conflict
from belvedere.core.faults import FaultInjected, arm
from belvedere.sandbox.faults import Fault, Mode
from belvedere.sandbox.faults import Target as At
from belvedere.sandbox.service import SANDBOX_CLIENTS, RunningSandbox
from belvedere.sources import targets
from belvedere.sources.contracts import Unit
from belvedere.sources.errors import AlreadyRunning
from belvedere.sources.service import Target, number_fields, register_target, request_run, text_fields
from tests.people import BRANDT, MARLOW
from tests.sources.conftest import NOON, World

V3 = next(client for client in SANDBOX_CLIENTS if client.omnisend_version == "v3")


async def omnisend(world: World, sandbox: RunningSandbox, client_id: int = BRANDT, key: str | None = None):
    source = world.source("omnisend", "campaigns", 60)
    account = world.account(
        source, client_id, base_url=sandbox.urls["omnisend_base_url"], api_version="v3", page_size=25
    )
    await world.credential(account, client_id, api_key=key or V3.omnisend_key)
    return account


async def ask(world: World, account, client_id: int = BRANDT):
    async with world.runtime.db.write(Scope.client(client_id, "tests")) as session:
        return await request_run(session, account, actor="tests", now=world.runtime.clock())


async def test_a_run_goes_from_request_to_stored_rows(world, sandbox):
    account = await omnisend(world, sandbox)
    ref = await ask(world, account)
    (call,) = world.jobs("sources.collect")
    assert (call["client_id"], call["args"]) == (BRANDT, {"snapshot_id": str(ref.snapshot_id)})
    await world.job("sources.collect", snapshot_id=ref.snapshot_id)
    row = world.snapshot(ref.snapshot_id)
    truth = sandbox.sandbox.world.shops[V3.slug].campaigns
    assert (row["status"], row["total_records"], row["completeness"]) == ("completed", len(truth), "full")
    assert row["total_metrics"] > len(truth)
    assert world.one("SELECT count(*) FROM watch.api_records WHERE client_id = %s", BRANDT) == len(truth)
    health = world.one(
        "SELECT last_good_at, consecutive_failures FROM watch.source_accounts WHERE id = %s", account
    )
    assert health == (NOON, 0)
    assert world.one("SELECT count(*) FROM core.audit_log WHERE action = 'credential.read'") == 1


async def test_a_finished_reading_is_not_done_again(world, sandbox):
    account = await omnisend(world, sandbox)
    ref = await ask(world, account)
    for _ in range(2):
        await world.job("sources.collect", snapshot_id=ref.snapshot_id)
    assert world.snapshot(ref.snapshot_id)["attempt"] == 1
    assert world.one("SELECT count(DISTINCT snapshot_id) FROM watch.api_records") == 1


async def test_one_account_is_read_once_at_a_time(world, sandbox):
    account = await omnisend(world, sandbox)
    await ask(world, account)
    with pytest.raises(AlreadyRunning):
        await ask(world, account)


@pytest.mark.parametrize(
    ("mode", "code", "minutes"),
    [(Mode.AUTH, None, 60), (Mode.GARBAGE, None, 1)],
)
async def test_a_failed_fetch_says_why_and_when_it_is_tried_again(world, sandbox, mode, code, minutes):
    account = await omnisend(world, sandbox)
    sandbox.sandbox.faults.arm(Fault(At.OMNISEND, mode))
    ref = await ask(world, account)
    await world.job("sources.collect", snapshot_id=ref.snapshot_id)
    row = world.snapshot(ref.snapshot_id)
    assert row["status"] == "failed"
    assert len(row["error_message"]) > 20
    health = world.one(
        "SELECT consecutive_failures, last_error, extract(epoch FROM next_due_at - %s) / 60"
        " FROM watch.source_accounts WHERE id = %s",
        NOON,
        account,
    )
    assert health == (1, row["error_message"], minutes)
    event = world.one("SELECT data FROM core.outbox_events WHERE type = 'snapshot.failed'")
    assert event["permanent"] is (mode is Mode.AUTH)


async def test_a_missing_credential_is_named(world, sandbox):
    account = world.account(world.source("omnisend", "campaigns"), base_url=sandbox.urls["omnisend_base_url"])
    ref = await ask(world, account)
    await world.job("sources.collect", snapshot_id=ref.snapshot_id)
    row = world.snapshot(ref.snapshot_id)
    assert row["error_code"] == "credential_missing"
    assert "API key" in row["error_message"]


async def test_settings_that_do_not_fit_are_named(world):
    account = world.account(world.source("omnisend", "campaigns"), page_size="many")
    ref = await ask(world, account)
    await world.job("sources.collect", snapshot_id=ref.snapshot_id)
    row = world.snapshot(ref.snapshot_id)
    assert row["error_code"] == "settings"
    assert "page_size" in row["error_message"]


async def test_a_suspiciously_empty_answer_is_set_aside(world, sandbox, clock):
    account = await omnisend(world, sandbox)
    ref = await ask(world, account)
    await world.job("sources.collect", snapshot_id=ref.snapshot_id)
    clock.forward(hours=1)
    sandbox.sandbox.faults.arm(Fault(At.OMNISEND, Mode.EMPTY))
    empty = await ask(world, account)
    await world.job("sources.collect", snapshot_id=empty.snapshot_id)
    row = world.snapshot(empty.snapshot_id)
    assert (row["status"], row["error_code"]) == ("failed", "suspicious_empty")


async def test_what_is_due_starts_once(world, sandbox, clock):
    due = await omnisend(world, sandbox)
    other = await omnisend(world, sandbox, MARLOW)
    off = world.account(world.source("scraper", "cvr"), BRANDT, page_url="http://127.0.0.1/")
    world.admin.execute("UPDATE watch.source_accounts SET is_active = false WHERE id = %s", [off])
    world.account(world.source("file", "orders"), BRANDT)
    world.admin.execute("UPDATE core.clients SET status = 'paused' WHERE id = %s", [MARLOW])
    for _ in range(3):
        await world.job("sources.start_due", None)
    started = world.admin.execute("SELECT account_id, snapshot_type FROM watch.api_snapshots").fetchall()
    assert started == [(due, "scheduled")]
    assert other not in {row[0] for row in started}
    assert len(world.jobs("sources.collect")) == 1
    ref = world.one("SELECT id FROM watch.api_snapshots")
    await world.job("sources.collect", snapshot_id=ref)
    clock.forward(days=30)
    for _ in range(3):
        await world.job("sources.start_due", None)
    assert world.one("SELECT count(*) FROM watch.api_snapshots") == 2
    assert world.one("SELECT next_due_at > %s FROM watch.source_accounts WHERE id = %s", clock.at, due)


async def test_a_reading_whose_worker_died_runs_again(world, sandbox, clock):
    account = await omnisend(world, sandbox)
    ref = await ask(world, account)
    world.admin.execute(
        "UPDATE watch.api_snapshots SET status = 'processing', attempt = 1, lease_token = gen_random_uuid(),"
        " lease_until = %s WHERE id = %s",
        [clock.at, ref.snapshot_id],
    )
    world.lose_jobs()
    await world.job("sources.collect", snapshot_id=ref.snapshot_id)
    assert world.snapshot(ref.snapshot_id)["status"] == "processing"
    clock.forward(seconds=1)
    await world.job("sources.sweep", None)
    assert len(world.jobs("sources.collect")) == 1
    await world.job("sources.collect", snapshot_id=ref.snapshot_id)
    row = world.snapshot(ref.snapshot_id)
    assert (row["status"], row["attempt"]) == ("completed", 2)


async def test_a_reading_that_kills_its_workers_is_given_up(world, clock):
    account = world.account(world.source("omnisend", "campaigns"))
    ref = await ask(world, account)
    world.admin.execute(
        "UPDATE watch.api_snapshots SET status = 'processing', attempt = 3, lease_token = gen_random_uuid(),"
        " lease_until = %s WHERE id = %s",
        [clock.at, ref.snapshot_id],
    )
    clock.forward(seconds=1)
    await world.job("sources.sweep", None)
    row = world.snapshot(ref.snapshot_id)
    assert (row["status"], row["error_code"]) == ("failed", "worker_died")


async def test_a_lost_job_is_found_by_the_sweep(world, clock):
    account = world.account(world.source("omnisend", "campaigns"))
    await ask(world, account)
    world.lose_jobs()
    clock.forward(seconds=29)
    await world.job("sources.sweep", None)
    assert world.jobs("sources.collect") == []
    clock.forward(seconds=2)
    await world.job("sources.sweep", None)
    await world.job("sources.sweep", None)
    assert len(world.jobs("sources.collect")) == 1


async def test_the_house_reads_its_own_clients(world, monkeypatch):
    monkeypatch.setattr(targets, "_targets", dict(targets._targets))

    async def read(_session, client_id, _now):
        return [{"id": str(client_id), "name": "Brandt", "status": "active", "open_alerts": 2}]

    fields = (
        *text_fields([("status", "Status")]),
        *number_fields(Unit.COUNT, [("open_alerts", "Open alerts")]),
    )
    register_target(Target("clients_here", "Clients", fields, read))
    account = world.account(world.source("internal", "clients_here", 1440))
    ref = await ask(world, account)
    await world.job("sources.collect", snapshot_id=ref.snapshot_id)
    assert world.one("SELECT external_id, name, status FROM watch.api_records") == (
        str(BRANDT),
        "Brandt",
        "active",
    )
    assert world.one("SELECT metric_name, metric_value FROM watch.api_record_metrics") == ("open_alerts", 2)


async def test_a_target_that_nobody_offers_is_an_empty_reading_that_says_so(world):
    account = world.account(world.source("internal", "nobody_yet"))
    ref = await ask(world, account)
    await world.job("sources.collect", snapshot_id=ref.snapshot_id)
    row = world.snapshot(ref.snapshot_id)
    assert (row["status"], row["total_records"]) == ("completed", 0)
    assert "yet" in row["error_message"]


async def test_a_source_without_a_connector_cannot_be_run(world):
    account = world.account(world.source("file", "orders"))
    with pytest.raises(Conflict, match="handed in"):
        await ask(world, account)


@pytest.mark.parametrize("point", ["snapshot.fetched", "snapshot.storing", "snapshot.stored"])
async def test_a_reading_cut_off_at_any_point_is_stored_once(world, sandbox, clock, point):
    account = await omnisend(world, sandbox)
    ref = await ask(world, account)
    arm(f"{point}=error")
    try:
        with pytest.raises(FaultInjected):
            await world.job("sources.collect", snapshot_id=ref.snapshot_id)
    finally:
        arm("")
    clock.forward(minutes=2)
    await world.job("sources.sweep", None)
    await world.job("sources.collect", snapshot_id=ref.snapshot_id)
    row = world.snapshot(ref.snapshot_id)
    truth = sandbox.sandbox.world.shops[V3.slug].campaigns
    assert (row["status"], row["total_records"]) == ("completed", len(truth))
    assert world.one("SELECT count(*) FROM watch.api_records") == len(truth)
    assert world.one("SELECT count(*) FROM core.outbox_events WHERE type = 'snapshot.completed'") == 1
    assert len(world.jobs("sources.snapshot_completed")) == 1


async def test_a_file_whose_reader_died_is_failed_and_says_so(world, clock):
    source = world.source()
    snapshot = world.one(
        "INSERT INTO watch.api_snapshots (source_id, client_id, status, attempt, lease_token, lease_until)"
        " VALUES (%s, %s, 'processing', 1, gen_random_uuid(), %s) RETURNING id",
        source,
        BRANDT,
        clock.at,
    )
    clock.forward(minutes=1)
    await world.job("sources.sweep", None)
    await world.job("sources.collect", snapshot_id=snapshot)
    assert world.snapshot(snapshot)["error_code"] == "interrupted"


async def test_a_run_on_request_pushes_the_planned_one_back(world, sandbox, clock):
    account = await omnisend(world, sandbox)
    ref = await ask(world, account)
    due = world.one("SELECT next_due_at FROM watch.source_accounts WHERE id = %s", account)
    assert timedelta(minutes=30) <= due - NOON <= timedelta(minutes=90)
    await world.job("sources.collect", snapshot_id=ref.snapshot_id)
    await world.job("sources.start_due", None)
    assert world.one("SELECT count(*) FROM watch.api_snapshots") == 1
    clock.forward(minutes=90)
    await world.job("sources.start_due", None)
    assert world.one("SELECT count(*) FROM watch.api_snapshots") == 2


@pytest.mark.parametrize(
    ("mode", "ending"),
    [
        (
            Mode.AUTH,
            "omnisend refused the credential (401). Replace it under Settings → Credentials, then read again.",
        ),
        (Mode.GARBAGE, ". It is read again at 12:01 UTC."),
    ],
)
async def test_a_failed_reading_says_what_to_do(world, sandbox, mode, ending):
    account = await omnisend(world, sandbox)
    sandbox.sandbox.faults.arm(Fault(At.OMNISEND, mode))
    ref = await ask(world, account)
    await world.job("sources.collect", snapshot_id=ref.snapshot_id)
    assert world.snapshot(ref.snapshot_id)["error_message"].endswith(ending)
