"""Jobs of sources: thin doors to the use cases."""

from uuid import UUID

from belvedere.core.context import Scope
from belvedere.core.database import WriteSession
from belvedere.core.jobs import JobCall, job
from belvedere.core.logs import get_logger
from belvedere.core.runtime import Runtime
from belvedere.sources.collect import run_snapshot
from belvedere.sources.ingest import FOLLOW_UP
from belvedere.sources.intake import open_push
from belvedere.sources.listeners import tell_listeners
from belvedere.sources.quarantine import ACCEPT, complete_empty
from belvedere.sources.repository import needs_judging
from belvedere.sources.runs import COLLECT, TAKE_INTAKE, start_due, sweep_lost
from belvedere.sources.stored import load_stored
from belvedere.sources.target_sources import sync_targets
from belvedere.sources.thinning import thin_readings

log = get_logger("sources.jobs")


@job(COLLECT, queue="sources", max_attempts=5)
async def collect(runtime: Runtime, call: JobCall) -> None:
    """Fetch one reading of a source, store it and tell who waits for it."""
    stored = await run_snapshot(runtime, client_of(call), UUID(call.args["snapshot_id"]), call.actor)
    if stored is not None:
        await tell_listeners(runtime, stored)


@job(TAKE_INTAKE, queue="sources", max_attempts=20)
async def take_intake(runtime: Runtime, call: JobCall) -> None:
    """Store the rows of a body that was pushed to us."""
    client_id = client_of(call)
    async with runtime.db.write(Scope.client(client_id, call.actor)) as session:
        snapshot_id = await open_push(session, client_id, UUID(call.args["intake_id"]), runtime.clock())
    stored = await run_snapshot(runtime, client_id, snapshot_id, call.actor)
    if stored is not None:
        await tell_listeners(runtime, stored)


@job(FOLLOW_UP, queue="sources", max_attempts=8)
async def snapshot_completed(runtime: Runtime, call: JobCall) -> None:
    """Tell the listeners of a stored reading that the process which stored it did not get to judge."""
    client_id, snapshot_id = client_of(call), UUID(call.args["snapshot_id"])
    async with runtime.db.read(Scope.client(client_id, call.actor)) as session:
        if not await needs_judging(session, client_id, snapshot_id):
            return
        stored = await load_stored(session, client_id, snapshot_id)
    await tell_listeners(runtime, stored)


@job("sources.start_due", queue="scheduler", max_attempts=1, cron="* * * * * */15")
async def start_due_sources(runtime: Runtime, call: JobCall) -> None:
    """Start the readings whose time has come."""
    async with runtime.db.write(Scope.service("scheduler")) as session:
        started = await start_due(WriteSession(session), runtime.clock())
    if started:
        log.info("readings started", count=len(started), actor=call.actor)


@job(ACCEPT, queue="sources", max_attempts=8)
async def accept_empty(runtime: Runtime, call: JobCall) -> None:
    """Make an empty reading that a person accepted a good one, and have it judged."""
    snapshot_id = UUID(call.args["snapshot_id"])
    stored = await complete_empty(runtime, client_of(call), snapshot_id, call.actor)
    if stored is not None:
        await tell_listeners(runtime, stored)


@job("sources.thin_readings", queue="scheduler", max_attempts=2, cron="40 3 * * *")
async def thin_old_readings(runtime: Runtime, call: JobCall) -> None:
    """Let old readings go: after some days one a day stays, later one a month."""
    gone = await thin_readings(runtime, actor=call.name)
    log.info("readings thinned", count=gone)


@job("sources.sync_targets", queue="scheduler", max_attempts=1, cron="* * * * *")
async def sync_target_sources(runtime: Runtime, call: JobCall) -> None:
    """Offer every registered target as a source, and read the health of every client that reads anything."""
    async with runtime.db.write(Scope.service("scheduler")) as session:
        added = await sync_targets(WriteSession(session))
    if added:
        log.info("targets offered", targets=added, actor=call.actor)


@job("sources.sweep", queue="scheduler", max_attempts=1, cron="* * * * * */10")
async def sweep(runtime: Runtime, call: JobCall) -> None:
    """Find readings whose worker died: they run again, or fail after three tries."""
    async with runtime.db.write(Scope.service("sweep")) as session:
        swept = await sweep_lost(WriteSession(session), runtime.clock())
    if swept.requeued or swept.failed:
        log.warning("lost readings found", requeued=swept.requeued, failed=swept.failed, actor=call.actor)


def client_of(call: JobCall) -> int:
    """The client a job works for; a job without one is a mistake of the program."""
    if call.client_id is None:
        raise ValueError(f"{call.name} needs a client")
    return call.client_id
