"""Jobs of the watch. Every one can run twice."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import text

from belvedere.core.context import Scope
from belvedere.core.database import WriteSession
from belvedere.core.faults import faultpoint
from belvedere.core.jobs import JobCall, enqueue, job
from belvedere.core.runtime import Runtime
from belvedere.sources.service import find_unjudged, load_stored_snapshot
from belvedere.watchtower import repository
from belvedere.watchtower.across import JUDGE_ACROSS, find_head_sources, judge_across
from belvedere.watchtower.contracts import Condition
from belvedere.watchtower.judging import AWAIT, RECHECK
from belvedere.watchtower.opening import STORM_JOB
from belvedere.watchtower.rule_book import CLOSE_JOB, FIND_PLACES, close_rule_alerts
from belvedere.watchtower.rule_sets import load_rule_set
from belvedere.watchtower.statements import statement
from belvedere.watchtower.storms import gather_storm
from belvedere.watchtower.tick import REJUDGE, TICK, tick
from belvedere.watchtower.watch import judge_stored, recheck_children, rejudge_rules

EVALUATE = "watchtower.evaluate_snapshot"
SWEEP_PAGE = 200

_THIN = (
    text("DELETE FROM watch.rule_evaluations WHERE evaluated_at < :before"),
    text("DELETE FROM watch.evaluation_runs WHERE evaluated_at < :before"),
    text(
        "DELETE FROM watch.rule_states s USING watch.watchtower_rules r"
        " WHERE r.client_id = s.rule_client_id AND r.id = s.rule_id"
        " AND (r.version <> s.rule_version OR NOT r.is_active) AND CAST(:before AS timestamptz) IS NOT NULL"
    ),
)
_IS_NEWEST = text(
    "SELECT NOT EXISTS (SELECT 1 FROM watch.api_snapshots n WHERE n.client_id = s.client_id"
    " AND n.source_id = s.source_id AND n.account_id IS NOT DISTINCT FROM s.account_id"
    " AND n.evaluated_at IS NOT NULL AND n.data_as_of > s.data_as_of)"
    " FROM watch.api_snapshots s WHERE s.client_id = :client_id AND s.id = :snapshot_id"
)


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
                await recheck_children(
                    session,
                    stored,
                    [parent_id],
                    runtime.clock(),
                    base_url=runtime.settings.address,
                    storm_wait=storm_wait(runtime),
                )


@job(AWAIT, queue="watchtower")
async def end_wait(runtime: Runtime, call: JobCall) -> None:
    """Decide over children that waited for a reading of their parent, whether it came or not."""
    client_id = call.client_id or 0
    snapshot_id = UUID(call.args["snapshot_id"])
    async with runtime.db.write(Scope.client(client_id, actor=call.actor)) as session:
        place = {"client_id": client_id, "snapshot_id": snapshot_id}
        if not (await session.execute(_IS_NEWEST, place)).scalar_one_or_none():
            return
        stored = await load_stored_snapshot(session, client_id, snapshot_id)
        if stored is not None:
            await recheck_children(
                session,
                stored,
                [UUID(call.args["parent_id"])],
                runtime.clock(),
                base_url=runtime.settings.address,
                is_last=True,
                storm_wait=storm_wait(runtime),
            )


@job(REJUDGE, queue="watchtower")
async def rejudge(runtime: Runtime, call: JobCall) -> None:
    """Judge edited rules on a newest reading, or rules about age as time goes on without one."""
    client_id = call.client_id or 0
    now = runtime.clock()
    async with runtime.db.write(Scope.client(client_id, actor=call.actor)) as session:
        stored = await load_stored_snapshot(session, client_id, UUID(call.args["snapshot_id"]))
        if stored is None:
            return
        by_age = bool(call.args.get("by_age"))
        rule_ids = [UUID(rule_id) for rule_id in call.args.get("rule_ids", ())]
        if by_age:
            rules = await load_rule_set(session, client_id, stored.source_id)
            rule_ids = [rule.id for rule in rules if rule.condition is Condition.STALE]
        await rejudge_rules(
            session,
            stored,
            rule_ids,
            now,
            base_url=runtime.settings.address,
            as_of=now if by_age else None,
            storm_wait=storm_wait(runtime),
        )


@job(JUDGE_ACROSS, queue="watchtower")
async def judge_groups_across(runtime: Runtime, call: JobCall) -> None:
    """Judge groups over several sources again, when one was read that is not their head's."""
    client_id = call.client_id or 0
    scope = Scope.client(client_id, actor=call.actor)
    async with runtime.db.read(scope) as session:
        beside = await load_stored_snapshot(session, client_id, UUID(call.args["snapshot_id"]))
        places = {} if beside is None else await find_head_sources(session, beside)
    for source_id, readings in places.items():
        if beside is None:
            return
        async with runtime.db.write(scope) as session:
            await judge_across(
                session,
                beside,
                source_id,
                readings,
                runtime.clock(),
                base_url=runtime.settings.address,
                storm_wait=storm_wait(runtime),
            )


@job(FIND_PLACES, queue="watchtower")
async def rejudge_everywhere(runtime: Runtime, call: JobCall) -> None:
    """Have edited rules judged at once on the newest reading of every client they watch."""
    rule_ids = [UUID(rule_id) for rule_id in call.args["rule_ids"]]
    async with runtime.db.write(Scope.service(call.actor)) as session:
        await enqueue_rejudging(session, rule_ids, call.args.get("client_id"), call.actor)


async def enqueue_rejudging(
    session: WriteSession, rule_ids: Sequence[UUID], client_id: int | None, actor: str
) -> int:
    """One job for each newest reading; gives how many."""
    values = {"rule_ids": list(rule_ids), "client_id": client_id}
    places = (await session.execute(statement("rule_places"), values)).all()
    for row in places:
        await enqueue(
            session,
            REJUDGE,
            {"snapshot_id": str(row.snapshot_id), "rule_ids": [str(rule_id) for rule_id in rule_ids]},
            client_id=row.client_id,
            actor=actor,
        )
    return len(places)


@job(CLOSE_JOB, queue="watchtower")
async def close_alerts_of_rules(runtime: Runtime, call: JobCall) -> None:
    """Close the alerts of edited rules at every client; their editor may not reach them all."""
    rule_ids = [UUID(text) for text in call.args["rule_ids"]]
    async with runtime.db.write(Scope.service(call.actor)) as session:
        await close_rule_alerts(session, rule_ids, runtime.clock(), actor=call.actor)


@job(STORM_JOB, queue="watchtower")
async def count_storm(runtime: Runtime, call: JobCall) -> None:
    """Count the clients at which a rule for every client opened, and tell very many as one."""
    async with runtime.db.write(Scope.service(call.actor)) as session:
        await gather_storm(
            session, UUID(call.args["rule_id"]), runtime.clock(), base_url=runtime.settings.address
        )
        faultpoint("storm.told")
    faultpoint("storm.committed")


@job(TICK, queue="scheduler", max_attempts=1, cron="* * * * * 0")
async def tick_alerts(runtime: Runtime, call: JobCall) -> None:
    """End times of taken, snoozed and silenced alerts, repeat and remind, once a minute."""
    async with runtime.db.write(Scope.service(call.actor)) as session:
        await tick(session, runtime.clock(), base_url=runtime.settings.address)
        faultpoint("tick.told")
    faultpoint("tick.committed")


@job("watchtower.thin_evaluations", queue="maintenance", max_attempts=1, cron="17 3 * * * 0")
async def thin_evaluations(runtime: Runtime, call: JobCall) -> None:
    """Drop the record of readings judged longer ago than it is kept, once a night."""
    before = runtime.clock() - timedelta(days=runtime.settings.evaluation_keep_days)
    async with runtime.db.write(Scope.service(call.actor)) as session:
        await drop_evaluations(session, before)


async def drop_evaluations(session: WriteSession, before: datetime) -> None:
    for statement_ in _THIN:
        await session.execute(statement_, {"before": before})


def storm_wait(runtime: Runtime) -> timedelta:
    return timedelta(seconds=runtime.settings.storm_wait_seconds)
