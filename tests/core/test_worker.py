"""The worker: what it tries again, and what becomes of the jobs of the dead."""

import asyncio
from datetime import UTC, datetime

import psycopg
import pytest

from belvedere.core.context import Scope
from belvedere.core.database import Database
from belvedere.core.egress import HttpClient
from belvedere.core.errors import ExternalError, Invalid
from belvedere.core.jobs import REGISTRY, JobCall, enqueue, job
from belvedere.core.runtime import Runtime
from belvedere.core.settings import Settings
from belvedere.core.worker import build_app, end, is_final, rescue_stalled, retry_wait, run_worker

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)
seen: list[str] = []


@pytest.fixture
def remember():
    seen.clear()

    @job("tests.remember", max_attempts=2)
    async def note(runtime: Runtime, call: JobCall) -> None:
        """Remembers that it ran."""
        seen.append(call.args["word"])

    yield
    del REGISTRY["tests.remember"]


@pytest.fixture
async def runtime(settings: Settings, db: Database):
    runtime = Runtime(settings=settings, db=db, http=HttpClient(settings), clock=lambda: NOW)
    yield runtime
    await runtime.http.aclose()


async def enqueue_and_fail(runtime: Runtime) -> None:
    async with runtime.db.write(Scope.service()) as session:
        await enqueue(session, "tests.remember", {"word": "rolled back"})
        raise RuntimeError("rolled back")


async def test_a_job_exists_exactly_when_its_transaction_does(runtime: Runtime, remember) -> None:
    async with runtime.db.write(Scope.service()) as session:
        await enqueue(session, "tests.remember", {"word": "kept"})
    with pytest.raises(RuntimeError, match="rolled back"):
        await enqueue_and_fail(runtime)
    await run_worker(runtime, concurrency=1, until_empty=True)
    assert seen == ["kept"]


async def test_a_queueing_lock_keeps_one_waiting_job(runtime: Runtime, remember) -> None:
    async with runtime.db.write(Scope.service()) as session:
        first = await enqueue(session, "tests.remember", {"word": "one"}, queueing_lock="only")
        second = await enqueue(session, "tests.remember", {"word": "two"}, queueing_lock="only")
    assert first is not None
    assert second is None


async def test_jobs_of_a_dead_worker_run_again_unless_another_waits_in_their_place(
    runtime: Runtime, admin: psycopg.Connection, remember
) -> None:
    async with runtime.db.write(Scope.service()) as session:
        await enqueue(session, "tests.remember", {"word": "plain"})
        await enqueue(session, "tests.remember", {"word": "wake-up"}, queueing_lock="wake")
    admin.execute("SET search_path = jobs")
    admin.execute(
        "WITH dead AS (INSERT INTO jobs.procrastinate_workers (last_heartbeat) VALUES (now() - interval '1 hour')"
        " RETURNING id) UPDATE jobs.procrastinate_jobs SET status = 'doing', worker_id = dead.id FROM dead"
    )
    async with runtime.db.write(Scope.service()) as session:
        await enqueue(session, "tests.remember", {"word": "newer wake-up"}, queueing_lock="wake")
    app = build_app(runtime)
    async with app.open_async():
        assert await rescue_stalled(app, 5) == 1
    rows = admin.execute("SELECT status::text, count(*) FROM jobs.procrastinate_jobs GROUP BY 1").fetchall()
    assert dict(rows) == {"todo": 2, "failed": 1}
    await run_worker(runtime, concurrency=1, until_empty=True)
    assert sorted(seen) == ["newer wake-up", "plain"]


@pytest.mark.parametrize("attempt", [1, 3, 30])
@pytest.mark.parametrize("spread", [0.0, 0.999])
def test_waits_grow_with_a_spread_and_never_undercut_the_receiver(attempt: int, spread: float) -> None:
    assert 1.5 <= retry_wait(attempt, None, spread) <= 900 * 1.25
    assert retry_wait(attempt, 5000.0, spread) == 5000.0


def test_what_trying_again_cannot_mend_is_final() -> None:
    assert is_final(Invalid("wrong"))
    assert is_final(ExternalError("no", provider="x", permanent=True))
    assert not is_final(ExternalError("later", provider="x", permanent=False))
    assert not is_final(RuntimeError("bug"))


async def test_a_task_that_takes_its_cancellation_for_another_error_is_ended_all_the_same() -> None:
    swallowed = 0

    async def rescue() -> None:
        nonlocal swallowed
        while True:
            try:
                await asyncio.sleep(3600)
            except asyncio.CancelledError:
                swallowed += 1
                if swallowed > 2:
                    raise

    task = asyncio.create_task(rescue())
    await asyncio.sleep(0)
    await asyncio.wait_for(end(task, patience=0.01), 30)
    assert task.cancelled()
