"""What was given up or parked: sent again, one or many, or settled by a person who looked."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import text

from belvedere.core import audit
from belvedere.core.database import WriteSession
from belvedere.core.errors import Conflict, Invalid, NotFound
from belvedere.notify import outbox
from belvedere.notify.contracts import DeliveryState
from belvedere.notify.waking import wake

MOST = 10_000
NOTED = 200

_RESEND = text(
    """
    WITH wanted AS (
        SELECT d.client_id, d.id FROM core.deliveries d
         WHERE d.state = 'dead' AND d.message->>'told_with' IS NULL AND d.message->>'rerouted_to' IS NULL
           AND (CAST(:ids AS uuid[]) IS NULL OR d.id = ANY(CAST(:ids AS uuid[])))
           AND (CAST(:channel_id AS uuid) IS NULL
                OR coalesce(d.channel_id, (d.message->>'via')::uuid) = CAST(:channel_id AS uuid))
           AND (CAST(:client_ids AS integer[]) IS NULL OR d.client_id = ANY(CAST(:client_ids AS integer[])))
         ORDER BY d.created_at, d.id LIMIT :most
           FOR UPDATE OF d SKIP LOCKED
    ), again AS (
        UPDATE core.deliveries d SET state = 'ready', next_at = now(), give_up_at = NULL
          FROM wanted w
         WHERE d.client_id = w.client_id AND d.state = 'dead'
           AND (d.id = w.id OR d.message->>'told_with' = w.id::text)
    )
    SELECT client_id, id FROM wanted
    """
)
_ARRIVED = text(
    """
    UPDATE core.deliveries d SET state = 'sent', sent_at = now(), last_error = :note
     WHERE d.state = 'unknown' AND (d.id = :id OR d.message->>'told_with' = CAST(:id AS text))
    RETURNING d.id, d.client_id
    """
)
_STATE = text("SELECT state FROM core.deliveries WHERE id = :id")


async def resend_many(
    session: WriteSession,
    *,
    delivery_ids: Sequence[UUID] | None = None,
    channel_id: UUID | None = None,
    client_ids: Sequence[int] | None = None,
    actor: str,
    now: datetime,
) -> int:
    """Send again what was given up: those named, all of a channel, or all in reach. Returns how many. Audited.

    What may have arrived (`unknown`) is not among them: each of those is looked at by itself.
    """
    if delivery_ids is not None and len(delivery_ids) > MOST:
        raise Invalid(f"Name {MOST:,} deliveries at most.", code="too_many")
    await outbox.join_requesters(session)
    values = {
        "ids": None if delivery_ids is None else list(delivery_ids),
        "channel_id": channel_id,
        "client_ids": None if client_ids is None else list(client_ids),
        "most": MOST,
    }
    rows = (await session.execute(_RESEND, values)).all()
    for client_id in sorted({row.client_id for row in rows}):
        ids = [str(row.id) for row in rows if row.client_id == client_id]
        await audit.record(
            session, action="delivery.resend", actor=actor, subject_type="delivery", subject_id=ids[0],
            client_id=client_id, detail={"from": "dead", "count": len(ids), "ids": ids[:NOTED]}, now=now,
        )  # fmt: skip
    if rows:
        await wake(session, 0, now, urgent=True)
    return len(rows)


async def mark_arrived(session: WriteSession, delivery_id: UUID, *, actor: str, now: datetime) -> None:
    """A person looked at the receiver and found the message there. Audited; its tries stay as they are."""
    values = {"id": delivery_id, "note": f"{actor} found it at the receiver."}
    rows = (await session.execute(_ARRIVED, values)).all()
    if not rows:
        state = (await session.execute(_STATE, {"id": delivery_id})).scalar_one_or_none()
        if state is None:
            raise NotFound("There is no such delivery.")
        raise Conflict(
            f"Only a message whose answer was lost is settled like this; this one is “{DeliveryState(state)}”.",
            code="not_uncertain",
        )
    await audit.record(
        session, action="delivery.arrived", actor=actor, subject_type="delivery", subject_id=str(delivery_id),
        client_id=rows[0].client_id, detail={}, now=now,
    )  # fmt: skip
