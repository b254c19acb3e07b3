"""The job of digests."""

from belvedere.core.jobs import JobCall, job
from belvedere.core.runtime import Runtime
from belvedere.watchtower.digests import send_due


@job("watchtower.send_digests", queue="scheduler", max_attempts=1, cron="* * * * * 35")
async def send_digests(runtime: Runtime, call: JobCall) -> None:
    """Make every daily and weekly digest whose moment has passed, each once."""
    await send_due(runtime, runtime.clock(), actor=call.actor)
