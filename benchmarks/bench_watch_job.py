"""The whole job of watching: a stored snapshot in hand to alerts written, against set-based SQL on the same tables.

BENCH_RECORDS=100000 BENCH_RULES=100 python -m benchmarks.bench_watch_job

Records and rules are those of `watch_mix`. The SQL writes one bare row for each hit, with one statement for each field
and condition: the least that a database can do on these tables. Ours finds the same hits, and writes alerts with words,
reasons, first steps, events and the record of what was judged. `again` is the next reading of the same values. CPU is
this process and its database backend together, which other work on the machine does not stretch.
"""

import asyncio
import json
import os
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import polars as pl
import psycopg

from belvedere.core.context import Scope
from belvedere.core.database import Database, driver_connection
from belvedere.core.ids import uuid7_strings
from belvedere.core.settings import Settings
from belvedere.sources.contracts import Completeness, Frames, StoredSnapshot
from belvedere.sources.frames import tags_text
from belvedere.watchtower import judging, opening, repository, storing, watch
from belvedere.wiring.installation import open_installation
from benchmarks.watch_mix import FIELDS, Mix, plan_rules

RECORDS = int(os.environ.get("BENCH_RECORDS", "100000"))
RULES = int(os.environ.get("BENCH_RULES", "100"))
ROUNDS = int(os.environ.get("BENCH_ROUNDS", "3"))
GOAL = 0.3
INDEXED = (
    "rule_id",
    "snapshot_id",
    "client_id",
    "severity",
    "created_at DESC",
    "is_acknowledged) WHERE (NOT is_acknowledged",
)
SIGNS = {"less_than": "<", "greater_than": ">"}
NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)
TICKS = os.sysconf("SC_CLK_TCK")
STAGES = {
    "evaluate": (judging, "evaluate"),
    "findings_and_wording": (judging, "draft_alerts"),
    "alerts_and_steps": (storing, "open_alerts"),
    "deliveries": (opening, "request_deliveries"),
    "seen_again": (storing, "see_again"),
    "read_before": (repository, "load_open_alerts"),
    "evaluations": (watch, "record"),
    "run": (watch, "record_run"),
}


@dataclass
class Clock:
    """Seconds on the wall and of CPU, here and in one backend."""

    backend: int
    wall: float = 0.0
    cpu: float = 0.0
    stages: dict[str, float] = field(default_factory=dict)

    def spent(self) -> float:
        fields = Path(f"/proc/{self.backend}/stat").read_text().rpartition(")")[2].split()
        return time.process_time() + (int(fields[11]) + int(fields[12])) / TICKS

    @contextmanager
    def running(self) -> Iterator[None]:
        cpu, wall = self.spent(), time.perf_counter()
        yield
        self.wall, self.cpu = time.perf_counter() - wall, self.spent() - cpu


@dataclass(frozen=True)
class World:
    """What stands in the database before the job: a reading, the one before it, and one that is to come."""

    stored: StoredSnapshot
    later: StoredSnapshot
    pairs: list[tuple[str, str]]


def add_snapshot(connection: psycopg.Connection, source: UUID, at: datetime) -> UUID:
    return connection.execute(
        "INSERT INTO watch.api_snapshots (source_id, client_id, status, completeness, data_as_of, completed_at,"
        " total_records) VALUES (%s, 1, 'completed', 'full', %s, %s, %s) RETURNING id", [source, at, at, RECORDS],
    ).fetchone()[0]  # fmt: skip


def store(connection: psycopg.Connection, snapshot: UUID, frames: Frames) -> None:
    records = frames.records.select(
        pl.lit(str(snapshot)).alias("snapshot"),
        "id",
        "external_id",
        "name",
        "status",
        tags_text(pl.col("tags")),
    )
    for statement, frame in (
        ("watch.api_records (client_id, snapshot_id, id, external_id, name, status, tags)", records),
        ("watch.api_record_metrics (client_id, record_id, metric_name, metric_value)", frames.metrics.select(
            "record_id", "metric_name", "metric_value")),
    ):  # fmt: skip
        with connection.cursor().copy(f"COPY {statement} FROM STDIN (FORMAT csv)") as out:
            out.write(frame.select(pl.lit("1").alias("client"), pl.all()).write_csv(include_header=False))
    connection.commit()


def add_rules(connection: psycopg.Connection, source: UUID, mix: Mix) -> list[tuple[str, str]]:
    """Gives the pairs of field and condition that they ask for."""
    plans = plan_rules(mix, RULES)
    for plan in plans:
        connection.execute(
            "INSERT INTO watch.watchtower_rules (client_id, source_id, name, field_name, condition, threshold_value,"
            " group_id, position) VALUES (1, %s, %s, %s, %s, %s, %s, %s)",
            [source, f"Rule {plan.number}", plan.field, plan.condition, plan.limit,
             None if plan.group is None else UUID(int=10**9 + plan.group), plan.number],
        )  # fmt: skip
    connection.commit()
    return sorted({(plan.field, plan.condition) for plan in plans})


def hits_of(name: str, word: str) -> str:
    """Hits of every rule of one field and condition."""
    here = "watch.api_records r WHERE r.client_id = 1 AND r.snapshot_id = %(now)s"
    metric = "watch.api_record_metrics {0} ON {0}.client_id = 1 AND {0}.record_id = {1}.id AND {0}.metric_name = '{2}'"
    rules = f"watch.watchtower_rules u WHERE u.field_name = '{name}' AND u.condition = '{word}'"
    before = "watch.api_records p ON p.client_id = 1 AND p.snapshot_id = %(before)s AND p.external_id = r.external_id"
    if word in SIGNS:
        return (
            f"SELECT u.id, u.group_id, r.id FROM (SELECT * FROM {rules}) u JOIN watch.api_record_metrics m"
            f" ON m.client_id = 1 AND m.metric_name = '{name}' AND m.metric_value {SIGNS[word]}"
            " CAST(u.threshold_value AS numeric) JOIN watch.api_records r ON r.client_id = 1 AND r.id = m.record_id"
            " AND r.snapshot_id = %(now)s"
        )
    if word == "equals":
        return f"SELECT u.id, u.group_id, r.id FROM (SELECT * FROM {here}) r JOIN (SELECT * FROM {rules}) u ON u.threshold_value = r.status"
    if word == "contains":
        return (
            f"SELECT u.id, u.group_id, r.id FROM (SELECT r.id, unnest(r.tags) AS tag FROM {here}) r"
            f" JOIN (SELECT * FROM {rules}) u ON u.threshold_value = r.tag"
        )
    moved = "p.status IS DISTINCT FROM r.status"
    more = ""
    if name != "status":
        moved = "o.metric_value <> m.metric_value"
        more = f"JOIN {metric.format('m', 'r', name)} JOIN {metric.format('o', 'p', name)}"
    return (
        f"SELECT u.id, u.group_id, r.id FROM (SELECT * FROM {here}) r JOIN {before} {more}"
        f" CROSS JOIN (SELECT * FROM {rules}) u WHERE {moved}"
    )


def run_sql(url: str, world: World) -> tuple[Clock, int]:
    """One statement for each field and condition, then a bare alert for each hit, in a table of their first shape."""
    places = {"now": world.stored.snapshot_id, "before": world.stored.previous_id}
    with psycopg.connect(url) as connection:
        clock = Clock(connection.info.backend_pid)
        with clock.running():
            connection.execute("CREATE TEMP TABLE hit (rule_id uuid, group_id uuid, record_id uuid)")
            connection.execute(
                "CREATE TABLE bare_alerts (id uuid PRIMARY KEY DEFAULT gen_random_uuid(), rule_id uuid NOT NULL,"
                " snapshot_id uuid NOT NULL, record_id uuid, message text NOT NULL, severity varchar(20) NOT NULL,"
                " current_value varchar(255), is_acknowledged boolean NOT NULL DEFAULT false,"
                " client_id integer, created_at timestamptz NOT NULL DEFAULT now())"
            )
            for column in INDEXED:
                connection.execute(f"CREATE INDEX ON bare_alerts ({column})")
            for name, word in world.pairs:
                connection.execute(f"INSERT INTO hit {hits_of(name, word)}", places)
            written = connection.execute(
                "INSERT INTO bare_alerts (rule_id, snapshot_id, record_id, message, severity)"
                " SELECT rule_id, %(now)s, record_id, 'm', 'warning' FROM hit WHERE group_id IS NULL UNION ALL"
                " (SELECT min(rule_id::text)::uuid, %(now)s, record_id, 'm', 'warning' FROM hit"
                " WHERE group_id IS NOT NULL GROUP BY group_id, record_id HAVING count(*) = 2)",
                places,
            ).rowcount
        connection.rollback()
    return clock, written


@contextmanager
def watched_stages(stages: dict[str, float]) -> Iterator[None]:
    """Time the parts of the job; a part counts what it calls."""
    kept = {name: getattr(*place) for name, place in STAGES.items()}
    for name, (module, word) in STAGES.items():
        setattr(module, word, timed(name, kept[name], stages))
    yield
    for name, (module, word) in STAGES.items():
        setattr(module, word, kept[name])


def timed(name: str, work: Callable[..., Any], stages: dict[str, float]) -> Callable[..., Any]:
    async def wait(*args: Any, **kwargs: Any) -> Any:
        started = time.perf_counter()
        found = await work(*args, **kwargs)
        stages[name] = stages.get(name, 0.0) + time.perf_counter() - started
        return found

    def call(*args: Any, **kwargs: Any) -> Any:
        started = time.perf_counter()
        found = work(*args, **kwargs)
        found = found if isinstance(found, (list, tuple)) else list(found)
        stages[name] = stages.get(name, 0.0) + time.perf_counter() - started
        return found

    return wait if asyncio.iscoroutinefunction(work) else call


async def run_ours(
    database: Database, stored: StoredSnapshot, now: datetime, *, keep: bool
) -> tuple[Clock, int, int]:
    async with database.write(Scope.client(1)) as session:
        clock = Clock((await driver_connection(session)).info.backend_pid)
        with watched_stages(clock.stages), clock.running():
            outcome = await watch.watch_snapshot(session, stored, now)
        if not keep:
            await session.rollback()
    return clock, len(outcome.opened_ids), outcome.seen_again


async def best_of(database: Database, stored: StoredSnapshot, now: datetime) -> tuple[Clock, int, int]:
    runs = [await run_ours(database, stored, now, keep=number == ROUNDS - 1) for number in range(ROUNDS)]
    return min(runs, key=lambda run: run[0].cpu)


def fill(connection: psycopg.Connection) -> World:
    mix = Mix(RECORDS)
    connection.execute(
        "INSERT INTO core.clients (id, name, slug) VALUES (1, 'One', 'one') ON CONFLICT DO NOTHING"
    )
    (source,) = connection.execute(
        "INSERT INTO watch.api_sources (provider, endpoint, display_name) VALUES ('bench', 'campaigns', 'B')"
        " RETURNING id").fetchone()  # fmt: skip
    frames, keys = {}, {}
    for word, at in (("before", NOW - timedelta(hours=1)), ("now", NOW)):
        frames[word] = mix.frames(uuid7_strings(RECORDS, at), before=word == "before")
        keys[word] = add_snapshot(connection, source, at)
        store(connection, keys[word], frames[word])
    pairs = add_rules(connection, source, mix)
    following = add_snapshot(connection, source, NOW + timedelta(hours=1))
    connection.commit()
    connection.autocommit = True
    connection.execute("VACUUM ANALYZE")
    stored = StoredSnapshot(
        1, keys["now"], source, "bench", "campaigns", Completeness.FULL, NOW, frames["now"],
        keys["before"], frames["before"], metric_units=dict.fromkeys(FIELDS, "count"),
    )  # fmt: skip
    later = replace(stored, snapshot_id=following, data_as_of=NOW + timedelta(hours=1))
    return World(stored, later, pairs)


async def measure(folder: Path) -> dict[str, object]:
    with open_installation(Settings(data_dir=folder)) as installation:
        installation.prepare()
        database = installation.database()
        with psycopg.connect(installation.admin_url) as connection:
            world = fill(connection)
        limits = [run_sql(installation.admin_url, world) for _ in range(ROUNDS)]
        limit, hits = min(limits, key=lambda run: run[0].cpu)
        ours, opened, _ = await best_of(database, world.stored, NOW)
        again, _, seen = await best_of(database, world.later, NOW + timedelta(hours=1))
        await database.close()
    return {
        "benchmark": "watch_job", "records": RECORDS, "rules": RULES, "hits_sql": hits, "alerts": opened,
        "seen_again": seen, "sql_seconds": round(limit.wall, 3), "sql_cpu": round(limit.cpu, 3),
        "ours_seconds": round(ours.wall, 3), "ours_cpu": round(ours.cpu, 3), "ratio": round(ours.wall / limit.wall, 3),
        "ratio_cpu": round(ours.cpu / limit.cpu, 3), "goal": GOAL, "again_seconds": round(again.wall, 3),
        "again_cpu": round(again.cpu, 3), "ratio_again": round(again.wall / limit.wall, 3),
        "load": round(os.getloadavg()[0], 1), "stages": {name: round(part, 3) for name, part in ours.stages.items()},
        "stages_again": {name: round(part, 3) for name, part in again.stages.items()},
    }  # fmt: skip


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        print(json.dumps(asyncio.run(measure(Path(folder)))))


if __name__ == "__main__":
    main()
