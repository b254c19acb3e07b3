"""Groups over several sources: a reading of any of them has the group judged again, where its head stands.

The head's own readings are judged as they come. When another source of the group is read, the newest judged readings of
the head are judged once more beside it, for these groups alone: once for each group and reading.
"""

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import text

from belvedere.core.database import ReadSession, WriteSession
from belvedere.core.jobs import enqueue
from belvedere.sources.contracts import Completeness, StoredSnapshot
from belvedere.sources.service import load_stored_snapshot
from belvedere.watchtower import repository
from belvedere.watchtower.closing import ACTOR
from belvedere.watchtower.conditions import kind_of
from belvedere.watchtower.contracts import Place, Rule, Verdict
from belvedere.watchtower.groups import Unit, applies, fits, form_groups
from belvedere.watchtower.judging import Run, start_run
from belvedere.watchtower.recording import record
from belvedere.watchtower.rule_sets import load_rule_set
from belvedere.watchtower.statements import statement

JUDGE_ACROSS = "watchtower.judge_across"

_JUDGED = text(
    "SELECT rule_id FROM watch.rule_evaluations WHERE client_id = :client_id AND snapshot_id = :snapshot_id"
    " AND rule_id = ANY (CAST(:rule_ids AS uuid[]))"
)


def stand_beside(rules: Sequence[Rule], place: Place) -> list[Unit]:
    """Running groups that ask for this place though their head stands elsewhere. A change is told with the reading that
    shows it: one that only other places can show is not looked for again.
    """
    return [
        unit
        for unit in form_groups(rules)
        if unit.is_running
        and unit.head.client_id in (0, place.client_id)
        and not applies(unit, place)
        and any(fits(row, place) and _may_move(unit, row) for row in unit.rows)
    ]


def _may_move(unit: Unit, row: Rule) -> bool:
    return not unit.is_event or kind_of(row.condition).is_event


async def wake_groups(session: WriteSession, stored: StoredSnapshot, rules: Sequence[Rule]) -> None:
    """Have the groups judged again that this reading is a part of; groups meet on full readings alone."""
    place = Place(stored.client_id, stored.source_id, stored.provider, stored.endpoint)
    if stored.completeness is Completeness.FULL and stand_beside(rules, place):
        await enqueue(
            session,
            JUDGE_ACROSS,
            {"snapshot_id": str(stored.snapshot_id)},
            client_id=stored.client_id,
            actor=ACTOR,
            queueing_lock=f"{JUDGE_ACROSS}:{stored.snapshot_id}",
        )


async def find_head_sources(session: ReadSession, stored: StoredSnapshot) -> dict[UUID, list[UUID]]:
    """By source of the heads: their newest judged readings that were judged before this reading was there."""
    rules = await load_rule_set(session, stored.client_id, stored.source_id)
    place = Place(stored.client_id, stored.source_id, stored.provider, stored.endpoint)
    heads = [unit.head for unit in stand_beside(rules, place)]
    if not heads:
        return {}
    values = {
        "client_id": stored.client_id,
        "snapshot_id": stored.snapshot_id,
        "source_ids": sorted({head.source_id for head in heads if head.source_id}),
        "targets": sorted({head.target_table for head in heads if head.target_table and not head.source_id}),
    }
    found: dict[UUID, list[UUID]] = {}
    for row in await session.execute(statement("head_readings"), values):
        found.setdefault(row.source_id, []).append(row.id)
    return found


async def judge_across(
    session: WriteSession,
    beside: StoredSnapshot,
    source_id: UUID,
    readings: Sequence[UUID],
    now: datetime,
    *,
    base_url: str,
    storm_wait: timedelta,
) -> None:
    """Judge the groups with their head at one source again, beside a new reading of another."""
    await repository.lock_place(session, beside.client_id, source_id)
    recorded: list[Verdict] = []
    done: set[UUID] | None = None
    for snapshot_id in readings:
        stored = await load_stored_snapshot(session, beside.client_id, snapshot_id)
        if stored is None:
            continue
        run = await start_run(session, stored, now, base_url, storm_wait)
        units = _units_of(run, beside)
        if done is None:
            done = await _find_judged(session, beside, [unit.head.id for unit in units])
        wanted = frozenset(unit.head.id for unit in units) - done
        if wanted:
            run.beside = beside.snapshot_id
            run.as_of = max(stored.data_as_of, beside.data_as_of)
            verdicts = (await run.judge(only=wanted)).verdicts(wanted)
            await run.apply(verdicts)
            recorded += verdicts
    once = {verdict.rule.id: verdict for verdict in recorded}
    await record(session, beside, list(once.values()), now)


def _units_of(run: Run, beside: StoredSnapshot) -> list[Unit]:
    other = Place(beside.client_id, beside.source_id, beside.provider, beside.endpoint)
    return [unit for unit in stand_beside(run.rules, other) if applies(unit, run.place)]


async def _find_judged(session: ReadSession, beside: StoredSnapshot, rule_ids: Collection[UUID]) -> set[UUID]:
    values = {"client_id": beside.client_id, "snapshot_id": beside.snapshot_id, "rule_ids": list(rule_ids)}
    return set((await session.execute(_JUDGED, values)).scalars())
