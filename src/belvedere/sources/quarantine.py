"""A reading that is set aside: empty where there usually is data, or percents that turned to fractions.

A person says whether that is right.
"""

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
from belvedere.sources.health import SUSPICIOUS_EMPTY, mark_due
from belvedere.sources.scales import ACCEPTED_SCALE, SUSPICIOUS_SCALE
from belvedere.sources.starting import read_health_now
from belvedere.sources.stored import load_stored

ACCEPTED_EMPTY = "accepted_empty"
SETTLED = {
    SUSPICIOUS_EMPTY: (ACCEPTED_EMPTY, "discarded_empty"),
    SUSPICIOUS_SCALE: (ACCEPTED_SCALE, "discarded_scale"),
}
"""Why a reading was set aside → what it is marked with when a person took it, and when not."""
ACCEPT = "sources.accept_empty"

_FIND = text(
    "SELECT client_id, account_id, source_id, status, error_code FROM watch.api_snapshots WHERE id = :id"
)
_SETTLE = text(
    "UPDATE watch.api_snapshots SET error_code = :code, error_message = :words WHERE id = :id AND client_id = :client_id"
    " AND status = 'failed' AND error_code = :settles RETURNING 1"
)
_COMPLETE = text(
    "UPDATE watch.api_snapshots SET status = 'completed', total_records = 0, total_metrics = 0, checksum = :checksum,"
    " completeness = 'full', data_as_of = coalesce(data_as_of, started_at), completed_at = :now"
    " WHERE id = :id AND client_id = :client_id AND status = 'failed' AND error_code = :accepted"
    " RETURNING source_id, account_id"
)
_GOOD = text(
    "UPDATE watch.source_accounts SET last_good_at = greatest(last_good_at, :now), consecutive_failures = 0,"
    " last_error = NULL WHERE client_id = :client_id AND id = :account_id"
)


async def settle_reading(
    session: WriteSession, snapshot_id: UUID, *, accept: bool, actor: str, now: datetime
) -> None:
    """Take what was set aside as it is, or throw it away and read again; raises NotFound or Conflict.

    An empty reading becomes a good one: what is gone counts as gone. A worker does that, because people may not write
    readings. Percents of another scale are taken with the next reading, which starts now.
    """
    row = await _must_find(session, snapshot_id)
    is_empty = row.error_code == SUSPICIOUS_EMPTY
    word = "Discarded" if not accept else "Accepted as empty" if is_empty else "Percents accepted"
    codes = SETTLED.get(row.error_code, ("", ""))
    values = {
        "id": snapshot_id,
        "client_id": row.client_id,
        "code": codes[not accept],
        "settles": row.error_code,
    }
    if not codes[0] or not (await session.execute(_SETTLE, {**values, "words": f"{word} by {actor}."})).all():
        raise Conflict("Only a reading that was set aside can be settled.", code="not_set_aside")
    if accept and is_empty:
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
        values = {"id": snapshot_id, "client_id": client_id, "now": now, "accepted": ACCEPTED_EMPTY}
        values["checksum"] = checksum(empty_frames())
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
