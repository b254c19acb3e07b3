"""The outbox's jobs. They are wake-ups: what must be sent stands in core.deliveries."""

from belvedere.core.jobs import JobCall, job
from belvedere.core.runtime import Runtime
from belvedere.notify import sending
from belvedere.notify.waking import SEND_DUE


@job(SEND_DUE, queue="notify", max_attempts=3)
async def send_due(runtime: Runtime, _call: JobCall) -> None:
    """Send the deliveries that are due."""
    await sending.send_due(runtime)


@job("notify.sweep", queue="notify", max_attempts=1, cron="* * * * * */10")
async def sweep(runtime: Runtime, _call: JobCall) -> None:
    """Take back deliveries of senders that died, and wake the sender for all that is due."""
    await sending.sweep(runtime)
