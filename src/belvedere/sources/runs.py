"""Starting readings: on request, when due, and again after a worker died."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import text

from belvedere.core import metrics
from belvedere.core.database import WriteSession
from belvedere.core.errors import Conflict, NotFound
from belvedere.core.jobs import enqueue
from belvedere.sources.collect import fail_reading
from belvedere.sources.contracts import SnapshotRef, SnapshotType
from belvedere.sources.errors import AlreadyRunning, ReadingFailed
from belvedere.sources.freshness import next_due
from belvedere.sources.plan import can_collect
from belvedere.sources.snapshot_rows import MAX_ATTEMPTS, create_snapshot
from belvedere.sources.starting import COLLECT, enqueue_collect

__all__ = [
    "COLLECT",
    "TAKE_INTAKE",
    "Swept",
    "enqueue_collect",
    "enqueue_intake",
    "request_run",
    "start_due",
    "sweep_lost",
]

TAKE_INTAKE = "sources.take_intake"
DUE_AT_ONCE = 200
WAITS_FOR_WORKER = timedelta(seconds=30)
"""A job that ends with its database leaves its reading pending; another for one that still waits is refused by its lock."""

_ACCOUNT = text(
    "SELECT a.id, a.client_id, a.source_id, a.is_active, src.provider, src.endpoint, src.is_active AS source_active,"
    " src.refresh_interval_minutes"
    " FROM watch.source_accounts a JOIN watch.api_sources src ON src.id = a.source_id WHERE a.id = :id"
)
_STARTED = text(
    "UPDATE watch.source_accounts SET last_started_at = :now, next_due_at = :next_due"
    " WHERE client_id = :client_id AND id = :id"
)
_POSTPONED = text(
    "UPDATE watch.source_accounts SET next_due_at = :next_due WHERE client_id = :client_id AND id = :id"
)
_DUE = text(
    "SELECT a.id, a.client_id, a.source_id, src.provider, src.endpoint, src.refresh_interval_minutes"
    " FROM watch.source_accounts a JOIN watch.api_sources src ON src.id = a.source_id"
    " LEFT JOIN core.clients c ON c.id = a.client_id"
    " WHERE a.is_active AND src.is_active AND (a.next_due_at IS NULL OR a.next_due_at <= :now"
    # Started an hour ahead of now: a clock that ran ahead must not keep the account unread.
    "   OR a.last_started_at > CAST(:now AS timestamptz) + interval '1 hour')"
    " AND (a.client_id = 0 OR c.status = 'active')"
    " AND NOT EXISTS (SELECT 1 FROM watch.api_snapshots s WHERE s.client_id = a.client_id AND s.account_id = a.id"
    "   AND s.status IN ('pending', 'processing'))"
    " ORDER BY a.next_due_at NULLS FIRST LIMIT :limit FOR UPDATE OF a SKIP LOCKED"
)
_OVERRUN = text(
    "SELECT a.id, a.client_id, src.refresh_interval_minutes"
    " FROM watch.source_accounts a JOIN watch.api_sources src ON src.id = a.source_id"
    " WHERE a.is_active AND src.is_active AND a.next_due_at <= :now AND EXISTS (SELECT 1 FROM watch.api_snapshots s"
    "   WHERE s.client_id = a.client_id AND s.account_id = a.id AND s.status IN ('pending', 'processing'))"
    " LIMIT :limit FOR UPDATE OF a SKIP LOCKED"
)
_DELAYED = text(
    "UPDATE watch.source_accounts SET overruns = overruns + 1, next_due_at = :next_due"
    " WHERE client_id = :client_id AND id = :id"
)
_LOST = text(
    "SELECT id, client_id, attempt, status, lease_token FROM watch.api_snapshots"
    " WHERE (status = 'processing' AND lease_until < :now)"
    " OR (status = 'pending' AND created_at < :stale)"
    " ORDER BY created_at LIMIT 500 FOR UPDATE SKIP LOCKED"
)
_LOST_INTAKES = text(
    "SELECT id, client_id, account_id FROM watch.intakes"
    " WHERE stored_at IS NULL AND snapshot_id IS NULL AND created_at < :stale ORDER BY created_at LIMIT 500"
)


@dataclass(frozen=True, slots=True)
class Swept:
    """What a sweep found: readings and bodies queued again, readings given up."""

    requeued: int
    failed: int


async def request_run(
    session: WriteSession,
    account_id: UUID,
    *,
    actor: str,
    now: datetime,
    snapshot_type: SnapshotType = SnapshotType.MANUAL,
) -> SnapshotRef:
    """Ask for a reading now; raises NotFound, Conflict or AlreadyRunning."""
    account = (await session.execute(_ACCOUNT, {"id": account_id})).one_or_none()
    if account is None:
        raise NotFound("There is no such source account.")
    if not (account.is_active and account.source_active):
        raise Conflict("This account or its source is switched off. Switch it on first.", code="switched_off")
    if not can_collect(account.provider, account.endpoint):
        raise Conflict(
            f"Belvedere cannot fetch {account.provider}/{account.endpoint} by itself; its data is handed in.",
            code="no_connector",
        )
    snapshot_id = await create_snapshot(
        session,
        client_id=account.client_id,
        source_id=account.source_id,
        account_id=account.id,
        snapshot_type=snapshot_type,
        requested_by=actor,
        now=now,
    )
    # The next planned reading keeps its distance from this one, as it does after a planned one.
    due = next_due(account.id, timedelta(minutes=account.refresh_interval_minutes), now)
    await session.execute(_POSTPONED, {"client_id": account.client_id, "id": account.id, "next_due": due})
    await enqueue_collect(session, account.client_id, snapshot_id, actor)
    return SnapshotRef(account.client_id, snapshot_id, account.source_id)


async def enqueue_intake(
    session: WriteSession, client_id: int, intake_id: UUID, account_id: UUID | None, actor: str
) -> None:
    await enqueue(
        session,
        TAKE_INTAKE,
        {"intake_id": str(intake_id)},
        client_id=client_id,
        actor=actor,
        lock=f"{TAKE_INTAKE}:{account_id or intake_id}",
        queueing_lock=f"{TAKE_INTAKE}:{intake_id}",
    )


async def start_due(session: WriteSession, now: datetime, *, actor: str = "scheduler") -> list[SnapshotRef]:
    """Start every account whose time has come; however much was missed, each starts once."""
    await delay_overrun(session, now)
    started = []
    for row in (await session.execute(_DUE, {"now": now, "limit": DUE_AT_ONCE})).all():
        due = next_due(row.id, timedelta(minutes=row.refresh_interval_minutes), now)
        await session.execute(
            _STARTED, {"client_id": row.client_id, "id": row.id, "now": now, "next_due": due}
        )
        if not can_collect(row.provider, row.endpoint):
            continue
        try:
            snapshot_id = await create_snapshot(
                session,
                client_id=row.client_id,
                source_id=row.source_id,
                account_id=row.id,
                snapshot_type=SnapshotType.SCHEDULED,
                requested_by=actor,
                now=now,
            )
        except AlreadyRunning:
            continue
        await enqueue_collect(session, row.client_id, snapshot_id, actor)
        started.append(SnapshotRef(row.client_id, snapshot_id, row.source_id))
    return started


async def delay_overrun(session: WriteSession, now: datetime) -> int:
    """Where a reading still runs when the next is due, that one waits for its next place, and is counted."""
    rows = (await session.execute(_OVERRUN, {"now": now, "limit": DUE_AT_ONCE})).all()
    for row in rows:
        due = next_due(row.id, timedelta(minutes=row.refresh_interval_minutes), now)
        await session.execute(_DELAYED, {"client_id": row.client_id, "id": row.id, "next_due": due})
        metrics.OVERRUNS.inc()
    return len(rows)


async def sweep_lost(session: WriteSession, now: datetime, *, actor: str = "sweep") -> Swept:
    """Find readings whose worker died or whose job was lost: they run again, or fail after three tries."""
    requeued = failed = 0
    stale = now - WAITS_FOR_WORKER
    for row in (await session.execute(_LOST, {"now": now, "stale": stale})).all():
        if row.status == "processing" and row.attempt >= MAX_ATTEMPTS:
            error = ReadingFailed(
                f"The worker stopped {row.attempt} times in the middle of this reading. It is given up; see the log.",
                code="worker_died",
            )
            failed += await fail_reading(
                session, row.client_id, row.id, row.lease_token, error, now, actor=actor
            )
        else:
            await enqueue_collect(session, row.client_id, row.id, actor)
            requeued += 1
    for row in (await session.execute(_LOST_INTAKES, {"stale": stale})).all():
        await enqueue_intake(session, row.client_id, row.id, row.account_id, actor)
        requeued += 1
    return Swept(requeued, failed)
