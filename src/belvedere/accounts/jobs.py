"""Housekeeping of accounts."""

from belvedere.accounts.throttle import sweep_throttles
from belvedere.core.context import Scope
from belvedere.core.jobs import JobCall, job
from belvedere.core.runtime import Runtime


@job("accounts.sweep_throttles", cron="41 * * * *", max_attempts=2)
async def sweep(runtime: Runtime, call: JobCall) -> None:  # noqa: ARG001 - the shape of every handler
    """Forgets counts of failed logins that no longer matter."""
    async with runtime.db.write(Scope.authn()) as session:
        await sweep_throttles(session, runtime.clock())
