"""The outbox's statements: fold, claim, acknowledge, settle, fence, sweep. Leases go by the database's clock.

A row leaves the state `sending` only by its own lease token, or by the sweep once the lease is over; whoever
comes late changes nothing.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from importlib import resources
from typing import Any
from uuid import UUID

import orjson
from sqlalchemy import text

from belvedere.core.database import WriteSession
from belvedere.notify.contracts import ChannelKind, DeliveryState
from belvedere.notify.decide import KEY_WINDOW_SECONDS, Decision
from belvedere.notify.ports import Receipt


def _sql(name: str) -> str:
    return (resources.files("belvedere.notify") / "sql" / f"{name}.sql").read_text(encoding="utf-8")


_WAITS = _sql("waits")


_FOLD = text(_sql("fold"))
_FOLD_REPEATS = text(_sql("fold_repeats"))
RECEIVER = "(CASE WHEN d.channel = 'email' THEN '' ELSE d.destination END)"
"""Who takes a message: all mail goes to one server. An index holds it in these words."""

_CLAIM = text(_sql("claim").replace("{waits}", _WAITS).replace("{receiver}", RECEIVER))
_ACKNOWLEDGE = text(_sql("acknowledge"))
_SETTLE = text(_sql("settle"))
_EXPIRED = text(_sql("expired"))

_FENCE = text(
    """
    WITH counted AS (
        UPDATE core.deliveries SET attempts = attempts + 1 WHERE client_id = :client_id AND id = :id
        RETURNING client_id, id, attempts
    )
    INSERT INTO core.delivery_attempts
           (client_id, delivery_id, n, lease_token, started_at, finished_at, outcome, status_code,
            provider_id, error, worker)
    SELECT client_id, id, attempts, :lease_token, :started_at, now(), 'fenced', :status_code, :provider_id,
           :error, :worker
      FROM counted
    """
)
_ADOPT = text(
    """
    INSERT INTO core.delivery_members
           (client_id, subject_type, subject_id, kind, round, channel, destination, delivery_id, line)
    SELECT d.client_id, d.subject_type, d.subject_id, d.kind, d.round, d.channel, d.destination, d.id,
           coalesce(d.message->>'title', '')
      FROM core.deliveries d
     WHERE d.state IN ('ready', 'sending')
       AND NOT EXISTS (SELECT 1 FROM core.delivery_members m
                        WHERE m.client_id = d.client_id AND m.delivery_id = d.id)
       AND d.message->>'told_with' IS NULL
        ON CONFLICT DO NOTHING
    """
)
_ENDED_AS = text(
    """
    SELECT outcome FROM core.delivery_attempts
     WHERE client_id = :client_id AND delivery_id = :id AND lease_token = :lease_token
     ORDER BY n LIMIT 1
    """
)
_POSTPONE = text(
    """
    UPDATE core.deliveries SET next_at = greatest(next_at, now() + make_interval(secs => :seconds))
     WHERE state = 'ready' AND channel = :channel AND destination = :destination
    """
)
_BREAK = text(
    """
    UPDATE core.channels SET broken_since = now(), broken_reason = :reason
     WHERE client_id = :client_id AND id = :id AND broken_since IS NULL
    RETURNING id
    """
)
_DUE_IN = text(
    f"""
    SELECT extract(epoch FROM min(d.next_at) - now())::float8 FROM core.deliveries d
     WHERE d.state = 'ready' AND d.message->>'told_with' IS NULL AND NOT ({_WAITS})
       AND NOT EXISTS (SELECT 1 FROM core.installation WHERE outbound_held = 1)
    """
)

REQUESTING_LOCK = 884230
"""Held, shared, by transactions that ask for deliveries, to their end."""

_JOIN_REQUESTERS = text(f"SELECT pg_advisory_xact_lock_shared({REQUESTING_LOCK})")
_NOBODY_REQUESTS = text(f"SELECT pg_try_advisory_xact_lock({REQUESTING_LOCK})")


@dataclass(frozen=True, slots=True)
class Claim:
    """A delivery in the hands of this worker until `lease_until`; `tries` counts since it was asked for."""

    client_id: int
    id: UUID
    created_at: datetime
    subject_type: str
    subject_id: UUID
    kind: str
    channel: ChannelKind
    destination: str
    idem_key: str
    message: dict[str, Any]
    opened_message: dict[str, Any] | None
    members: list[dict[str, Any]] | None
    lease_token: UUID
    lease_until: datetime
    n: int
    tries: int
    started_at: datetime
    seconds_left: float
    possible_repeat: bool
    channel_id: UUID | None
    channel_client_id: int | None
    channel_active: bool | None
    channel_settings: dict[str, Any] | None
    channel_broken: bool
    fallback_works: bool
    credential_id: UUID | None


@dataclass(frozen=True, slots=True)
class Expired:
    """A delivery whose sender fell silent."""

    client_id: int
    id: UUID
    channel: ChannelKind
    message: dict[str, Any]
    lease_token: UUID
    tries: int
    seconds_left: float
    channel_id: UUID | None
    channel_client_id: int | None


async def join_requesters(session: WriteSession) -> None:
    """Let senders see that this transaction adds deliveries: its wake-up may be another's, taken already."""
    await session.execute(_JOIN_REQUESTERS)


async def nobody_requests(session: WriteSession) -> bool:
    """Whether no open transaction is adding deliveries."""
    return bool((await session.execute(_NOBODY_REQUESTS)).scalar_one())


async def adopt(session: WriteSession) -> None:
    """Say what a message tells of where nobody did: rows of an older version, or written by hand."""
    await session.execute(_ADOPT)


async def fold(session: WriteSession) -> None:
    """Make one message of an opening and an end that are both still unsent, and of a repeat and what it repeats."""
    await session.execute(_FOLD)
    await session.execute(_FOLD_REPEATS)


async def claim(
    session: WriteSession,
    *,
    most: int,
    per_channel: int,
    lease_seconds: float,
    give_up_hours: int,
    worker: str,
) -> list[Claim]:
    """Take due deliveries, critical ones first, each with a lease and a running attempt."""
    values = {
        "most": most,
        "per_channel": per_channel,
        "lease_seconds": lease_seconds,
        "give_up_hours": give_up_hours,
        "worker": worker,
        "key_window": KEY_WINDOW_SECONDS,
    }
    rows = (await session.execute(_CLAIM, values)).mappings().all()
    return [Claim(**{**row, "channel": ChannelKind(row["channel"])}) for row in rows]


async def acknowledge(session: WriteSession, heard: Sequence[tuple[Claim, Receipt]]) -> set[UUID]:
    """Write down that receivers took these. What is missing in the answer had lost its lease: nothing changed there."""
    rows = [
        {
            "client_id": held.client_id,
            "id": held.id,
            "lease_token": held.lease_token,
            "provider_id": receipt.provider_message_id,
            "status_code": receipt.status_code,
            "channel_client_id": held.channel_client_id,
            "channel_id": held.channel_id,
        }
        for held, receipt in heard
    ]
    found = await session.execute(_ACKNOWLEDGE, {"heard": orjson.dumps(rows).decode()})
    return set(found.scalars())


async def ended_as(session: WriteSession, held: Claim) -> str:
    """How the try of this lease stands in the database; it may have been written though the answer was lost."""
    values = {"client_id": held.client_id, "id": held.id, "lease_token": held.lease_token}
    return str((await session.execute(_ENDED_AS, values)).scalar_one())


async def settle(
    session: WriteSession, held: Claim | Expired, decision: Decision, *, status_code: int | None = None
) -> bool:
    """Write down how a try failed and what follows. False when the lease was lost: then nothing changed."""
    values = {
        "client_id": held.client_id,
        "id": held.id,
        "lease_token": held.lease_token,
        "state": decision.state.value,
        "outcome": decision.outcome.value,
        "wait": decision.wait_seconds,
        "error": decision.reason,
        "possible_repeat": decision.possible_repeat,
        "status_code": status_code,
        "is_over": decision.state is not DeliveryState.READY,
    }
    return (await session.execute(_SETTLE, values)).one_or_none() is not None


async def fence(
    session: WriteSession, held: Claim, worker: str, receipt: Receipt | None, decision: Decision | None
) -> None:
    """Keep what a late worker has to say; the delivery is no longer its own and stays as it is."""
    said = "the receiver took the message" if receipt else (decision.reason if decision else "it failed")
    values = {
        "client_id": held.client_id,
        "id": held.id,
        "lease_token": held.lease_token,
        "started_at": held.started_at,
        "status_code": receipt.status_code if receipt else None,
        "provider_id": receipt.provider_message_id if receipt else None,
        "error": f"An answer came after the lease was over: {said}",
        "worker": worker,
    }
    await session.execute(_FENCE, values)


async def postpone(session: WriteSession, channel: ChannelKind, destination: str, seconds: float) -> None:
    """Hold back everything for a destination that asked to wait."""
    await session.execute(
        _POSTPONE, {"channel": channel.value, "destination": destination, "seconds": seconds}
    )


async def break_channel(session: WriteSession, client_id: int, channel_id: UUID, reason: str) -> bool:
    """Mark a channel as broken; False when it was known to be."""
    values = {"client_id": client_id, "id": channel_id, "reason": reason}
    return (await session.execute(_BREAK, values)).one_or_none() is not None


async def expired(session: WriteSession, most: int, give_up_hours: int) -> Sequence[Expired]:
    """Deliveries whose lease is over, locked for this transaction."""
    values = {"most": most, "give_up_hours": give_up_hours}
    rows = (await session.execute(_EXPIRED, values)).mappings().all()
    return [Expired(**{**row, "channel": ChannelKind(row["channel"])}) for row in rows]


async def due_in(session: WriteSession) -> float | None:
    """Seconds until the next is due (below zero: it is), or None when none waits or sending is held."""
    found = (await session.execute(_DUE_IN)).scalar_one()
    return None if found is None else float(found)
