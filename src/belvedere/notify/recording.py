"""Writing down how tries ended: receipts together, while a transaction is under way the next ones gather.

A database that is away for a moment must not cause a second copy, so an end is written again until its lease is over.
"""

import asyncio
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from sqlalchemy.exc import InterfaceError, OperationalError

from belvedere.core.context import Scope
from belvedere.core.logs import get_logger
from belvedere.core.runtime import Runtime
from belvedere.notify import verdicts
from belvedere.notify.decide import Failure
from belvedere.notify.outbox import Claim
from belvedere.notify.ports import Receipt
from belvedere.notify.steady import steady_seconds

log = get_logger("notify.recording")

AGAIN_SECONDS = 0.25
SCOPE = Scope.service("sender")
_AWAY = (OperationalError, InterfaceError)


@dataclass(eq=False)
class _Heard:
    """A receipt that is to be written down before `lease_end`."""

    claim: Claim
    receipt: Receipt
    lease_end: float
    written: asyncio.Future[bool]


@dataclass
class Recorder:
    """Of one run of the sender."""

    runtime: Runtime
    worker: str
    waiting: list[_Heard] = field(default_factory=list)
    writing: asyncio.Task[None] | None = None

    async def accepted(self, claim: Claim, receipt: Receipt, lease_end: float) -> bool:
        """The receiver took it. False when the lease was lost."""
        heard = _Heard(claim, receipt, lease_end, asyncio.get_running_loop().create_future())
        self.waiting.append(heard)
        if self.writing is None:
            self.writing = asyncio.create_task(self._write_all())
        return await heard.written

    async def failed(self, claim: Claim, failure: Failure, spread: float, lease_end: float) -> bool:
        """It was not taken, or nobody knows. False when the lease was lost."""
        while True:
            now = self.runtime.clock()
            try:
                async with self.runtime.db.write(SCOPE) as session:
                    return await verdicts.failed(session, claim, failure, self.worker, spread, now)
            except _AWAY as error:
                await _wait_for_database(error, claim.id, lease_end)

    async def _write_all(self) -> None:
        try:
            while self.waiting:
                batch, self.waiting = self.waiting, []
                await self._write(batch)
        finally:
            self.writing = None
            for left in self.waiting:
                left.written.cancel()

    async def _write(self, batch: list[_Heard]) -> None:
        try:
            held = await self._write_until(batch, min(heard.lease_end for heard in batch))
        except Exception as error:  # noqa: BLE001 - it belongs to those who wait for it
            if len(batch) > 1:
                # One of them may be the reason; the others must not share its end.
                for heard in batch:
                    await self._write([heard])
            elif not batch[0].written.done():
                batch[0].written.set_exception(error)
            return
        for heard in batch:
            if not heard.written.done():
                heard.written.set_result(heard.claim.id in held)

    async def _write_until(self, batch: list[_Heard], lease_end: float) -> set[UUID]:
        pairs = [(heard.claim, heard.receipt) for heard in batch]
        while True:
            now: datetime = self.runtime.clock()
            try:
                async with self.runtime.db.write(SCOPE) as session:
                    return await verdicts.accepted(session, pairs, self.worker, now)
            except _AWAY as error:
                await _wait_for_database(error, batch[0].claim.id, lease_end)


async def _wait_for_database(error: Exception, delivery_id: UUID, lease_end: float) -> None:
    """A short wait; raises the error once the lease is over."""
    if steady_seconds() >= lease_end:
        raise error
    log.warning("the end of a try waits for the database", delivery=str(delivery_id), error=str(error))
    await asyncio.sleep(AGAIN_SECONDS)
