"""Judging one stored reading in one transaction: verdicts, alerts, evaluations, events and messages
together.
"""

import time
from collections.abc import Collection
from datetime import datetime, timedelta
from uuid import UUID

from belvedere.core.context import Scope
from belvedere.core.database import WriteSession
from belvedere.core.faults import faultpoint
from belvedere.core.runtime import Runtime
from belvedere.sources.contracts import StoredSnapshot
from belvedere.watchtower import repository
from belvedere.watchtower.across import wake_groups
from belvedere.watchtower.closing import ACTOR
from belvedere.watchtower.contracts import Verdict
from belvedere.watchtower.groups import form_units
from belvedere.watchtower.judging import WatchOutcome, start_run
from belvedere.watchtower.recording import record, record_all, record_run

STORM_WAIT = timedelta(seconds=5)


async def judge_stored(runtime: Runtime, stored: StoredSnapshot) -> None:
    """Judge a reading from the frames in hand, in a transaction of its client; wiring gives this to
    `sources`.
    """
    scope = Scope.client(stored.client_id, actor=ACTOR)
    async with runtime.db.write(scope) as session:
        await watch_snapshot(
            session,
            stored,
            runtime.clock(),
            base_url=runtime.settings.address,
            storm_wait=timedelta(seconds=runtime.settings.storm_wait_seconds),
        )
    faultpoint("evaluation.committed")


async def watch_snapshot(
    session: WriteSession,
    stored: StoredSnapshot,
    now: datetime,
    *,
    base_url: str = "",
    storm_wait: timedelta = STORM_WAIT,
) -> WatchOutcome:
    """Judge a completed reading once. Run it twice, or in two places at once, and the second finds it
    done.
    """
    started = time.perf_counter()
    await repository.lock_place(session, stored.client_id, stored.source_id)
    if not await repository.lock_unjudged(session, stored.client_id, stored.snapshot_id):
        return WatchOutcome(skipped="This reading is not complete, or was judged already.")
    if await repository.is_overtaken(session, stored.client_id, stored.snapshot_id, now):
        await repository.mark_judged(session, stored.client_id, stored.snapshot_id, now)
        return WatchOutcome(skipped="Later data of the same account was judged already.")
    run = await start_run(session, stored, now, base_url, storm_wait)
    await run.close_changed_rules()
    judgement = await run.judge()
    faultpoint("evaluation.judged")
    outcome = await run.apply(judgement.spoken)
    await wake_groups(session, stored, run.rules)
    await record_all(session, stored, judgement, now)
    await record_run(session, stored, judgement, outcome, now, seconds=time.perf_counter() - started)
    await repository.mark_judged(session, stored.client_id, stored.snapshot_id, now)
    return outcome


async def recheck_children(
    session: WriteSession,
    stored: StoredSnapshot,
    parent_ids: Collection[UUID],
    now: datetime,
    *,
    base_url: str = "",
    is_last: bool = False,
    storm_wait: timedelta = STORM_WAIT,
) -> WatchOutcome:
    """Look again at the children of parents that moved, on the newest judged reading. A change is not fired
    late: only the wait for a parent that was due (`is_last` says that it is over) still decides over it.
    """
    await repository.lock_place(session, stored.client_id, stored.source_id)
    run = await start_run(session, stored, now, base_url, storm_wait)
    wanted = set(parent_ids)
    children = frozenset(
        unit.head.id
        for unit in form_units(run.rules)
        if unit.head.parent_rule_id in wanted and (is_last or not unit.is_event)
    )
    if not children:
        return WatchOutcome(skipped="No child of this rule watches this source.")
    run.waits_for_parents = not is_last
    verdicts = (await run.judge(only=children)).spoken
    # The reading was judged; it opens what the parent held back and moves nothing else.
    return await run.apply([only_opening(verdict) for verdict in verdicts])


async def rejudge_rules(
    session: WriteSession,
    stored: StoredSnapshot,
    rule_ids: Collection[UUID],
    now: datetime,
    *,
    base_url: str = "",
    as_of: datetime | None = None,
    storm_wait: timedelta = STORM_WAIT,
) -> WatchOutcome:
    """Ask edited rules of the newest judged reading, or, with a later `as_of`, whether time alone has made them
    true. It opens and waits; what is open lives by the next reading.
    """
    await repository.lock_place(session, stored.client_id, stored.source_id)
    run = await start_run(session, stored, now, base_url, storm_wait)
    await run.close_changed_rules()
    run.as_of = as_of
    wanted = frozenset(rule_ids)
    verdicts = (await run.judge(only=wanted)).verdicts(wanted)
    outcome = await run.apply([only_opening(verdict) for verdict in verdicts])
    if as_of is None:
        await record(session, stored, verdicts, now)
    return outcome


def only_opening(verdict: Verdict) -> Verdict:
    """A verdict of another look at a reading that was judged already."""
    return Verdict(
        rule=verdict.rule,
        opened=verdict.opened,
        silent=verdict.silent,
        waiting=verdict.waiting,
        awaits=verdict.awaits,
    )
