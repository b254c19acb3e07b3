"""The worker: runs registered jobs, retries with jitter, and takes over the jobs of workers that died."""

import asyncio
import contextlib
import random
import time
from collections.abc import Callable
from typing import Any

import procrastinate
import psycopg
from procrastinate import JobContext
from procrastinate.app import WorkerOptions
from procrastinate.exceptions import ConnectorException, UniqueViolation
from procrastinate.jobs import Job, Status

from belvedere.core import metrics
from belvedere.core.database import libpq_url
from belvedere.core.errors import ExternalError, Invalid, NotFound, SetupError
from belvedere.core.jobs import REGISTRY, JobCall, JobSpec
from belvedere.core.logs import correlation_scope, get_logger
from belvedere.core.runtime import Runtime

log = get_logger("core.worker")

FIRST_WAIT, LONGEST_WAIT = 2.0, 900.0
POLL_SECONDS = 2.0


def retry_wait(attempt: int, retry_after: float | None, spread: float) -> float:
    """Seconds before the next try: doubling from two seconds, spread by up to half, never before `retry_after`."""
    wait = min(LONGEST_WAIT, FIRST_WAIT * 2.0 ** min(attempt - 1, 10))
    return max(wait * (0.75 + spread / 2), retry_after or 0.0)


def is_final(error: BaseException) -> bool:
    """Whether trying again cannot help."""
    if isinstance(error, ExternalError):
        return error.permanent
    return isinstance(error, Invalid | NotFound | SetupError)


class Retry(procrastinate.BaseRetryStrategy):
    """Retry with jitter until the job's attempts are used up."""

    def __init__(self, max_attempts: int, spread: Callable[[], float] = random.random) -> None:
        self.max_attempts = max_attempts
        self.spread = spread

    def get_retry_decision(self, *, exception: BaseException, job: Job) -> procrastinate.RetryDecision | None:
        if job.queueing_lock is not None:
            # Such a job is a wake-up that comes again by itself, and another may be waiting under the same lock.
            return None
        attempt = job.attempts + 1
        if attempt >= self.max_attempts or is_final(exception):
            return None
        wait = retry_wait(attempt, getattr(exception, "retry_after", None), self.spread())
        return procrastinate.RetryDecision(retry_in={"seconds": int(wait) + 1})


def build_app(runtime: Runtime) -> procrastinate.App:
    """The queue on the worker's login, with every registered job."""
    connector = procrastinate.PsycopgConnector(
        conninfo=libpq_url(runtime.db.worker_url),
        kwargs={"options": "-c role=service_role -c search_path=jobs"},
        min_size=1,
        max_size=4,
        timeout=10,
    )
    app = procrastinate.App(connector=connector)
    for spec in REGISTRY.values():
        add_task(app, spec, runtime)
    return app


def add_task(app: procrastinate.App, spec: JobSpec, runtime: Runtime) -> None:
    async def run(context: JobContext, /, **kwargs: Any) -> None:
        given = kwargs.get("call") or {}
        call = JobCall(
            name=spec.name,
            args=given.get("args") or {},
            client_id=given.get("client_id"),
            actor=given.get("actor") or "scheduler",
            attempt=context.job.attempts + 1,
            job_id=context.job.id,
        )
        await run_logged(runtime, spec, call)

    task = app.task(name=spec.name, queue=spec.queue, retry=Retry(spec.max_attempts), pass_context=True)(run)
    if spec.cron:
        # The lock keeps one waiting run: a tick missed by a busy worker is not worth two.
        task.configure(queueing_lock=f"periodic:{spec.name}")
        app.periodic(cron=spec.cron, queueing_lock=f"periodic:{spec.name}")(task)  # type: ignore[arg-type]  # the tick comes as a keyword


async def run_logged(runtime: Runtime, spec: JobSpec, call: JobCall) -> None:
    started = time.perf_counter()
    try:
        with correlation_scope(f"job-{call.job_id}"):
            await spec.handler(runtime, call)
    except Exception as error:
        metrics.JOB_RUNS.labels(job=spec.name, outcome="failed").inc()
        log.warning(
            "job failed",
            job=spec.name,
            job_id=call.job_id,
            client_id=call.client_id,
            attempt=call.attempt,
            error=str(error),
            kind=type(error).__name__,
        )
        raise
    metrics.JOB_RUNS.labels(job=spec.name, outcome="done").inc()
    metrics.JOB_SECONDS.labels(job=spec.name).observe(time.perf_counter() - started)


async def rescue_stalled(app: procrastinate.App, silence_seconds: float) -> int:
    """Queue again the jobs of workers that have not said for `silence_seconds` that they live; returns how many."""
    rescued = 0
    for stalled in await app.job_manager.get_stalled_jobs(seconds_since_heartbeat=silence_seconds):
        try:
            await app.job_manager.retry_job(stalled)
        except UniqueViolation:
            await bury(app, stalled)
            continue
        except ConnectorException:
            # Another worker's sweep was first; there is nothing left to do.
            continue
        rescued += 1
        log.warning("job of a dead worker queued again", job=stalled.task_name, job_id=stalled.id)
    return rescued


async def bury(app: procrastinate.App, stalled: Job) -> None:
    """End a stalled job that cannot wait again, because a newer one waits under its lock."""
    with contextlib.suppress(ConnectorException):
        await app.job_manager.finish_job(stalled, status=Status.FAILED, delete_job=False)


async def keep_rescuing(app: procrastinate.App, runtime: Runtime) -> None:
    settings = runtime.settings
    while True:
        try:
            await rescue_stalled(app, settings.job_stalled_seconds)
        except (ConnectorException, psycopg.OperationalError) as error:
            log.warning("sweep of stalled jobs has no database", error=str(error))
        await asyncio.sleep(max(1.0, settings.job_heartbeat_seconds))


async def run_worker(runtime: Runtime, *, concurrency: int | None = None, until_empty: bool = False) -> None:
    """Run jobs until cancelled, or until nothing waits. Survives a database that goes away and comes back."""
    options = worker_options(runtime, concurrency, until_empty=until_empty)
    done = False
    while not done:
        app = build_app(runtime)
        try:
            await run_open(app, runtime, options)
        except (ConnectorException, psycopg.OperationalError) as error:
            log.warning("the queue has no database; trying again", error=str(error))
            await asyncio.sleep(1.0)
        else:
            # The queue's worker also returns when it lost its database; only an end that was asked for is one.
            done = until_empty or is_cancelled()
            if not done:
                log.warning("the queue's worker ended by itself; starting it again")
                await asyncio.sleep(1.0)


def is_cancelled() -> bool:
    """Whether somebody asked this task to end, even if what it ran swallowed that."""
    task = asyncio.current_task()
    return task is not None and task.cancelling() > 0


def worker_options(runtime: Runtime, concurrency: int | None, *, until_empty: bool) -> WorkerOptions:
    settings = runtime.settings
    return {
        "concurrency": concurrency or settings.worker_concurrency,
        "wait": not until_empty,
        "fetch_job_polling_interval": POLL_SECONDS,
        "install_signal_handlers": False,
        "update_heartbeat_interval": settings.job_heartbeat_seconds,
        "stalled_worker_timeout": max(settings.job_stalled_seconds, 2 * settings.job_heartbeat_seconds),
        "shutdown_graceful_timeout": 10,
    }


async def run_open(app: procrastinate.App, runtime: Runtime, options: WorkerOptions) -> None:
    async with app.open_async():
        rescuer = asyncio.create_task(keep_rescuing(app, runtime))
        try:
            await app.run_worker_async(**options)
        finally:
            await end(rescuer)


async def end(task: asyncio.Task[None], *, patience: float = 1.0) -> None:
    """Cancel until it is over: waiting for a lost database, the driver may take a cancellation for its own error."""
    while not task.done():
        task.cancel()
        await asyncio.wait({task}, timeout=patience)
