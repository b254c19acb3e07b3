"""The sender: claims due deliveries, hands each over under its lease, and writes down how it went.

What is claimed is sent at once, and only as much is claimed as can be; a slow receiver holds up itself alone.
"""

import asyncio
import contextlib
import os
import random
import socket
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID
from weakref import WeakValueDictionary

from belvedere.accounts.service import open_credential
from belvedere.core.budgets import spend
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
from belvedere.notify.recording import Recorder
from belvedere.notify.render import Telling, absolute_link
from belvedere.notify.senders import budgets_of, real_senders
from belvedere.notify.steady import steady_seconds
from belvedere.notify.webhooks import previous_credential

log = get_logger("notify.sending")

MOST_UNDER_WAY = 48
PER_CHANNEL = 4
DEADLINE_SHARE = 0.75
"""Of the lease: who has not heard by then stops listening, well before anybody else may send."""

LOOK_AGAIN_SECONDS = 0.05
GATHER_SECONDS = 0.02
PACE_SECONDS = 0.2
SOON_SECONDS = 1.0
FOLD_SECONDS = 1.0
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
    called: asyncio.Event = field(default_factory=asyncio.Event, repr=False)
    is_over: bool = False
    folded_at: float = 0.0

    def __post_init__(self) -> None:
        self.recorder = Recorder(self.runtime, self.worker)

    def call(self) -> bool:
        """Ask it to look again. False when it ends and will not."""
        self.called.set()
        return not self.is_over

    async def run(self, seconds: float) -> float | None:
        """Send until nothing is due or the time is up; returns the seconds until it pays to look again."""
        until = steady_seconds() + seconds
        under_way: set[asyncio.Task[None]] = set()
        try:
            while steady_seconds() < until:
                is_called = self.called.is_set()
                self.called.clear()
                # Asked before the look: whoever commits after this moment leaves a wake-up of their own.
                quiet = bool(under_way) or await self._is_quiet()
                under_way |= await self._take(MOST_UNDER_WAY - len(under_way), fold=is_called)
                if under_way:
                    under_way = await self._wait_for_room(under_way, until)
                elif not quiet:
                    await asyncio.sleep(LOOK_AGAIN_SECONDS)
                elif not await self._is_worth_waiting(until):
                    break
        except asyncio.CancelledError:
            # The process is ending: leases run out, and the sweep decides.
            for task in under_way:
                task.cancel()
            raise
        finally:
            self.is_over = True
            await asyncio.gather(*under_way, return_exceptions=True)
        return await self._look_again_in(is_out_of_time=steady_seconds() >= until)

    async def _wait_for_room(
        self, under_way: set[asyncio.Task[None]], until: float
    ) -> set[asyncio.Task[None]]:
        """Until one has ended, somebody calls or the time is up; those that end together make room together."""
        calling = asyncio.create_task(self.called.wait())
        try:
            left = max(0.0, until - steady_seconds())
            await asyncio.wait({*under_way, calling}, timeout=left, return_when=asyncio.FIRST_COMPLETED)
        finally:
            calling.cancel()
        if not self.called.is_set():
            await asyncio.sleep(GATHER_SECONDS)
        return {task for task in under_way if not task.done()}

    async def _is_worth_waiting(self, until: float) -> bool:
        """Whether the next is due so soon that another wake-up would only cost; then wait for it, or for a call."""
        due_in = await self._due_in()
        if not self.called.is_set():
            if due_in is None or due_in > SOON_SECONDS or steady_seconds() + due_in >= until:
                return False
            # What is due and was not claimed waits for others of its receiver, or for its rate budget.
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self.called.wait(), max(PACE_SECONDS, due_in))
        return True

    async def _is_quiet(self) -> bool:
        async with self.runtime.db.write(SCOPE) as session:
            return await outbox.nobody_requests(session)

    async def _due_in(self) -> float | None:
        async with self.runtime.db.write(SCOPE) as session:
            return await outbox.due_in(session)

    async def _look_again_in(self, *, is_out_of_time: bool) -> float | None:
        due_in = await self._due_in()
        if due_in is None or is_out_of_time:
            return due_in
        return max(1.0, due_in)

    async def _take(self, room: int, *, fold: bool) -> set[asyncio.Task[None]]:
        """Claim what there is room for and begin to send it."""
        if room <= 0:
            return set()
        settings = self.runtime.settings
        started = steady_seconds()
        deadline = started + settings.delivery_lease_seconds * DEADLINE_SHARE
        async with self.runtime.db.write(SCOPE) as session:
            if fold or started - self.folded_at > FOLD_SECONDS:
                await outbox.fold(session)
                self.folded_at = started
            claims = await outbox.claim(
                session,
                most=room,
                per_channel=PER_CHANNEL,
                lease_seconds=settings.delivery_lease_seconds,
                give_up_hours=settings.delivery_give_up_hours,
                worker=self.worker,
            )
            # By the clock that claims go by: one that runs ahead here must not empty the line for all of its lead.
            await spend(session, budgets_of(claims))
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
        lease_end = deadline + self.runtime.settings.delivery_lease_seconds * (1 - DEADLINE_SHARE)
        if isinstance(ended, Receipt):
            held = await self.recorder.accepted(claim, ended, lease_end)
            faultpoint("delivery.acknowledged")
        else:
            held = await self.recorder.failed(claim, ended, self.spread(), lease_end)
        self.tally.sent += held and isinstance(ended, Receipt)
        self.tally.failed += held and isinstance(ended, Failure)
        self.tally.fenced += not held

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


_RUNNING: WeakValueDictionary[int, Sending] = WeakValueDictionary()
"""The run that is under way, by runtime: a second one beside it would only be in its way."""


async def send_due(runtime: Runtime, *, senders: Senders | None = None, seconds: float = 20.0) -> Tally:
    """Send what is due for at most `seconds`, then leave a wake-up for what is left.

    While a run is under way in this process it is asked to look again instead.
    """
    running = _RUNNING.get(id(runtime))
    if running is not None and running.call():
        return Tally()
    sending = Sending(runtime, senders or real_senders(runtime))
    _RUNNING[id(runtime)] = sending
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
