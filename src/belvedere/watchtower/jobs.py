"""Jobs of the watch. Every one can run twice."""

from uuid import UUID

from belvedere.core.context import Scope
from belvedere.core.jobs import JobCall, enqueue, job
from belvedere.core.runtime import Runtime
from belvedere.sources.service import find_unjudged, load_stored_snapshot
from belvedere.watchtower import repository
from belvedere.watchtower.judging import RECHECK
from belvedere.watchtower.rule_book import CLOSE_JOB, close_rule_alerts
from belvedere.watchtower.watch import judge_stored, recheck_children

EVALUATE = "watchtower.evaluate_snapshot"
SWEEP_PAGE = 200


@job(EVALUATE, queue="watchtower", max_attempts=8)
async def evaluate_snapshot(runtime: Runtime, call: JobCall) -> None:
    """Judge a completed reading that its own process did not judge."""
    client_id = call.client_id or 0
    async with runtime.db.read(Scope.client(client_id, actor=call.actor)) as session:
        stored = await load_stored_snapshot(session, client_id, UUID(call.args["snapshot_id"]))
    if stored is not None:
        await judge_stored(runtime, stored)


@job("watchtower.sweep_unjudged", queue="scheduler", max_attempts=1, cron="* * * * * */10")
async def sweep_unjudged(runtime: Runtime, call: JobCall) -> None:
    """Find completed readings that nobody judged, whatever became of their job, and have them judged."""
    async with runtime.db.write(Scope.service(call.actor)) as session:
        waiting = await find_unjudged(session, limit=SWEEP_PAGE)
        for client_id, snapshot_id in waiting:
            await enqueue(
                session,
                EVALUATE,
                {"snapshot_id": str(snapshot_id)},
                client_id=client_id,
                actor="sweep",
                queueing_lock=f"{EVALUATE}:{snapshot_id}",
            )


@job(RECHECK, queue="watchtower")
async def recheck(runtime: Runtime, call: JobCall) -> None:
    """Look again at the children of a rule whose alerts moved."""
    client_id = call.client_id or 0
    parent_id = UUID(call.args["parent_id"])
    scope = Scope.client(client_id, actor=call.actor)
    async with runtime.db.read(scope) as session:
        readings = await repository.find_recheck_readings(session, client_id, parent_id)
    for snapshot_id in readings:
        async with runtime.db.write(scope) as session:
            stored = await load_stored_snapshot(session, client_id, snapshot_id)
            if stored is not None:
                now = runtime.clock()
                await recheck_children(session, stored, [parent_id], now, base_url=runtime.settings.address)


@job(CLOSE_JOB, queue="watchtower")
async def close_alerts_of_rules(runtime: Runtime, call: JobCall) -> None:
    """Close the alerts of edited rules at every client; their editor may not reach them all."""
    rule_ids = [UUID(text) for text in call.args["rule_ids"]]
    async with runtime.db.write(Scope.service(call.actor)) as session:
        await close_rule_alerts(session, rule_ids, runtime.clock(), actor=call.actor)
