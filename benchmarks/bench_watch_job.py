"""The whole job of watching: a stored snapshot in hand to alerts written, against set-based SQL on the same tables.

BENCH_RECORDS=100000 BENCH_RULES=100 python -m benchmarks.bench_watch_job

Records and rules are those of `watch_mix`. The SQL has one statement for each field and condition, with the limits as
numbers in a table of its own, and writes one alert for each hit: a constant message, and what an alert cannot be
without, the keys to its rule and reading and a fingerprint that is unique among open alerts. It is timed once more
with bare rows, without keys and fingerprint. Ours finds the same hits, and writes alerts with words, reasons, events
and the record of what was judged; its rules tell nobody, as those of the SQL. `again` is the next reading of the same
values, and `quiet` a reading on which no rule fires. The rounds of both take turns, each on vacuumed tables, and the
best counts. CPU is this process and its database backend together, which other work on the machine does not stretch.
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
LATER = NOW + timedelta(hours=1)
TICKS = os.sysconf("SC_CLK_TCK")
STAGES = {
    "evaluate": (judging, "judge_reading"),
    "findings_and_wording": (opening, "_next_rows"),
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
    here: float = 0.0
    there: float = 0.0
    stages: dict[str, float] = field(default_factory=dict)

    @property
    def cpu(self) -> float:
        return self.here + self.there

    def spent_there(self) -> float:
        fields = Path(f"/proc/{self.backend}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / TICKS

    def spent(self) -> float:
        return time.process_time() + self.spent_there()

    @contextmanager
    def running(self) -> Iterator[None]:
        here, there, wall = time.process_time(), self.spent_there(), time.perf_counter()
        yield
        self.wall = time.perf_counter() - wall
        self.here, self.there = time.process_time() - here, self.spent_there() - there


@dataclass(frozen=True)
class World:
    """What stands in the database before the job: a reading, the one before it, one that is to come, and one of a source
    whose rules never fire.
    """

    stored: StoredSnapshot
    later: StoredSnapshot
    quiet: StoredSnapshot
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


def add_quiet_rules(connection: psycopg.Connection, source: UUID) -> None:
    for number in range(RULES):
        connection.execute(
            "INSERT INTO watch.watchtower_rules (client_id, source_id, name, field_name, condition, threshold_value)"
            " VALUES (1, %s, %s, %s, %s, %s)",
            [source, f"Quiet {number}", FIELDS[number % len(FIELDS)], *(
                ("greater_than", f"{10**9 + number}") if number % 2 else ("less_than", f"-{10**9 + number}"))],
        )  # fmt: skip


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


RULE_TABLE = (
    "CREATE TEMP TABLE rule ON COMMIT DROP AS SELECT id, group_id, field_name, condition, threshold_value AS word,"
    " CASE WHEN condition IN ('greater_than', 'less_than') THEN CAST(threshold_value AS numeric) END AS number"
    " FROM watch.watchtower_rules WHERE source_id = %(source)s;"
)
BARE = (
    "CREATE TABLE bare_alerts (id uuid PRIMARY KEY DEFAULT gen_random_uuid(), rule_id uuid NOT NULL, snapshot_id uuid"
    " NOT NULL, record_id uuid, client_id integer, message text NOT NULL, severity varchar(20) NOT NULL, current_value"
    " varchar(255), previous_value varchar(255), is_acknowledged boolean DEFAULT false, acknowledged_at timestamptz,"
    " acknowledged_by varchar(255), created_at timestamptz DEFAULT now(), fingerprint text)"
)
KEYS = (
    "ALTER TABLE bare_alerts ADD FOREIGN KEY (rule_id) REFERENCES watch.watchtower_rules (id),"
    " ADD FOREIGN KEY (client_id, snapshot_id) REFERENCES watch.api_snapshots (client_id, id),"
    " ADD UNIQUE (client_id, fingerprint)"
)
FOUND = (
    "SELECT rule_id, record_id FROM hit WHERE group_id IS NULL UNION ALL (SELECT min(rule_id::text)::uuid, record_id"
    " FROM hit WHERE group_id IS NOT NULL GROUP BY group_id, record_id HAVING count(*) = 2)"
)
WRITE_BARE = (
    "INSERT INTO bare_alerts (rule_id, snapshot_id, record_id, message, severity)"
    f" SELECT f.rule_id, %(now)s, f.record_id, 'm', 'warning' FROM ({FOUND}) f"
)
WRITE = (
    "INSERT INTO bare_alerts (rule_id, snapshot_id, record_id, client_id, message, severity, fingerprint)"
    " SELECT f.rule_id, %(now)s, f.record_id, 1, 'm', 'warning',"
    " encode(sha256(convert_to(concat_ws('/', f.rule_id, 1, r.external_id), 'UTF8')), 'hex')"
    f" FROM ({FOUND}) f JOIN watch.api_records r ON r.client_id = 1 AND r.snapshot_id = %(now)s AND r.id = f.record_id"
)


def hits_of(name: str, word: str) -> str:
    """Hits of every rule of one field and condition."""
    here = "watch.api_records r ON r.client_id = 1 AND r.snapshot_id = %(now)s"
    metric = "watch.api_record_metrics {0} ON {0}.client_id = 1 AND {0}.record_id = {1}.id AND {0}.metric_name = '{2}'"
    asked = f"u.field_name = '{name}' AND u.condition = '{word}'"
    before = "watch.api_records p ON p.client_id = 1 AND p.snapshot_id = %(before)s AND p.external_id = r.external_id"
    if word in SIGNS:
        source = (
            f"rule u JOIN watch.api_record_metrics m ON m.client_id = 1 AND m.metric_name = '{name}'"
            f" AND m.metric_value {SIGNS[word]} u.number JOIN {here} AND r.id = m.record_id"
        )
    elif word == "equals":
        source = f"rule u JOIN {here} AND r.status = u.word"
    elif word == "contains":
        source = (
            "(SELECT r.id, unnest(r.tags) AS tag FROM watch.api_records r WHERE r.client_id = 1"
            " AND r.snapshot_id = %(now)s) r JOIN rule u ON u.word = r.tag"
        )
    elif name == "status":
        source = f"rule u JOIN {here} JOIN {before} AND p.status IS DISTINCT FROM r.status"
    else:
        source = (
            f"rule u JOIN {here} JOIN {before} JOIN {metric.format('m', 'r', name)}"
            f" JOIN {metric.format('o', 'p', name)} AND o.metric_value <> m.metric_value"
        )
    return f"SELECT u.id, u.group_id, r.id FROM {source} WHERE {asked}"


def run_sql(url: str, world: World, *, is_bare: bool = False) -> tuple[Clock, int]:
    """One statement for each field and condition, then an alert for each hit."""
    stored = world.stored
    places = {"now": stored.snapshot_id, "before": stored.previous_id, "source": stored.source_id}
    with psycopg.connect(url) as connection:
        connection.execute(BARE)
        for column in INDEXED:
            connection.execute(f"CREATE INDEX ON bare_alerts ({column})")
        if not is_bare:
            connection.execute(KEYS)
        clock = Clock(connection.info.backend_pid)
        with clock.running():
            connection.execute(RULE_TABLE, places)
            connection.execute(
                "ANALYZE rule; CREATE TEMP TABLE hit (rule_id uuid, group_id uuid, record_id uuid)"
            )
            for name, word in world.pairs:
                connection.execute(f"INSERT INTO hit {hits_of(name, word)}", places)
            written = connection.execute(WRITE_BARE if is_bare else WRITE, places).rowcount
        connection.rollback()
    return clock, written


@contextmanager
def watched_stages(clock: Clock) -> Iterator[None]:
    """The CPU of the parts of the job; a part counts what it calls."""
    kept = {name: getattr(*place) for name, place in STAGES.items()}
    for name, (module, word) in STAGES.items():
        setattr(module, word, timed(name, kept[name], clock))
    yield
    for name, (module, word) in STAGES.items():
        setattr(module, word, kept[name])


def timed(name: str, work: Callable[..., Any], clock: Clock) -> Callable[..., Any]:
    def add(started: float) -> None:
        clock.stages[name] = clock.stages.get(name, 0.0) + clock.spent() - started

    async def wait(*args: Any, **kwargs: Any) -> Any:
        started = clock.spent()
        found = await work(*args, **kwargs)
        add(started)
        return found

    def call(*args: Any, **kwargs: Any) -> Any:
        started = clock.spent()
        found = work(*args, **kwargs)
        found = list(found) if isinstance(found, Iterator) else found
        add(started)
        return found

    return wait if asyncio.iscoroutinefunction(work) else call


async def run_ours(
    database: Database, stored: StoredSnapshot, now: datetime, *, keep: bool
) -> tuple[Clock, int, int]:
    async with database.write(Scope.client(1)) as session:
        clock = Clock((await driver_connection(session)).info.backend_pid)
        with watched_stages(clock), clock.running():
            outcome = await watch.watch_snapshot(session, stored, now)
        if not keep:
            await session.rollback()
    return clock, len(outcome.opened_ids), outcome.seen_again


def vacuum(url: str) -> None:
    """What a rolled back round left behind is in nobody's way, and the log has files to write into again."""
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("VACUUM watch.watchtower_alerts, watch.alert_events, core.outbox_events")
        connection.execute("CHECKPOINT")


def best(runs: list[Any]) -> Any:
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
    (calm,) = connection.execute(
        "INSERT INTO watch.api_sources (provider, endpoint, display_name) VALUES ('bench', 'quiet', 'Q')"
        " RETURNING id").fetchone()  # fmt: skip
    add_quiet_rules(connection, calm)
    still = add_snapshot(connection, calm, NOW)
    following = add_snapshot(connection, source, NOW + timedelta(hours=1))
    connection.commit()
    connection.autocommit = True
    connection.execute("VACUUM ANALYZE")
    stored = StoredSnapshot(
        1, keys["now"], source, "bench", "campaigns", Completeness.FULL, NOW, frames["now"],
        keys["before"], frames["before"], metric_units=dict.fromkeys(FIELDS, "count"),
    )  # fmt: skip
    later = replace(stored, snapshot_id=following, data_as_of=NOW + timedelta(hours=1))
    quiet = replace(stored, snapshot_id=still, source_id=calm, endpoint="quiet")
    return World(stored, later, quiet, pairs)


async def measure(folder: Path) -> dict[str, object]:
    with open_installation(Settings(data_dir=folder)) as installation:
        installation.prepare()
        database = installation.database()
        with psycopg.connect(installation.admin_url) as connection:
            world = fill(connection)
        rounds: dict[str, list[Any]] = {"sql": [], "bare": [], "ours": [], "again": [], "quiet": []}
        for _ in range(ROUNDS):
            rounds["sql"].append(run_sql(installation.admin_url, world))
            rounds["bare"].append(run_sql(installation.admin_url, world, is_bare=True))
            vacuum(installation.admin_url)
            rounds["ours"].append(await run_ours(database, world.stored, NOW, keep=False))
            rounds["quiet"].append(await run_ours(database, world.quiet, NOW, keep=False))
        vacuum(installation.admin_url)
        await run_ours(database, world.stored, NOW, keep=True)
        for _ in range(ROUNDS):
            vacuum(installation.admin_url)
            rounds["again"].append(await run_ours(database, world.later, LATER, keep=False))
        await database.close()
    return report({word: best(runs) for word, runs in rounds.items()})


def report(found: dict[str, Any]) -> dict[str, object]:
    sql, ours, again = found["sql"][0], found["ours"][0], found["again"][0]
    said: dict[str, object] = {
        "benchmark": "watch_job", "records": RECORDS, "rules": RULES, "hits_sql": found["sql"][1],
        "alerts": found["ours"][1], "seen_again": found["again"][2], "goal": GOAL,
        "ratio": round(ours.wall / sql.wall, 3), "ratio_cpu": round(ours.cpu / sql.cpu, 3),
        "ratio_bare_cpu": round(ours.cpu / found["bare"][0].cpu, 3), "ratio_again_cpu": round(again.cpu / sql.cpu, 3),
        "load": round(os.getloadavg()[0], 1),
    }  # fmt: skip
    for word, (clock, *_) in found.items():
        said[word] = {name: round(getattr(clock, name), 3) for name in ("wall", "cpu", "here", "there")}
        if clock.stages:
            said[f"stages_{word}"] = {name: round(part, 3) for name, part in clock.stages.items()}
    return said


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        print(json.dumps(asyncio.run(measure(Path(folder)))))


if __name__ == "__main__":
    main()
