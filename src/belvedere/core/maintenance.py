"""Jobs that keep the house: parts for the months ahead, and an end for what is no longer needed."""

from datetime import timedelta

from sqlalchemy import text

from belvedere.core.context import Scope
from belvedere.core.jobs import JobCall, job
from belvedere.core.logs import get_logger
from belvedere.core.partitions import StepKind, keep_parts
from belvedere.core.runtime import Runtime

log = get_logger("core.maintenance")

LOGS_KEPT = timedelta(days=30)
LOG_MONTHS_SHIPPED = 2
SESSIONS_KEPT = timedelta(days=30)
JOBS_KEPT = timedelta(days=1)
FAILED_JOBS_KEPT = timedelta(days=14)
MONTHS_MADE = 5
"""This month and four ahead."""

_OLD_JOBS = text(
    "DELETE FROM jobs.procrastinate_jobs j WHERE status IN ('succeeded', 'cancelled', 'aborted', 'failed') AND NOT EXISTS"
    " (SELECT 1 FROM jobs.procrastinate_events e WHERE e.job_id = j.id"
    " AND e.at > CASE WHEN j.status = 'failed' THEN CAST(:failed AS timestamptz) ELSE CAST(:done AS timestamptz) END)"
    " AND NOT EXISTS (SELECT 1 FROM jobs.procrastinate_periodic_defers d WHERE d.job_id = j.id)"
)


# Whoever had logs kept for more months than the plan that is shipped wants them whole; then only months go.
_OLD_LOGS = text(
    "DELETE FROM core.observability_logs WHERE created_at < :limit AND EXISTS (SELECT 1 FROM core.partition_plans"
    " WHERE table_name = 'core.observability_logs' AND retention_months <= :shipped)"
)


@job("core.make_partitions", cron="0 3 * * *", max_attempts=3)
async def make_partitions(runtime: Runtime, call: JobCall) -> None:
    """Makes the monthly parts of all parted tables for the months ahead."""
    async with runtime.db.write(Scope.service(call.name)) as session:
        made = await session.execute(
            text("SELECT core.ensure_partitions(CAST(:today AS date), :months)"),
            {"today": runtime.clock().date(), "months": MONTHS_MADE},
        )
        log.info("partitions ready", made=made.scalar_one())


@job("core.keep_partitions", cron="20 3 * * *", max_attempts=3)
async def keep_partitions(runtime: Runtime, call: JobCall) -> None:
    """Moves rows from default parts into their months and drops the months that have passed their time."""
    done = await keep_parts(runtime.db, now=runtime.clock(), actor=call.name)
    for step in done.steps:
        if step.skipped:
            log.warning("part left for later", step=step.kind, part=step.part, reason=step.skipped)
    log.info("partitions kept", made=done.count(StepKind.MAKE), settled=done.count(StepKind.SETTLE),
             dropped=done.count(StepKind.DROP), skipped=done.skipped, rows_moved=done.rows(StepKind.SETTLE),
             rows_dropped=done.rows(StepKind.DROP), complete=done.complete)  # fmt: skip


@job("core.clean_up", cron="17 * * * *", max_attempts=2)
async def clean_up(runtime: Runtime, call: JobCall) -> None:
    """Removes finished jobs, old log lines and expired idempotency keys."""
    now = runtime.clock()
    async with runtime.db.write(Scope.service(call.name)) as session:
        await session.execute(_OLD_JOBS, {"done": now - JOBS_KEPT, "failed": now - FAILED_JOBS_KEPT})
        await session.execute(_OLD_LOGS, {"limit": now - LOGS_KEPT, "shipped": LOG_MONTHS_SHIPPED})
        await session.execute(
            text("DELETE FROM core.user_sessions WHERE expires_at < :limit OR revoked_at < :limit"),
            {"limit": now - SESSIONS_KEPT},
        )
        await session.execute(text("DELETE FROM core.idempotency_keys WHERE expires_at < :now"), {"now": now})
