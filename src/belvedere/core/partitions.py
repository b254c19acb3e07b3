"""Monthly parts of the large tables: what stands, what a run would do, and the run itself.

Each step is a transaction of its own with a short wait for locks, so that a busy table is left for the next run.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from belvedere.core.audit import record
from belvedere.core.context import Scope
from belvedere.core.database import Database, ReadSession, WriteSession
from belvedere.core.errors import Conflict, Invalid, NotFound
from belvedere.core.events import emit

MOST_PARTS = 60
LOCK_WAIT = "5s"
ONE_RUN = 884205
LONGEST_MONTHS = 1200
LEAVE_FOR_LATER = {
    "55P03": "the table is busy",
    "40P01": "the table is busy",
    "40001": "the table is busy",
    "57014": "it took too long",
}
IN_USE = "55006"

_LIST = text("SELECT * FROM core.list_partitions(:now)")
_CHECK = text("SELECT plan, default_rows, next_missing FROM core.check_partitions(:now)")
_PREVIEW = text("SELECT plan, step, month FROM core.preview_partitions(:now)")
_EXPIRED = text("SELECT plan, part, estimated_rows FROM core.expired_partitions(:now)")
_PLANS = text(
    "SELECT table_name, key_kind, key_column, months_ahead, retention_months FROM core.partition_plans ORDER BY table_name"
)
_MAKE = text("SELECT part, 0 AS rows FROM core.make_ahead(CAST(CAST(:target AS text) AS regclass), :now, 1)")
_SETTLE = text(
    "SELECT part, moved AS rows FROM core.settle_default(CAST(CAST(:target AS text) AS regclass), :now, 1)"
)
_DROP = text(
    "SELECT CAST(:target AS text) AS part, core.drop_partition(CAST(CAST(:target AS text) AS regclass), :now) AS rows"
)
_TRY_ALONE = text("SELECT pg_try_advisory_xact_lock(:key)")
_WAIT_SHORTLY = text("SELECT set_config('lock_timeout', :wait, true)")
_RETAIN = text(
    "UPDATE core.partition_plans SET retention_months = :months, updated_at = :now WHERE table_name = :table"
)


class StepKind(StrEnum):
    """What is done to a part."""

    MAKE = "make"
    SETTLE = "settle"
    DROP = "drop"


@dataclass(frozen=True, slots=True)
class Step:
    """One part made, filled from the default part, or dropped. `skipped` says why it was left for later."""

    kind: StepKind
    table: str
    part: str
    rows: int = 0
    skipped: str = ""


@dataclass(frozen=True, slots=True)
class Run:
    """What one run did, or would do. `complete` is false when more is left than one run may do."""

    steps: tuple[Step, ...]
    complete: bool

    def count(self, kind: StepKind) -> int:
        return sum(step.kind is kind and not step.skipped for step in self.steps)

    def rows(self, kind: StepKind) -> int:
        return sum(step.rows for step in self.steps if step.kind is kind and not step.skipped)

    @property
    def skipped(self) -> int:
        return sum(bool(step.skipped) for step in self.steps)


Tell = Callable[[Step], None]


async def list_parts(session: ReadSession, now: datetime) -> list[dict[str, Any]]:
    """Every part with its months, size and estimated rows."""
    return [dict(row) for row in (await session.execute(_LIST, {"now": now})).mappings()]


async def list_plans(session: ReadSession) -> list[dict[str, Any]]:
    """Every parted table: by what, how far ahead, how long it is kept."""
    return [dict(row) for row in (await session.execute(_PLANS)).mappings()]


async def check_parts(session: ReadSession, now: datetime) -> list[dict[str, Any]]:
    """For each table whether rows wait in its default part, and whether the next month has none."""
    return [dict(row) for row in (await session.execute(_CHECK, {"now": now})).mappings()]


async def preview(session: ReadSession, *, now: datetime, most: int = MOST_PARTS) -> Run:
    """What a run would do now, without doing it. Rows to be dropped are estimated."""
    steps = [
        Step(StepKind(row.step), row.plan, part_name(row.plan, row.month))
        for row in await session.execute(_PREVIEW, {"now": now})
    ]
    order = list(StepKind)
    steps.sort(key=lambda step: order.index(step.kind))
    steps += [
        Step(StepKind.DROP, row.plan, row.part, row.estimated_rows)
        for row in await session.execute(_EXPIRED, {"now": now})
    ]
    return Run(tuple(steps[:most]), len(steps) <= most)


def part_name(table: str, month: datetime) -> str:
    return f"{table}_p{month:%Y%m}"


async def keep_parts(
    database: Database, *, now: datetime, actor: str, most: int = MOST_PARTS, tell: Tell = lambda _: None
) -> Run:
    """Make parts ahead, settle the default parts, drop what has passed its time; at most `most` parts.

    Raises Conflict when another run is at work.
    """
    scope = Scope.service(actor)
    async with database.write(scope) as alone:
        if not (await alone.execute(_TRY_ALONE, {"key": ONE_RUN})).scalar_one():
            raise Conflict("Another run keeps the parts at this moment; wait for it.", code="partitions_busy")
        done = await walk(database, scope, now, most, tell)
        if done.steps:
            await announce(alone, done, actor, now)
    return done


async def walk(database: Database, scope: Scope, now: datetime, most: int, tell: Tell) -> Run:
    async with database.read(scope) as session:
        ahead = await preview(session, now=now, most=most)
    steps: list[Step] = []
    for planned in ahead.steps:
        step = await take(database, scope, planned, now)
        if step is not None:
            steps.append(step)
            tell(step)
    return Run(tuple(steps), ahead.complete)


async def take(database: Database, scope: Scope, planned: Step, now: datetime) -> Step | None:
    """One step in its own transaction; None when there was nothing left to do."""
    statement = {StepKind.MAKE: _MAKE, StepKind.SETTLE: _SETTLE, StepKind.DROP: _DROP}[planned.kind]
    target = planned.part if planned.kind is StepKind.DROP else planned.table
    try:
        async with database.write(scope) as session:
            await session.execute(_WAIT_SHORTLY, {"wait": LOCK_WAIT})
            row = (await session.execute(statement, {"target": target, "now": now})).one_or_none()
    except DBAPIError as error:
        return Step(planned.kind, planned.table, planned.part, skipped=reason_to_wait(error))
    return None if row is None else Step(planned.kind, planned.table, row.part, int(row.rows))


def reason_to_wait(error: DBAPIError) -> str:
    """Why a step is left for the next run; raises what no waiting mends."""
    state = getattr(error.orig, "sqlstate", None)
    if state == IN_USE:
        return str(getattr(error.orig, "diag").message_primary)  # noqa: B009 - the driver's type is not known here
    if state not in LEAVE_FOR_LATER:
        raise error
    return LEAVE_FOR_LATER[state]


async def announce(session: WriteSession, run: Run, actor: str, now: datetime) -> None:
    await emit(
        session, "partitions.kept", subject="partitions", client_id=0, actor=actor, now=now,
        data={"made": run.count(StepKind.MAKE), "settled": run.count(StepKind.SETTLE), "dropped": run.count(StepKind.DROP),
              "skipped": run.skipped, "rows_moved": run.rows(StepKind.SETTLE), "rows_dropped": run.rows(StepKind.DROP),
              "complete": run.complete},
    )  # fmt: skip


@dataclass(frozen=True, slots=True)
class Retained:
    """A table's new retention in months (None: for ever), the one before, and how many parts have passed it."""

    table: str
    months: int | None
    before: int | None
    expired: int


async def retain(
    session: WriteSession, table: str, months: int | None, *, actor: str, now: datetime
) -> Retained:
    """Set how long a table's months are kept. Raises NotFound and Invalid; nothing is dropped here."""
    if months is not None and not 1 <= months <= LONGEST_MONTHS:
        raise Invalid(f"Months are a whole number from 1 to {LONGEST_MONTHS}, or forever; not {months}.")
    plan = find_plan(await list_plans(session), table)
    name, before = plan["table_name"], plan["retention_months"]
    if before != months:
        await session.execute(_RETAIN, {"months": months, "now": now, "table": name})
        await record(session, action="partition.retain", actor=actor, subject_type="table", subject_id=name, now=now,
                     detail={"before": before, "after": months})  # fmt: skip
    expired = [row for row in await session.execute(_EXPIRED, {"now": now}) if row.plan == name]
    return Retained(name, months, before, len(expired))


def find_plan(plans: list[dict[str, Any]], word: str) -> dict[str, Any]:
    """A plan by `schema.table`, or by the table's name where that is enough."""
    found = [plan for plan in plans if word in (plan["table_name"], plan["table_name"].split(".")[1])]
    if len(found) != 1:
        names = ", ".join(plan["table_name"] for plan in (found or plans))
        raise NotFound(
            f"{word!r} is {'more than one' if found else 'no'} table that is parted by month. There are: {names}."
        )
    return found[0]
