"""The wake-up of the sender: a job of the caller's transaction. Losing one loses nothing; the sweep looks too."""

import math
from datetime import datetime, timedelta

from belvedere.core.database import WriteSession
from belvedere.core.jobs import enqueue

SEND_DUE = "notify.send_due"


async def wake(session: WriteSession, seconds: float, now: datetime, *, urgent: bool = False) -> None:
    """Queue a run of the sender in the caller's transaction: at most one for now and one for each second."""
    if seconds <= 0:
        await enqueue(session, SEND_DUE, queueing_lock=SEND_DUE, priority=10 if urgent else 5)
        return
    # The lock is another than that of a run for now: a run for later must not swallow it.
    moment = math.ceil((now + timedelta(seconds=seconds)).timestamp())
    run_at = datetime.fromtimestamp(moment, tz=now.tzinfo)
    await enqueue(session, SEND_DUE, queueing_lock=f"{SEND_DUE}@{moment}", run_at=run_at, now=now, priority=5)
