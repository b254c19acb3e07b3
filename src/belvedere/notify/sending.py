"""The sender: claims due deliveries, hands each over under its lease, and writes down how it went.

What is claimed is sent at once, and only as much is claimed as can be; a slow receiver holds up itself alone.
"""

import asyncio
import os
import random
import socket
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from sqlalchemy.exc import InterfaceError, OperationalError

from belvedere.accounts.service import open_credential
from belvedere.core.context import Scope
from belvedere.core.errors import BelvedereError, ExternalError
from belvedere.core.faults import faultpoint
from belvedere.core.logs import get_logger
from belvedere.core.runtime import Runtime
from belvedere.notify import outbox, verdicts, waking
from belvedere.notify.contracts import ChannelKind, Destination, MessageKind
from belvedere.notify.decide import Failure
from belvedere.notify.documents import from_document
from belvedere.notify.grouping import lines_of
from belvedere.notify.keys import subject_key
from belvedere.notify.outbox import Claim
from belvedere.notify.ports import Outgoing, Receipt, Senders
from belvedere.notify.render import Telling, absolute_link
from belvedere.notify.senders import real_senders
from belvedere.notify.webhooks import previous_credential

log = get_logger("notify.sending")

MOST_UNDER_WAY = 48
PER_CHANNEL = 4
DEADLINE_SHARE = 0.75
"""Of the lease: who has not heard by then stops listening, well before anybody else may send."""

LOOK_AGAIN_SECONDS = 0.05
RECORD_AGAIN_SECONDS = 0.25
ACTOR = "sender"
STORED_ONLY = frozenset({ChannelKind.DISCORD_WEBHOOK, ChannelKind.WEBHOOK})
"""Kinds that cannot send without their stored channel."""

SCOPE = Scope.service(ACTOR)

CHANNEL_GONE = Failure(
    "The channel of this message was removed. Choose another in the rule.",
    permanent=True,
    code="channel_gone",
)
CHANNEL_OFF = Failure(
    "The channel of this message is switched off. Switch it on and send again.",
    permanent=True,
    code="channel_off",
)
CHANNEL_BROKEN = Failure(
    "The channel is broken; its fallback is used. A test that gets through mends it.",
    permanent=True,
    code="channel_broken",
)
NO_ANSWER = Failure(
    "No answer came in time; the message may have arrived.",
    permanent=False,
    code="timeout",
    outcome_known=False,
)
TOO_LATE = Failure(
    "The lease was over before the message could be handed over.", permanent=False, code="lease_over"
)


@dataclass
class Tally:
    """What one run did."""

    sent: int = 0
    failed: int = 0
    fenced: int = 0


def steady_seconds() -> float:
    """A clock that also counts the time in which this machine slept."""
    clock = getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC)
    return time.clock_gettime(clock)


def worker_name() -> str:
    return f"{socket.gethostname()}:{os.getpid()}"


@dataclass
class Sending:
    """One run of the sender in this process."""

    runtime: Runtime
    senders: Senders
    worker: str = field(default_factory=worker_name)
    spread: Callable[[], float] = random.random
    tally: Tally = field(default_factory=Tally)
    secrets: dict[UUID, dict[str, str]] = field(default_factory=dict, repr=False)

    async def run(self, seconds: float) -> float | None:
        """Send until nothing is due or the time is up; returns the seconds until it pays to look again."""
        until = steady_seconds() + seconds
        under_way: set[asyncio.Task[None]] = set()
        try:
            while steady_seconds() < until:
                # Asked before the look: whoever commits after this moment leaves a wake-up of their own.
                quiet = bool(under_way) or await self._is_quiet()
                under_way |= await self._take(MOST_UNDER_WAY - len(under_way))
                if under_way:
                    _, under_way = await asyncio.wait(under_way, return_when=asyncio.FIRST_COMPLETED)
                elif quiet:
                    break
                else:
                    await asyncio.sleep(LOOK_AGAIN_SECONDS)
        except asyncio.CancelledError:
            # The process is ending: leases run out, and the sweep decides.
            for task in under_way:
                task.cancel()
            raise
        finally:
            await asyncio.gather(*under_way, return_exceptions=True)
        return await self._look_again_in(is_out_of_time=steady_seconds() >= until)

    async def _is_quiet(self) -> bool:
        async with self.runtime.db.write(SCOPE) as session:
            return await outbox.nobody_requests(session)

    async def _look_again_in(self, *, is_out_of_time: bool) -> float | None:
        async with self.runtime.db.write(SCOPE) as session:
            due_in = await outbox.due_in(session)
        if due_in is None or is_out_of_time:
            return due_in
        # What is due and was not claimed waits for others of its receiver; that needs no hurry.
        return max(1.0, due_in)

    async def _take(self, room: int) -> set[asyncio.Task[None]]:
        """Claim what there is room for and begin to send it."""
        if room <= 0:
            return set()
        settings = self.runtime.settings
        deadline = steady_seconds() + settings.delivery_lease_seconds * DEADLINE_SHARE
        async with self.runtime.db.write(SCOPE) as session:
            await outbox.fold(session)
            claims = await outbox.claim(
                session,
                most=room,
                per_channel=PER_CHANNEL,
                lease_seconds=settings.delivery_lease_seconds,
                give_up_hours=settings.delivery_give_up_hours,
                worker=self.worker,
            )
        if claims:
            faultpoint("delivery.claimed")
        return {asyncio.create_task(self._deliver(claim, deadline)) for claim in claims}

    async def _deliver(self, claim: Claim, deadline: float) -> None:
        try:
            await self._send_and_record(claim, deadline)
        except Exception as error:  # noqa: BLE001 - one message must not end the others; its lease runs out
            log.warning(
                "a delivery was left to its lease",
                delivery=str(claim.id),
                error=str(error),
                kind=type(error).__name__,
            )

    async def _send_and_record(self, claim: Claim, deadline: float) -> None:
        ended = await self._try(claim, deadline, self.runtime.clock())
        held = await self._record(claim, ended, deadline)
        if isinstance(ended, Receipt):
            faultpoint("delivery.acknowledged")
        self.tally.sent += held and isinstance(ended, Receipt)
        self.tally.failed += held and isinstance(ended, Failure)
        self.tally.fenced += not held

    async def _record(self, claim: Claim, ended: Receipt | Failure, deadline: float) -> bool:
        """Write down how it went. A database that is away for a moment must not cause a second copy."""
        lease_end = deadline + self.runtime.settings.delivery_lease_seconds * (1 - DEADLINE_SHARE)
        while True:
            now = self.runtime.clock()
            try:
                async with self.runtime.db.write(SCOPE) as session:
                    if isinstance(ended, Receipt):
                        return await verdicts.accepted(session, claim, ended, self.worker, now)
                    return await verdicts.failed(session, claim, ended, self.worker, self.spread(), now)
            except (OperationalError, InterfaceError) as error:
                if steady_seconds() >= lease_end:
                    raise
                log.warning(
                    "the end of a try waits for the database", delivery=str(claim.id), error=str(error)
                )
                await asyncio.sleep(RECORD_AGAIN_SECONDS)

    async def _try(self, claim: Claim, deadline: float, now: datetime) -> Receipt | Failure:
        refused = unusable_channel(claim)
        if refused is not None:
            return refused
        try:
            outgoing = await self._prepare(claim, now)
        except BelvedereError as error:
            return Failure(error.detail, permanent=True, code=error.code)
        return await self._hand_over(claim, outgoing, deadline)

    async def _hand_over(self, claim: Claim, outgoing: Outgoing, deadline: float) -> Receipt | Failure:
        faultpoint("delivery.sending")
        left = deadline - steady_seconds()
        if left <= 0:
            return TOO_LATE
        try:
            async with asyncio.timeout(left):
                receipt = await self.senders[claim.channel].send(outgoing)
        except TimeoutError:
            return NO_ANSWER
        except ExternalError as error:
            return Failure.of(error)
        except BelvedereError as error:
            return Failure(error.detail, permanent=True, code=error.code)
        faultpoint("delivery.sent")
        return receipt

    async def _prepare(self, claim: Claim, now: datetime) -> Outgoing:
        message = from_document(claim.message)
        kind = MessageKind(claim.kind)
        telling = Telling(
            kind,
            message,
            opened=from_document(claim.opened_message) if claim.opened_message else None,
            possible_repeat=claim.possible_repeat,
            link=absolute_link(message.url, self.runtime.settings.address),
            lines=lines_of(claim.members),
        )
        return Outgoing(
            key=claim.idem_key,
            address=claim.destination,
            telling=telling,
            sent_at=now,
            thread_key=thread_key(claim)
            if kind is MessageKind.RESOLVED and not claim.opened_message
            else None,
            client_id=claim.client_id,
            url=(claim.channel_settings or {}).get("url"),
            asked_at=claim.created_at,
            secret=await self._secrets_of(claim, now),
        )

    async def _secrets_of(self, claim: Claim, now: datetime) -> dict[str, str]:
        """The credential of the stored channel; while a secret is being replaced, the one before as well."""
        if claim.credential_id is None:
            return {}
        secret = await self._secret(claim, claim.credential_id, now)
        before = previous_credential(claim.channel_settings or {}, now)
        if before is None:
            return secret
        return {**secret, "previous": (await self._secret(claim, before, now))["secret"]}

    async def _secret(self, claim: Claim, credential_id: UUID, now: datetime) -> dict[str, str]:
        """Opened once for a run."""
        if claim.channel_client_id is not None and credential_id not in self.secrets:
            async with self.runtime.db.write(SCOPE) as session:
                self.secrets[credential_id] = dict(
                    await open_credential(
                        session, claim.channel_client_id, credential_id, "send a message", ACTOR, now
                    )
                )
        return self.secrets[credential_id]


def unusable_channel(claim: Claim) -> Failure | None:
    """Why a message cannot go by the channel it names."""
    if claim.channel_id is None:
        needs_channel = claim.channel in STORED_ONLY or claim.message.get("via") is not None
        return CHANNEL_GONE if needs_channel else None
    if not claim.channel_active:
        return CHANNEL_OFF
    # A test still tries it: that is how a broken channel is found to work again.
    is_passed = claim.channel_broken and claim.fallback_works and claim.kind != MessageKind.TEST
    return CHANNEL_BROKEN if is_passed else None


def thread_key(claim: Claim) -> str:
    """The key of the message that opened the subject, at the same destination."""
    destination = Destination(claim.channel, claim.destination)
    return subject_key(claim.client_id, claim.subject_type, claim.subject_id, MessageKind.OPENED, destination)


async def send_due(runtime: Runtime, *, senders: Senders | None = None, seconds: float = 20.0) -> Tally:
    """Send what is due for at most `seconds`, then leave a wake-up for what is left."""
    sending = Sending(runtime, senders or real_senders(runtime))
    due_in = await sending.run(seconds)
    if due_in is not None:
        async with runtime.db.write(SCOPE) as session:
            await waking.wake(session, max(0.0, due_in), runtime.clock())
    return sending.tally


async def sweep(runtime: Runtime, *, most: int = 200, spread: Callable[[], float] = random.random) -> int:
    """Take back deliveries whose lease is over, and wake the sender for all that is due; returns how many."""
    now = runtime.clock()
    hours = runtime.settings.delivery_give_up_hours
    async with runtime.db.write(SCOPE) as session:
        await outbox.adopt(session)
        found = await outbox.expired(session, most, hours)
        for silent in found:
            await verdicts.lease_over(session, silent, spread(), now)
    async with runtime.db.write(SCOPE) as session:
        due_in = await outbox.due_in(session)
        if due_in is not None and due_in <= 0:
            await waking.wake(session, 0.0, now)
    return len(found)
