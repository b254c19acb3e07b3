"""A reading that was empty where there usually is data is set aside; a person says whether that is right."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Row, text

from belvedere.core.context import Scope
from belvedere.core.database import ReadSession, WriteSession
from belvedere.core.errors import Conflict, NotFound
from belvedere.core.events import emit
from belvedere.core.jobs import enqueue
from belvedere.core.runtime import Runtime
from belvedere.sources.contracts import StoredSnapshot
from belvedere.sources.frames import checksum, empty_frames
from belvedere.sources.health import mark_due
from belvedere.sources.starting import read_health_now
from belvedere.sources.stored import load_stored

ACCEPTED, DISCARDED = "accepted_empty", "discarded_empty"
ACCEPT = "sources.accept_empty"

_FIND = text(
    "SELECT client_id, account_id, source_id, status, error_code FROM watch.api_snapshots WHERE id = :id"
)
_SETTLE = text(
    "UPDATE watch.api_snapshots SET error_code = :code, error_message = :words WHERE id = :id AND client_id = :client_id"
    " AND status = 'failed' AND error_code = 'suspicious_empty' RETURNING 1"
)
_COMPLETE = text(
    "UPDATE watch.api_snapshots SET status = 'completed', total_records = 0, total_metrics = 0, checksum = :checksum,"
    " completeness = 'full', data_as_of = coalesce(data_as_of, started_at), completed_at = :now"
    " WHERE id = :id AND client_id = :client_id AND status = 'failed' AND error_code = 'accepted_empty'"
    " RETURNING source_id, account_id"
)
_GOOD = text(
    "UPDATE watch.source_accounts SET last_good_at = greatest(last_good_at, :now), consecutive_failures = 0,"
    " last_error = NULL WHERE client_id = :client_id AND id = :account_id"
)


async def settle_empty(
    session: WriteSession, snapshot_id: UUID, *, accept: bool, actor: str, now: datetime
) -> None:
    """Take the empty reading as it is, or throw it away and read again; raises NotFound or Conflict.

    Accepted, it becomes a good reading: what is gone counts as gone. A worker does that, because people may not write readings.
    """
    row = await _must_find(session, snapshot_id)
    word = "Accepted as empty" if accept else "Discarded"
    values = {"id": snapshot_id, "client_id": row.client_id, "code": ACCEPTED if accept else DISCARDED}
    settled = await session.execute(_SETTLE, {**values, "words": f"{word} by {actor}."})
    if settled.scalar_one_or_none() is None:
        raise Conflict(
            "Only a reading that was set aside as suspiciously empty can be settled.", code="not_set_aside"
        )
    if accept:
        await enqueue(
            session, ACCEPT, {"snapshot_id": str(snapshot_id)}, client_id=row.client_id, actor=actor
        )
    elif row.account_id is not None:
        await mark_due(session, row.client_id, row.account_id, now)
        await read_health_now(session, row.client_id, row.account_id, now, actor=actor)
    about = {"snapshot_id": str(snapshot_id), "source_id": str(row.source_id), "accepted": accept}
    await emit(
        session,
        "snapshot.settled",
        subject=str(snapshot_id),
        client_id=row.client_id,
        data=about,
        actor=actor,
        now=now,
    )


async def complete_empty(
    runtime: Runtime, client_id: int, snapshot_id: UUID, actor: str
) -> StoredSnapshot | None:
    """Make an accepted empty reading a good one; None when that was done before."""
    now = runtime.clock()
    async with runtime.db.write(Scope.client(client_id, actor)) as session:
        values = {"id": snapshot_id, "client_id": client_id, "now": now, "checksum": checksum(empty_frames())}
        row = (await session.execute(_COMPLETE, values)).one_or_none()
        if row is None:
            return None
        if row.account_id is not None:
            await session.execute(_GOOD, {"client_id": client_id, "account_id": row.account_id, "now": now})
            await read_health_now(session, client_id, row.account_id, now, actor=actor)
        return await load_stored(session, client_id, snapshot_id)


async def _must_find(session: ReadSession, snapshot_id: UUID) -> Row[Any]:
    row = (await session.execute(_FIND, {"id": snapshot_id})).one_or_none()
    if row is None:
        raise NotFound("There is no such snapshot.")
    return row
