"""The nightly run over monthly parts: made, settled, dropped, within its limits and beside others at work."""

from datetime import UTC, datetime, timedelta

import psycopg
import pytest
from tests.core.months import add_log, add_record, all_of

from belvedere.core.context import Scope
from belvedere.core.database import Database
from belvedere.core.egress import HttpClient
from belvedere.core.errors import Conflict, Invalid, NotFound
from belvedere.core.health import check_health
from belvedere.core.jobs import JobCall
from belvedere.core.maintenance import clean_up, keep_partitions
from belvedere.core.partitions import ONE_RUN, Run, StepKind, keep_parts, preview, retain
from belvedere.core.runtime import Runtime
from belvedere.core.settings import Settings
from belvedere.migrations.runner import head

LOGS = "core.observability_logs"


def now() -> datetime:
    """Parts are made around the server's own present."""
    return datetime.now(UTC)


async def run(db: Database, **options: int) -> Run:
    return await keep_parts(db, now=now(), actor="tests", **options)


async def look(db: Database, at: datetime | None = None) -> Run:
    async with db.read(Scope.service("tests")) as session:
        return await preview(session, now=at or now())


@pytest.fixture
def old_rows(admin: psycopg.Connection) -> None:
    admin.execute("SELECT core.ensure_partitions('2024-01-01', 1)")
    admin.execute(
        "UPDATE core.partition_plans SET retention_months = NULLIF(2, 2 * (table_name <> %s)::int)", [LOGS]
    )
    add_log(admin, "2024-01-10 00:00+00")
    add_log(admin, f"{now() - timedelta(days=100):%Y-%m-%d} 00:00+00", "late")
    add_record(admin, datetime(2023, 5, 20, tzinfo=UTC))


async def test_a_run_does_what_its_preview_said(
    db: Database, old_rows: None, admin: psycopg.Connection
) -> None:
    said = await look(db)
    assert said.count(StepKind.DROP) == 1
    counts = all_of(admin, "SELECT count(*) FROM pg_inherits")
    assert await look(db) == said
    assert all_of(admin, "SELECT count(*) FROM pg_inherits") == counts
    done = await run(db)
    # Records and their metrics move together, so that the second of the two finds its month made.
    assert {(step.kind, step.part) for step in done.steps} <= {(step.kind, step.part) for step in said.steps}
    assert done.rows(StepKind.DROP) == 1
    assert done.rows(StepKind.SETTLE) >= 2
    assert done.complete
    # What was late for its month by more than is kept goes with the next run.
    assert {step.kind for step in (await run(db)).steps} <= {StepKind.DROP}
    assert (await run(db)).steps == ()


async def test_a_run_says_what_it_did(db: Database, old_rows: None, admin: psycopg.Connection) -> None:
    done = await run(db)
    ((data,),) = all_of(admin, "SELECT data FROM core.outbox_events WHERE type = 'partitions.kept'")
    assert isinstance(data, dict)
    assert (data["settled"], data["dropped"]) == (done.count(StepKind.SETTLE), 1)
    assert len(all_of(admin, "SELECT 1 FROM core.audit_log WHERE action = 'partition.drop'")) == 1
    await run(db)
    await run(db)
    assert len(all_of(admin, "SELECT 1 FROM core.outbox_events WHERE type = 'partitions.kept'")) <= 2


async def test_a_run_stops_at_its_limit_and_the_next_goes_on(db: Database, old_rows: None) -> None:
    first = await run(db, most=1)
    assert (len(first.steps), first.complete) == (1, False)
    second = await run(db)
    assert first.steps[0] not in second.steps
    assert second.complete


async def test_months_ahead_follow_the_plan_of_each_table(db: Database, admin: psycopg.Connection) -> None:
    admin.execute(
        "UPDATE core.partition_plans SET months_ahead = 9 WHERE table_name = 'core.observability_logs'"
    )
    made = [step.table for step in (await run(db)).steps if step.kind is StepKind.MAKE]
    assert made.count(LOGS) == 5
    assert set(made) == {LOGS}


async def test_two_runs_at_once_are_one(db: Database, admin: psycopg.Connection) -> None:
    admin.execute("SELECT pg_advisory_lock(%s)", [ONE_RUN])
    with pytest.raises(Conflict, match="Another run"):
        await run(db)
    admin.execute("SELECT pg_advisory_unlock(%s)", [ONE_RUN])


async def test_a_busy_table_is_left_for_later(
    db: Database, old_rows: None, database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("belvedere.core.partitions.LOCK_WAIT", "100ms")
    with psycopg.connect(database_url) as reader:
        reader.execute("SELECT count(*) FROM core.observability_logs")
        done = await run(db)
    skipped = {step.table for step in done.steps if step.skipped}
    assert skipped == {LOGS}
    assert {step.skipped for step in done.steps} <= {"", "the table is busy"}
    assert done.count(StepKind.SETTLE) >= 1
    assert (await run(db)).count(StepKind.DROP) == 1


async def test_what_a_current_reading_shows_is_skipped_with_its_reason(
    db: Database, admin: psycopg.Connection
) -> None:
    admin.execute("UPDATE core.partition_plans SET retention_months = 12 WHERE table_name LIKE 'watch.%'")
    admin.execute("SELECT core.ensure_partitions('2024-01-01', 1)")
    add_record(admin, datetime(2024, 1, 10, tzinfo=UTC))
    admin.execute(
        "INSERT INTO watch.api_snapshots (client_id, source_id, status, same_as_snapshot_id, data_as_of)"
        " SELECT client_id, source_id, 'completed', id, now() FROM watch.api_snapshots"
    )
    (skipped,) = [step for step in (await run(db)).steps if step.skipped]
    assert skipped.part == "watch.api_records_p202401"
    assert "newest reading" in skipped.skipped


async def test_the_job_runs_all_of_it(
    db: Database, old_rows: None, settings: Settings, admin: psycopg.Connection
) -> None:
    runtime = Runtime(settings, db, HttpClient(settings, db=db))
    await keep_partitions(runtime, JobCall("core.keep_partitions"))
    assert all_of(admin, "SELECT to_regclass('core.observability_logs_p202401')") == [(None,)]
    assert all_of(admin, "SELECT DISTINCT actor FROM core.audit_log") == [("core.keep_partitions",)]


async def test_old_lines_go_by_the_day_unless_somebody_keeps_their_months(
    db: Database, settings: Settings, admin: psycopg.Connection
) -> None:
    runtime = Runtime(settings, db, HttpClient(settings, db=db))
    add_log(admin, f"{now() - timedelta(days=40):%Y-%m-%d} 00:00+00")
    for months in (6, None):
        async with db.write(Scope.service("tests")) as session:
            await retain(session, LOGS, months, actor="tests", now=now())
        await clean_up(runtime, JobCall("core.clean_up"))
        assert all_of(admin, "SELECT count(*) FROM core.observability_logs") == [(1,)]
    async with db.write(Scope.service("tests")) as session:
        await retain(session, "observability_logs", 2, actor="tests", now=now())
    await clean_up(runtime, JobCall("core.clean_up"))
    assert all_of(admin, "SELECT count(*) FROM core.observability_logs") == [(0,)]


@pytest.mark.parametrize(("table", "months", "error"), [
    ("core.users", 3, NotFound), ("", 3, NotFound), ("core.observability_logs; DROP TABLE core.users", 3, NotFound),
    (LOGS, 0, Invalid), (LOGS, -1, Invalid), (LOGS, 10**9, Invalid),
])  # fmt: skip
async def test_wrong_retention_is_refused(
    db: Database, table: str, months: int, error: type[Exception]
) -> None:
    with pytest.raises(error):
        async with db.write(Scope.service("tests")) as session:
            await retain(session, table, months, actor="tests", now=now())


async def test_health_knows_what_is_amiss_with_parts(db: Database, admin: psycopg.Connection) -> None:
    async def parts(at: datetime) -> dict[str, object]:
        health = await check_health(db, revision=head(), silence=30, now=at)
        found = health.checks["partitions"]
        assert isinstance(found, dict)
        return found

    assert await parts(now()) == {"ok": True, "next_month_missing": [], "rows_in_default": []}
    add_log(admin, "2023-01-15 10:00+00")
    assert await parts(now()) == {"ok": True, "next_month_missing": [], "rows_in_default": [LOGS]}
    later = await parts(now() + timedelta(days=200))
    assert later["ok"] is False
    assert LOGS in str(later["next_month_missing"])
