"""What is written after a try: row, attempt, channel health, events and the next wake-up, together."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from belvedere.core.database import WriteSession
from belvedere.core.events import emit, emit_many
from belvedere.core.logs import get_logger
from belvedere.notify import fallback, outbox
from belvedere.notify.contracts import AttemptOutcome, ChannelKind, DeliveryState, MessageKind
from belvedere.notify.decide import Decision, Failure, Standing, after_failure, after_lease
from belvedere.notify.documents import policy_of
from belvedere.notify.outbox import Claim, Expired
from belvedere.notify.ports import Receipt
from belvedere.notify.waking import wake

log = get_logger("notify.outbox")

ACTOR = "sender"
TOO_MANY_REQUESTS = 429
_OWN_ENDS = frozenset({AttemptOutcome.RETRY, AttemptOutcome.PERMANENT})
"""Ends that only the holder of a lease writes; the sweep writes `unknown`."""


async def accepted(
    session: WriteSession, heard: Sequence[tuple[Claim, Receipt]], worker: str, now: datetime
) -> set[UUID]:
    """Receivers took them. Answers the ids whose lease was held; a late answer is kept, and nothing else done."""
    held = await outbox.acknowledge(session, heard)
    await _tell_sent(session, [claim for claim, _ in heard if claim.id in held], now)
    for claim, receipt in heard:
        if claim.id in held:
            continue
        if await outbox.ended_as(session, claim) == AttemptOutcome.SENT:
            held.add(claim.id)
            continue
        log.warning("answer after the lease, kept and not counted", delivery=str(claim.id), attempt=claim.n)
        await outbox.fence(session, claim, worker, receipt, None)
    return held


async def _tell_sent(session: WriteSession, claims: Sequence[Claim], now: datetime) -> None:
    by_client: dict[int, list[tuple[str, dict[str, Any]]]] = {}
    for claim in claims:
        data = {"delivery_id": str(claim.id), "channel": claim.channel.value, "attempts": claim.n}
        by_client.setdefault(claim.client_id, []).append((str(claim.id), data))
    for client_id, items in by_client.items():
        await emit_many(session, "delivery.sent", items, client_id=client_id, actor=ACTOR, now=now)


async def failed(
    session: WriteSession, claim: Claim, failure: Failure, worker: str, spread: float, now: datetime
) -> bool:
    """It was not taken, or nobody knows. False when the lease was lost."""
    standing = Standing(claim.channel, policy_of(claim.message), claim.tries, claim.seconds_left)
    decision = after_failure(failure, standing, spread)
    if not await outbox.settle(session, claim, decision, status_code=failure.status_code):
        if await outbox.ended_as(session, claim) in _OWN_ENDS:
            return True
        await outbox.fence(session, claim, worker, None, decision)
        return False
    if failure.status_code == TOO_MANY_REQUESTS and decision.wait_seconds:
        await outbox.postpone(session, claim.channel, claim.destination, decision.wait_seconds)
    await _follow_up(session, claim, decision, now)
    return True


async def lease_over(session: WriteSession, silent: Expired, spread: float, now: datetime) -> None:
    """The sender fell silent; the row is locked by the caller's transaction."""
    standing = Standing(silent.channel, policy_of(silent.message), silent.tries, silent.seconds_left)
    decision = after_lease(standing, spread)
    if await outbox.settle(session, silent, decision):
        log.warning("lease over", delivery=str(silent.id), becomes=decision.state.value, tries=silent.tries)
        await _follow_up(session, silent, decision, now)


async def _follow_up(session: WriteSession, held: Claim | Expired, decision: Decision, now: datetime) -> None:
    if decision.state is DeliveryState.READY:
        await wake(session, decision.wait_seconds, now)
        return
    data = {"delivery_id": str(held.id), "channel": held.channel.value, "code": decision.code}
    await emit(
        session,
        "delivery.dead",
        subject=str(held.id),
        client_id=held.client_id,
        data=data,
        actor=ACTOR,
        now=now,
    )
    log.warning("delivery given up", delivery=str(held.id), channel=held.channel.value, code=decision.code)
    if decision.breaks_channel:
        await _break(session, held, decision, now)


async def _break(session: WriteSession, held: Claim | Expired, decision: Decision, now: datetime) -> None:
    """Mark it, send by the fallback what waits, and tell the owner, once for each time that a channel breaks."""
    client_id, channel_id = held.channel_client_id, held.channel_id
    if client_id is None or channel_id is None:
        await tell_broken(session, held.client_id, None, held.channel, decision.code, now)
        await _notice(session, held, decision, 0, now)
        return
    is_new = await outbox.break_channel(session, client_id, channel_id, decision.reason)
    is_test = isinstance(held, Claim) and held.kind == MessageKind.TEST
    rerouted = await fallback.reroute(session, channel_id, () if is_test else (held.id,))
    if rerouted:
        await wake(session, 0, now)
    if is_new:
        await tell_broken(session, client_id, channel_id, held.channel, decision.code, now)
        await _notice(session, held, decision, rerouted, now)


async def _notice(
    session: WriteSession, held: Claim | Expired, decision: Decision, rerouted: int, now: datetime
) -> None:
    """A notice that fails is not told of by another notice."""
    if not isinstance(held, Claim) or held.kind == MessageKind.NOTICE:
        return
    await fallback.tell_owner(
        session, held.channel, held.channel_id, held.destination, decision.reason, rerouted, now
    )


async def tell_broken(
    session: WriteSession,
    client_id: int,
    channel_id: UUID | None,
    channel: ChannelKind,
    code: str,
    now: datetime,
) -> None:
    data = {"channel": channel.value, "code": code, "channel_id": str(channel_id) if channel_id else None}
    await emit(
        session, "channel.broken", subject=str(channel_id or channel.value), client_id=client_id, data=data,
        actor=ACTOR, now=now,
    )  # fmt: skip
