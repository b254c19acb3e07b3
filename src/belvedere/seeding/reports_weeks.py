"""Collections with their runs, weeks, versions, rows and aggregates."""

import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from belvedere.seeding.reports_queries import QUERIES, Figures, Query, season
from belvedere.seeding.reports_sums import WEEK, Sum, WeekFigures, add_periods
from belvedere.seeding.world import Batch, ClientPlan, World

RUN = timedelta(minutes=4)
REFUSED = "The platform already runs a query over the same data in this time window."


@dataclass(frozen=True, slots=True)
class Plan:
    """One collection: `weeks` up to the newest, of which `done` are stored, oldest first; then failed ones."""

    number: int
    query: int
    kind: str
    weeks: int
    done: int
    status: str
    skipped: int = 0
    failed: int = 0
    restated: bool = False
    hours_later: int = 0


PLANS = (
    Plan(0, 0, "backfill", weeks=52, done=52, status="completed"),
    Plan(1, 1, "backfill", weeks=26, done=17, status="running", hours_later=12),
    Plan(2, 0, "weekly_update", weeks=1, done=1, status="completed", restated=True, hours_later=40),
    Plan(3, 2, "backfill", weeks=12, done=7, status="paused", skipped=1, failed=2, hours_later=20),
)


@dataclass(frozen=True, slots=True)
class Week:
    """One week of a plan with what became of it."""

    plan: Plan
    number: int
    start: date
    status: str
    began: datetime

    @property
    def ended(self) -> datetime:
        return self.began + RUN


def fill_weeks(world: World, client: ClientPlan) -> Iterator[Batch]:
    weeks = [week for plan in PLANS for week in list_weeks(world, plan)]
    yield collections(world, client)
    yield executions(world, client, weeks)
    yield week_rows(world, client, weeks)
    stored = [week for week in weeks if week.status == "completed"]
    yield versions(world, client, stored)
    yield result_rows(world, client, stored)
    yield aggregates(world, client, stored)


def newest_week(world: World) -> date:
    """The Monday of the newest week that the platform has had time to finish."""
    day = world.now.date() - timedelta(days=10)
    return day - timedelta(days=day.weekday())


def started(world: World, plan: Plan) -> datetime:
    monday = newest_week(world) + WEEK + timedelta(days=1)
    return datetime.combine(monday, time(4, 10), UTC) + timedelta(hours=plan.hours_later)


def list_weeks(world: World, plan: Plan) -> list[Week]:
    newest = newest_week(world)
    ends = (plan.skipped, plan.skipped + plan.done, plan.skipped + plan.done + plan.failed)
    weeks = []
    for number in range(plan.weeks):
        status = "skipped" if number < ends[0] else "completed" if number < ends[1] else "failed"
        if number >= ends[2]:
            status = "running" if plan.status == "running" and number < ends[2] + 2 else "pending"
        start = newest - WEEK * (plan.weeks - 1 - number)
        weeks.append(Week(plan, number, start, status, started(world, plan) + RUN * number))
    return weeks


def make_figures(world: World, client: ClientPlan, query: Query, week: date) -> WeekFigures:
    """A week as it was first read; small groups lose their names now and then."""
    size = 0.5 + world.random("reports.size", client.id).random()
    rows = {}
    for number, value in enumerate(query.values):
        chance = world.random("reports.figures", client.id, query.workflow_id, value, week)
        rows[value] = query.make(chance, size * season(week) * (1.6 if number < 2 else 0.7))
    return WeekFigures(week, rows, filtered=world.random("reports.filtered", client.id, week).randint(0, 2))


def restate(figures: WeekFigures) -> WeekFigures:
    """The same week read again: late orders raise orders and sales by three percent."""
    rows = {
        value: {name: _later(name, given) for name, given in row.items()}
        for value, row in figures.rows.items()
    }
    return WeekFigures(figures.start, rows, figures.filtered)


def _later(name: str, given: int | Decimal) -> int | Decimal:
    if name == "orders":
        return int(given * 103 / 100)
    return round(given * Decimal("1.03"), 2) if name == "sales" and isinstance(given, Decimal) else given


def read_week(world: World, client: ClientPlan, week: Week) -> WeekFigures:
    figures = make_figures(world, client, QUERIES[week.plan.query], week.start)
    return restate(figures) if week.plan.restated else figures


def key_of(world: World, client: ClientPlan, table: str, week: Week) -> UUID:
    return world.key(f"reports.{table}", client.id, week.plan.number, week.start)


def parents(world: World, client: ClientPlan, plan: Plan) -> tuple[UUID, UUID, UUID]:
    """Keys of the collection, its query and its instance."""
    return (
        world.key("reports.report_data_collections", client.id, plan.number),
        world.key("reports.workflows", client.id, plan.query),
        world.key("reports.amc_instances", client.id, 0),
    )


def checksum(value: object) -> str:
    return "v1:sha256:" + hashlib.sha256(dump(value).encode()).hexdigest()


def dump(value: object) -> str:
    """JSON with exact decimals, the same text for the same value."""
    return json.dumps(value, sort_keys=True, default=_number)


def _number(value: object) -> float | int:
    assert isinstance(value, Decimal)  # noqa: S101 - nothing else is in the figures
    return int(value) if value == value.to_integral_value() else float(value)


def collections(world: World, client: ClientPlan) -> Batch:
    columns = ("id", "client_id", "collection_id", "workflow_id", "instance_id", "user_id", "collection_type",
               "target_weeks", "start_date", "end_date", "status", "progress_percentage", "weeks_completed",
               "error_message", "configuration", "created_at", "updated_at")  # fmt: skip
    rows: list[tuple[Any, ...]] = []
    newest = newest_week(world)
    for plan in PLANS:
        own, workflow, instance = parents(world, client, plan)
        settings = {"week_start": "monday", "timezone": client.timezone, "chunk_weeks": 1, "max_parallel": 4}
        asker = world.people[client.id % len(world.people)] if plan.kind == "backfill" else None
        began = started(world, plan)
        rows.append((own, client.id, f"coll_{own.hex[:8]}", workflow, instance, asker, plan.kind, plan.weeks,
                     newest - WEEK * (plan.weeks - 1), newest + timedelta(days=6), plan.status,
                     100 * (plan.done + plan.skipped) // plan.weeks, plan.done,
                     f"{plan.failed} of {plan.weeks} weeks failed" if plan.failed else None, dump(settings), began,
                     began + RUN * plan.weeks))  # fmt: skip
    return Batch("reports.report_data_collections", columns, rows)


def executions(world: World, client: ClientPlan, weeks: list[Week]) -> Batch:
    columns = ("id", "client_id", "workflow_id", "workflow_version", "instance_id", "amc_execution_id",
               "collection_id", "dedupe_key", "trigger_type", "time_window_start", "time_window_end", "timezone",
               "status", "attempt", "submitted_at", "started_at", "finished_at", "execution_seconds", "row_count",
               "filtered_row_count", "size_bytes", "data_checksum", "output_s3_uri", "error_code", "error_message",
               "created_at", "updated_at")  # fmt: skip
    rows = [
        execution(world, client, week) for week in weeks if week.status in ("completed", "failed", "running")
    ]
    return Batch("reports.workflow_executions", columns, rows)


def execution(world: World, client: ClientPlan, week: Week) -> tuple[Any, ...]:
    own = key_of(world, client, "workflow_executions", week)
    collection, workflow, instance = parents(world, client, week.plan)
    query, zone = QUERIES[week.plan.query], ZoneInfo(client.timezone)
    seconds = world.random("reports.seconds", client.id, week.plan.number, week.number).randint(55, 220)
    good, failed = week.status == "completed", week.status == "failed"
    begin, end = (
        datetime.combine(day, time(), zone).astimezone(UTC) for day in (week.start, week.start + WEEK)
    )
    figures = read_week(world, client, week) if good else None
    finished = week.began + timedelta(seconds=seconds) if good or failed else None
    trigger = "weekly" if week.plan.kind == "weekly_update" else "backfill"
    return (
        own, client.id, workflow, 1, instance, own.hex[:12], collection,
        f"{week.plan.number}:{query.workflow_id}:{week.start}", trigger, begin, end, client.timezone,
        "succeeded" if good else week.status, 5 if failed else 1, week.began, week.began + timedelta(seconds=12),
        finished, seconds - 12 if finished else None, len(figures.rows) if figures else None,
        figures.filtered if figures else None, 180 * len(figures.rows) if figures else None,
        checksum(figures.rows) if figures else None,
        f"s3://amc-{client.slug}/{query.workflow_id}/{week.start}.csv" if good else None,
        "overlapping_window" if failed else None, REFUSED if failed else None, week.began, finished or week.began,
    )  # fmt: skip


def week_rows(world: World, client: ClientPlan, weeks: list[Week]) -> Batch:
    columns = ("id", "client_id", "collection_id", "workflow_execution_id", "week_start_date", "week_end_date",
               "status", "skip_reason", "attempt", "lease_until", "execution_date", "row_count", "data_checksum",
               "error_message", "created_at", "updated_at")  # fmt: skip
    rows: list[tuple[Any, ...]] = []
    for week in weeks:
        own, collection = (
            key_of(world, client, "report_data_weeks", week),
            parents(world, client, week.plan)[0],
        )
        good, tried = week.status == "completed", week.status in ("completed", "failed", "running")
        figures = read_week(world, client, week) if good else None
        rows.append((own, client.id, collection,
                     key_of(world, client, "workflow_executions", week) if tried else None, week.start,
                     week.start + timedelta(days=6), week.status,
                     "outside_lookback" if week.status == "skipped" else None,
                     5 if week.status == "failed" else int(tried), week.ended if week.status == "running" else None,
                     week.ended if good else None, len(figures.rows) if figures else None,
                     checksum(figures.rows) if figures else None, REFUSED if week.status == "failed" else None,
                     started(world, week.plan), week.ended))  # fmt: skip
    return Batch("reports.report_data_weeks", columns, rows)


@dataclass(frozen=True, slots=True)
class Reading:
    """One version of a week; a restated week was read twice."""

    key: UUID
    version: int
    figures: WeekFigures
    before: WeekFigures | None
    at: datetime


def list_readings(world: World, client: ClientPlan, week: Week) -> list[Reading]:
    first = make_figures(world, client, QUERIES[week.plan.query], week.start)
    key = world.key("reports.report_week_versions", client.id, week.plan.number, week.start, 1)
    readings = [Reading(key, 1, first, None, week.ended - RUN / 2)]
    if week.plan.restated:
        key = world.key("reports.report_week_versions", client.id, week.plan.number, week.start, 2)
        readings.append(Reading(key, 2, restate(first), first, week.ended))
    return readings


def versions(world: World, client: ClientPlan, weeks: list[Week]) -> Batch:
    columns = ("id", "client_id", "week_id", "version", "workflow_execution_id", "data_checksum", "row_count",
               "filtered_row_count", "totals", "deltas", "change_share", "status", "created_at")  # fmt: skip
    rows: list[tuple[Any, ...]] = []
    for week in weeks:
        for read in list_readings(world, client, week):
            totals, deltas, share = compare(QUERIES[week.plan.query], read)
            rows.append((read.key, client.id, key_of(world, client, "report_data_weeks", week), read.version,
                         key_of(world, client, "workflow_executions", week), checksum(read.figures.rows),
                         len(read.figures.rows), read.figures.filtered, dump(totals), dump(deltas), share, "accepted",
                         read.at))  # fmt: skip
    return Batch("reports.report_week_versions", columns, rows)


def compare(query: Query, read: Reading) -> tuple[dict[str, Decimal], dict[str, Decimal], Decimal | None]:
    """Totals of the additive metrics, their change against the reading before, and the largest change as a fraction."""
    totals = add_additive(query, read.figures)
    if read.before is None:
        return totals, {}, None
    first = add_additive(query, read.before)
    deltas = {name: totals[name] - first[name] for name in totals if totals[name] != first[name]}
    return totals, deltas, round(max(abs(change / first[name]) for name, change in deltas.items()), 6)


def add_additive(query: Query, figures: WeekFigures) -> dict[str, Decimal]:
    names = [name for name, rule in query.catalog.items() if rule["kind"] == "additive"]
    return {
        name: sum((Decimal(row[name]) for row in figures.rows.values()), start=Decimal(0)) for name in names
    }


def result_rows(world: World, client: ClientPlan, weeks: list[Week]) -> Batch:
    columns = ("client_id", "week_version_id", "row_number", "dimensions", "metrics", "is_filtered", "row_hash",
               "created_at")  # fmt: skip
    rows: list[tuple[Any, ...]] = []
    for week in weeks:
        dimension = QUERIES[week.plan.query].dimension
        for read in list_readings(world, client, week):
            for number, (value, figures) in enumerate(read.figures.rows.items(), start=1):
                rows.append((client.id, read.key, number, dump({dimension: value}), dump(figures), False,
                             hash_row(value, figures), read.at))  # fmt: skip
    return Batch("reports.report_rows", columns, rows)


def hash_row(value: str, figures: Figures) -> bytes:
    return hashlib.sha256(dump([value, figures]).encode()).digest()


def read_newest(world: World, client: ClientPlan, query: int, stored: list[Week]) -> list[WeekFigures]:
    """Every stored week of a query once, the last reading of it."""
    read = {week.start: read_week(world, client, week) for week in stored if week.plan.query == query}
    return [read[start] for start in sorted(read)]


def aggregates(world: World, client: ClientPlan, stored: list[Week]) -> Batch:
    columns = ("id", "client_id", "workflow_id", "instance_id", "aggregation_type", "aggregation_key", "metrics",
               "dimensions", "data_date", "row_count", "created_at", "updated_at")  # fmt: skip
    at = max(week.ended for week in stored)
    rows = [
        aggregate(world, client, number, made, at)
        for number, query in enumerate(QUERIES)
        for made in add_periods(query, read_newest(world, client, number, stored), at.isoformat())
    ]
    return Batch("reports.report_data_aggregates", columns, rows)


def aggregate(world: World, client: ClientPlan, query: int, made: Sum, at: datetime) -> tuple[Any, ...]:
    part = {QUERIES[query].dimension: made.part} if made.part else {}
    return (
        world.key("reports.report_data_aggregates", client.id, query, made.kind, made.key), client.id,
        world.key("reports.workflows", client.id, query), world.key("reports.amc_instances", client.id, 0), made.kind,
        made.key, dump(made.metrics), dump(part), made.start, made.row_count, at, at,
    )  # fmt: skip
