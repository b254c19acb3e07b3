"""The life of one reading: claimed, fetched, stored or failed. Each step can be cut off and taken up by another worker."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import text

from belvedere.core import metrics
from belvedere.core.context import Scope
from belvedere.core.database import WriteSession
from belvedere.core.errors import BelvedereError, ExternalError
from belvedere.core.events import emit
from belvedere.core.faults import FaultInjected, faultpoint
from belvedere.core.logs import get_logger
from belvedere.core.runtime import Runtime
from belvedere.sources.advice import failure_message
from belvedere.sources.contracts import Reject, StoredSnapshot
from belvedere.sources.errors import LeaseLost, ReadingFailed
from belvedere.sources.fetch import FetchState, fetch_reading, kept_lease
from belvedere.sources.freshness import retry_due
from belvedere.sources.health import SET_ASIDE, changes_health, ensure_health_account
from belvedere.sources.ingest import Reading, store_reading
from belvedere.sources.load import Progress
from belvedere.sources.plan import Plan, make_plan
from belvedere.sources.snapshot_rows import (
    Claim,
    add_rejects,
    claim_snapshot,
    fail_snapshot,
    lease_of,
    renew_lease,
)
from belvedere.sources.starting import read_health_now

log = get_logger("sources.collect")

INTERNAL_ERROR = (
    "Something went wrong inside Belvedere. Nothing was stored; it is tried again. The log says more."
)
_UNHEALTHY = text(
    "UPDATE watch.source_accounts SET last_failed_at = :now, last_error = :message,"
    " consecutive_failures = consecutive_failures + 1, next_due_at = :next_due"
    " WHERE client_id = :client_id AND id = :account_id"
    " RETURNING consecutive_failures, last_good_at IS NOT NULL AS has_good"
)
_INTAKE_DONE = text(
    "UPDATE watch.intakes SET stored_at = :now, content = NULL WHERE client_id = :client_id AND snapshot_id = :snapshot_id"
)
_HEALTH = text(
    "SELECT a.id, a.consecutive_failures, a.credential_id IS NOT NULL AS has_credential, src.refresh_interval_minutes,"
    " a.is_active AND src.is_active AS is_active"
    " FROM watch.api_snapshots s JOIN watch.source_accounts a ON a.client_id = s.client_id AND a.id = s.account_id"
    " JOIN watch.api_sources src ON src.id = a.source_id WHERE s.client_id = :client_id AND s.id = :snapshot_id"
)


async def run_snapshot(
    runtime: Runtime, client_id: int, snapshot_id: UUID, actor: str
) -> StoredSnapshot | None:
    """Do one reading from claim to commit; None when it failed, is done already, or another worker has it."""
    scope = Scope.client(client_id, actor)
    now = runtime.clock()
    async with runtime.db.write(scope) as session:
        claim = await claim_snapshot(session, client_id, snapshot_id, now, lease=lease_of(runtime.settings))
    if claim is None:
        return None
    rejects: list[Reject] = []
    try:
        async with runtime.db.write(scope) as session:
            plan = await make_plan(session, claim, actor, now)
        return await _fetch_and_store(runtime, plan, rejects, actor, now)
    except LeaseLost:
        log.info("reading taken over by another worker", snapshot_id=str(snapshot_id), client_id=client_id)
    except BelvedereError as error:
        await record_failure(runtime, claim, error, rejects, actor)
    except FaultInjected:
        raise
    except Exception as error:
        log.exception("reading failed", snapshot_id=str(snapshot_id), client_id=client_id)
        failure = ReadingFailed(INTERNAL_ERROR, code="internal")
        failure.__cause__ = error
        await record_failure(runtime, claim, failure, rejects, actor)
    return None


async def _fetch_and_store(
    runtime: Runtime, plan: Plan, rejects: list[Reject], actor: str, now: datetime
) -> StoredSnapshot:
    state = FetchState()
    scope = Scope.client(plan.claim.client_id, actor)
    async with kept_lease(runtime, plan.claim, state):
        reading = await fetch_reading(runtime, plan, state, now)
    rejects.extend(reading.mapped.rejects)
    faultpoint("snapshot.fetched")
    async with runtime.db.write(scope) as session:
        await renew_lease(
            session, plan.claim, runtime.clock(), pages=state.pages, lease=lease_of(runtime.settings)
        )
    async with runtime.db.write(scope) as session:
        stored = await store_in(session, plan.claim, reading, runtime.clock(), actor=actor)
    faultpoint("snapshot.stored")
    return stored


async def store_in(
    session: WriteSession,
    claim: Claim,
    reading: Reading,
    now: datetime,
    *,
    actor: str,
    progress: Progress | None = None,
) -> StoredSnapshot:
    """Store the reading and let go of the body it came from."""
    stored = await store_reading(session, claim, reading, now, actor=actor, progress=progress)
    metrics.SNAPSHOTS.labels("completed").inc()
    metrics.RECORDS.inc(stored.frames.records.height)
    count_rejects(reading.mapped.rejects)
    await session.execute(
        _INTAKE_DONE, {"now": now, "client_id": claim.client_id, "snapshot_id": claim.snapshot_id}
    )
    return stored


async def record_failure(
    runtime: Runtime, claim: Claim, error: BelvedereError, rejects: Sequence[Reject], actor: str
) -> None:
    """Close the reading as failed, with what a person can do, and say when it is tried again."""
    async with runtime.db.write(Scope.client(claim.client_id, actor)) as session:
        await fail_reading(
            session,
            claim.client_id,
            claim.snapshot_id,
            claim.token,
            error,
            runtime.clock(),
            actor=actor,
            rejects=rejects,
        )


async def fail_reading(
    session: WriteSession,
    client_id: int,
    snapshot_id: UUID,
    token: UUID | None,
    error: BelvedereError,
    now: datetime,
    *,
    actor: str,
    rejects: Sequence[Reject] = (),
) -> bool:
    """Mark a reading failed in the caller's transaction; False when it was no longer open."""
    health = await _health(session, client_id, snapshot_id, error, now)
    message = failure_message(
        error, has_credential=health.has_credential, next_due_at=health.read_again_at, now=now
    )
    place = await fail_snapshot(
        session,
        client_id,
        snapshot_id,
        token,
        message=message,
        code=error.code,
        now=now,
        rejected=len(rejects),
    )
    if place is None:
        return False
    source_id, account_id = place
    permanent = is_permanent(error)
    metrics.SNAPSHOTS.labels("failed").inc()
    count_rejects(rejects)
    await add_rejects(session, client_id, snapshot_id, rejects, now)
    if health.next_due_at is not None:
        bad = {"now": now, "message": message, "next_due": health.next_due_at}
        place_of = {"client_id": client_id, "account_id": account_id}
        row = (await session.execute(_UNHEALTHY, {**place_of, **bad})).one()
        if changes_health(row.consecutive_failures, error.code, has_good=row.has_good):
            await read_health_now(session, client_id, account_id, now, actor=actor)
    await _watch_set_aside(session, client_id, account_id, error.code, now, actor)
    data: dict[str, Any] = {"snapshot_id": str(snapshot_id), "source_id": str(source_id), "code": error.code}
    data |= {"permanent": permanent, "account_id": str(account_id) if account_id else None}
    about: dict[str, Any] = {"subject": str(snapshot_id), "client_id": client_id, "actor": actor, "now": now}
    await emit(session, "snapshot.failed", data=data, **about)
    return True


async def _watch_set_aside(
    session: WriteSession,
    client_id: int,
    account_id: UUID | None,
    code: str | None,
    now: datetime,
    actor: str,
) -> None:
    """A file that was handed in has no account whose state would tell that it waits for a person."""
    if account_id is None and code in SET_ASIDE:
        await ensure_health_account(session, client_id)
        await read_health_now(session, client_id, None, now, actor=actor)


def count_rejects(rejects: Sequence[Reject]) -> None:
    for reject in rejects:
        metrics.REJECTS.labels(reject.code).inc()


def is_permanent(error: BelvedereError) -> bool:
    """Whether a person has to act before another try can help."""
    if isinstance(error, ExternalError | ReadingFailed):
        return error.permanent
    return error.status < 500


@dataclass(frozen=True, slots=True)
class _Health:
    """The account behind a failed reading; without one (a file) nothing is due."""

    next_due_at: datetime | None = None
    has_credential: bool = False
    is_active: bool = False

    @property
    def read_again_at(self) -> datetime | None:
        return self.next_due_at if self.is_active else None


async def _health(
    session: WriteSession, client_id: int, snapshot_id: UUID, error: BelvedereError, now: datetime
) -> _Health:
    values = {"client_id": client_id, "snapshot_id": snapshot_id}
    row = (await session.execute(_HEALTH, values)).one_or_none()
    if row is None:
        return _Health()
    interval = timedelta(minutes=row.refresh_interval_minutes)
    retry_after = getattr(error, "retry_after", None)
    permanent = is_permanent(error)
    due = retry_due(row.consecutive_failures + 1, interval, now, permanent=permanent, retry_after=retry_after)
    return _Health(due, row.has_credential, row.is_active)
