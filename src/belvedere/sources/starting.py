"""Putting a reading into the queue, and having a client's health read at once when an account's state changes."""

from datetime import datetime
from uuid import UUID

from belvedere.core.database import WriteSession
from belvedere.core.jobs import enqueue
from belvedere.sources.contracts import SnapshotType
from belvedere.sources.errors import AlreadyRunning
from belvedere.sources.health import find_health_account, mark_due
from belvedere.sources.snapshot_rows import create_snapshot

COLLECT = "sources.collect"


async def enqueue_collect(session: WriteSession, client_id: int, snapshot_id: UUID, actor: str) -> None:
    await enqueue(
        session,
        COLLECT,
        {"snapshot_id": str(snapshot_id)},
        client_id=client_id,
        actor=actor,
        queueing_lock=f"{COLLECT}:{snapshot_id}",
    )


async def read_health_now(
    session: WriteSession, client_id: int, about: UUID | None, now: datetime, *, actor: str
) -> UUID | None:
    """Start a reading of the client's health in this transaction; one that runs already is followed by another.

    `about` is the account whose state changed: a change of the health source itself starts nothing.
    """
    place = await find_health_account(session, client_id)
    if place is None or about == place[0]:
        return None
    account_id, source_id = place
    try:
        snapshot_id = await create_snapshot(
            session,
            client_id=client_id,
            source_id=source_id,
            account_id=account_id,
            snapshot_type=SnapshotType.TRIGGERED,
            requested_by=actor,
            now=now,
        )
    except AlreadyRunning:
        # It may have looked before this change.
        await mark_due(session, client_id, account_id, now)
        return None
    await enqueue_collect(session, client_id, snapshot_id, actor)
    return snapshot_id
