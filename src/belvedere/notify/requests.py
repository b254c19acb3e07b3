"""Asking for deliveries in the transaction of their cause, and asking again for one that was given up."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import orjson
from sqlalchemy import text

from belvedere.core import audit
from belvedere.core.database import WriteSession
from belvedere.core.errors import Conflict, NotFound
from belvedere.core.ids import uuid7_batch
from belvedere.notify import outbox
from belvedere.notify.contracts import DeliveryRequest, DeliveryState
from belvedere.notify.documents import to_document
from belvedere.notify.keys import idem_key
from belvedere.notify.render import clean
from belvedere.notify.verdicts import wake

CRITICAL = "critical"
_RANKS = {CRITICAL: 0, "warning": 1}

# A channel that this transaction cannot see (the agency's, from a job of one client) is found again by the
# sender through `via`; a channel that is gone must not end the transaction of an alert.
_INSERT = text(
    """
    INSERT INTO core.deliveries
           (id, client_id, subject_type, subject_id, kind, channel, channel_id, channel_client_id,
            destination, idem_key, severity, message, created_at)
    SELECT r.id, r.client_id, r.subject_type, r.subject_id, r.kind, r.channel, c.id, c.client_id,
           r.destination, r.idem_key, r.severity, r.message, :now
      FROM jsonb_to_recordset(CAST(:rows AS jsonb)) AS r (
               id uuid, client_id integer, subject_type text, subject_id uuid, kind text, channel text,
               via uuid, destination text, idem_key text, severity text, message jsonb)
      LEFT JOIN core.channels c ON c.id = r.via AND c.client_id IN (0, r.client_id)
     ORDER BY r.id
        ON CONFLICT DO NOTHING
    RETURNING id
    """
)
_LOCK = text(
    """
    SELECT id, client_id, state, message->>'told_with' AS told_with, message->>'combines' AS combines
      FROM core.deliveries WHERE id = :id FOR UPDATE
    """
)
_AGAIN = text(
    """
    UPDATE core.deliveries
       SET state = 'ready', next_at = now(), give_up_at = NULL,
           possible_repeat = possible_repeat OR state = 'unknown'
     WHERE client_id = :client_id AND id = ANY(:ids) AND state IN ('dead', 'unknown', 'ready')
    """
)


async def request_deliveries(
    session: WriteSession, requests: Sequence[DeliveryRequest], now: datetime
) -> list[UUID]:
    """Put messages into the outbox of the caller's transaction and wake the sender; critical ones first.

    Returns the ids of deliveries that are new; what was asked for before is left as it is.
    """
    if not requests:
        return []
    ordered = sorted(requests, key=lambda request: _RANKS.get(request.message.severity, len(_RANKS)))
    ids = uuid7_batch(len(ordered), now)
    rows = [_row(identity, request) for identity, request in zip(ids, ordered, strict=True)]
    await outbox.join_requesters(session)
    values = {"rows": orjson.dumps(rows).decode(), "now": now}
    added = set((await session.execute(_INSERT, values)).scalars())
    if added:
        await wake(session, 0, now, urgent=ordered[0].message.severity == CRITICAL)
    return [identity for identity in ids if identity in added]


async def resend(session: WriteSession, delivery_id: UUID, *, actor: str, now: datetime) -> UUID:
    """Send a delivery again that was given up or parked, or one that waits for its next try. Audited.

    Returns the delivery that will be sent: an opening that was told together with its end goes with that.
    """
    row = await _locked(session, delivery_id)
    if row["told_with"] is not None:
        row = await _locked(session, UUID(row["told_with"]))
    state = DeliveryState(row["state"])
    if state is DeliveryState.SENT:
        raise Conflict("This message was sent; its receiver has it.", code="already_sent")
    if state is DeliveryState.SENDING:
        raise Conflict("This message is being sent right now.", code="being_sent")
    await outbox.join_requesters(session)
    ids = [row["id"], *([UUID(row["combines"])] if row["combines"] else [])]
    await session.execute(_AGAIN, {"client_id": row["client_id"], "ids": ids})
    await audit.record(
        session,
        action="delivery.resend",
        actor=actor,
        subject_type="delivery",
        subject_id=str(row["id"]),
        client_id=row["client_id"],
        detail={"from": state.value},
        now=now,
    )
    await wake(session, 0, now, urgent=True)
    return UUID(str(row["id"]))


async def _locked(session: WriteSession, delivery_id: UUID) -> dict[str, Any]:
    row = (await session.execute(_LOCK, {"id": delivery_id})).mappings().one_or_none()
    if row is None:
        raise NotFound("There is no such delivery.")
    return dict(row)


def _row(identity: UUID, request: DeliveryRequest) -> dict[str, Any]:
    destination = request.destination
    return {
        "id": identity,
        "client_id": request.client_id,
        "subject_type": request.subject_type,
        "subject_id": request.subject_id,
        "kind": request.kind.value,
        "channel": destination.channel.value,
        "via": destination.channel_id,
        "destination": clean(destination.address),
        "idem_key": idem_key(request),
        "severity": clean(request.message.severity),
        "message": to_document(request),
    }
