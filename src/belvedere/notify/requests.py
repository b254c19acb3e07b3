"""Asking for deliveries in the transaction of their cause, and asking again for one that was given up."""

from collections.abc import Collection, Sequence
from datetime import datetime
from importlib import resources
from typing import Any
from uuid import UUID

import orjson
from sqlalchemy import text

from belvedere.core import audit
from belvedere.core.database import WriteSession
from belvedere.core.errors import Conflict, NotFound
from belvedere.core.ids import uuid7_batch
from belvedere.notify import outbox
from belvedere.notify.contracts import (
    ChannelKind,
    DeliveryRequest,
    DeliveryState,
    Member,
    MessageKind,
    Withdrawn,
)
from belvedere.notify.documents import to_document
from belvedere.notify.keys import idem_key
from belvedere.notify.render import clean
from belvedere.notify.waking import wake

CRITICAL = "critical"
_RANKS = {CRITICAL: 0, "warning": 1}

_INSERT = text((resources.files("belvedere.notify") / "sql" / "request.sql").read_text(encoding="utf-8"))
_WITHDRAW = text((resources.files("belvedere.notify") / "sql" / "withdraw.sql").read_text(encoding="utf-8"))
_LOCK = text(
    """
    SELECT id, client_id, state, message->>'told_with' AS told_with FROM core.deliveries WHERE id = :id FOR UPDATE
    """
)
_HASTEN = text(
    """
    UPDATE core.deliveries d SET next_at = now()
     WHERE d.state = 'ready' AND d.kind = :kind AND d.attempts = 0 AND d.next_at > now() AND EXISTS (
           SELECT 1 FROM core.delivery_members m
            WHERE m.client_id = d.client_id AND m.delivery_id = d.id AND m.subject_type = 'alert' AND m.kind = :kind
              AND m.subject_id = ANY (CAST(:subject_ids AS uuid[])))
    RETURNING d.id
    """
)
_AGAIN = text(
    """
    UPDATE core.deliveries
       SET state = 'ready', next_at = now(), give_up_at = NULL,
           possible_repeat = possible_repeat OR state = 'unknown'
     WHERE client_id = :client_id AND (id = :id OR message->>'told_with' = CAST(:id AS text))
       AND state IN ('dead', 'unknown', 'ready')
    """
)


async def request_deliveries(
    session: WriteSession, requests: Sequence[DeliveryRequest], now: datetime
) -> list[UUID]:
    """Put messages into the outbox of the caller's transaction and wake the sender; critical ones first.

    Returns the ids of deliveries that are new; what was asked for before is left as it is. A message for several
    things tells only of those that no other message of its kind and destination tells.
    """
    if not requests:
        return []
    ordered = sorted(requests, key=lambda request: _RANKS.get(request.message.severity, len(_RANKS)))
    ids = uuid7_batch(len(ordered), now)
    rows = [_row(identity, request) for identity, request in zip(ids, ordered, strict=True)]
    await outbox.join_requesters(session)
    values = {"rows": orjson.dumps(rows).decode(), "now": now}
    added = set((await session.execute(_INSERT, values)).scalars())
    new = [(identity, asked) for identity, asked in zip(ids, ordered, strict=True) if identity in added]
    await _wake_for([asked for _, asked in new], session, now)
    return [identity for identity, _ in new]


async def _wake_for(asked: Sequence[DeliveryRequest], session: WriteSession, now: datetime) -> None:
    """A wake-up for now, and one for each moment until which a message is held back."""
    due = [request for request in asked if request.not_before is None or request.not_before <= now]
    if due:
        await wake(session, 0, now, urgent=any(request.message.severity == CRITICAL for request in due))
    for moment in {request.not_before for request in asked if request.not_before} - {None}:
        if moment > now:
            await wake(session, (moment - now).total_seconds(), now)


async def withdraw_unsent(
    session: WriteSession,
    subject_ids: Collection[UUID],
    kind: MessageKind,
    *,
    client_ids: Collection[int] | None = None,
    subject_type: str = "alert",
) -> list[Withdrawn]:
    """Take back what has not been sent about these things, as when one message for all is to take its place.

    Needs the service scope: it deletes. A message that is on its way, may have arrived or carries an end stays.
    What was taken back can be asked for again.
    """
    if not subject_ids:
        return []
    values = {
        "subject_ids": list(subject_ids),
        "subject_type": subject_type,
        "kind": kind.value,
        "client_ids": None if client_ids is None else list(client_ids),
    }
    rows = (await session.execute(_WITHDRAW, values)).mappings().all()
    return [Withdrawn(**{**row, "channel": ChannelKind(row["channel"])}) for row in rows]


async def hasten(
    session: WriteSession, subject_ids: Collection[UUID], kind: MessageKind, now: datetime
) -> None:
    """Let go at once what was held back about these alerts and has not been tried; needs the service scope."""
    if not subject_ids:
        return
    found = await session.execute(_HASTEN, {"subject_ids": list(subject_ids), "kind": kind.value})
    if found.first() is not None:
        await wake(session, 0, now)


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
    await session.execute(_AGAIN, {"client_id": row["client_id"], "id": row["id"]})
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
        "round": request.round,
        "channel": destination.channel.value,
        "via": destination.channel_id,
        "destination": clean(destination.address),
        "idem_key": idem_key(request),
        "severity": clean(request.message.severity),
        "message": to_document(request),
        "not_before": request.not_before,
        "members": [
            {
                "subject_type": member.subject_type,
                "subject_id": member.subject_id,
                "round": member.round,
                "line": clean(member.line),
            }
            for member in members_of(request)
        ],
    }


def members_of(request: DeliveryRequest) -> tuple[Member, ...]:
    """What a message tells of: its members, or its own subject."""
    if request.members:
        return request.members
    return (Member(request.subject_id, request.message.title, request.subject_type, request.round),)
