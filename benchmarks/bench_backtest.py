"""A month of readings every 15 minutes tried against one rule: seconds, beside a bare scan of the same blobs.

BENCH_READINGS=2880 BENCH_RECORDS=1000 python -m benchmarks.bench_backtest
"""

import asyncio
import io
import json
import os
import random
import resource
import tempfile
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import UUID, uuid4

import polars as pl
import psycopg

from belvedere.core.context import Scope
from belvedere.core.database import Database
from belvedere.core.ids import new_id
from belvedere.core.settings import Settings
from belvedere.sources.contracts import Frames
from belvedere.sources.frames import FORMAT, METRIC_SCHEMA, RECORD_SCHEMA, encode
from belvedere.watchtower.backtest import Asked, backtest
from belvedere.watchtower.contracts import Condition, Rule
from belvedere.wiring.installation import Installation, open_installation

READINGS = int(os.environ.get("BENCH_READINGS", "2880"))
RECORDS = int(os.environ.get("BENCH_RECORDS", "1000"))
METRICS = ("open_rate", "click_rate", "revenue", "spend", "roas")
GOAL = 3.0
END = datetime(2026, 11, 20, tzinfo=UTC)
STEP = timedelta(minutes=15)


class Course:
    """Every entity's open rate walks around its own level; a few dip below the limit now and then."""

    def __init__(self) -> None:
        self.chance = random.Random(7)
        self.levels = [self.chance.uniform(18, 45) for _ in range(RECORDS)]
        self.rates = list(self.levels)

    def reading(self, at: datetime) -> tuple[pl.DataFrame, pl.DataFrame]:
        ids = [str(new_id(at)) for _ in range(RECORDS)]
        self.rates = [
            rate + 0.05 * (level - rate) + self.chance.gauss(0, 0.35)
            for rate, level in zip(self.rates, self.levels, strict=True)
        ]
        names = [f"Campaign {number}" for number in range(RECORDS)]
        given = {"id": ids, "external_id": [f"c{number:06}" for number in range(RECORDS)], "name": names,
                 "status": ["sent"] * RECORDS}  # fmt: skip
        nothing = [None] * RECORDS
        records = pl.DataFrame(
            {name: given.get(name, nothing) for name in RECORD_SCHEMA}, schema_overrides=RECORD_SCHEMA
        ).with_columns(extra=pl.lit("{}"))
        values = [
            value for rate in self.rates for value in (rate, rate / 9, rate * 31.7, rate * 7.3, rate / 11)
        ]
        metrics = pl.DataFrame(
            {
                "record_id": [name for name in ids for _ in METRICS],
                "metric_name": METRICS * RECORDS,
                "metric_value": values,
                "metric_unit": ["percent", "percent", "currency", "currency", "ratio"] * RECORDS,
            }
        ).cast(METRIC_SCHEMA)
        return records, metrics


def fill(connection: psycopg.Connection, client: int, source: UUID) -> None:
    course = Course()
    with connection.cursor() as cursor:
        for number in range(READINGS):
            at = END - STEP * (READINGS - 1 - number)
            records, metrics = course.reading(at)
            snapshot = new_id(at)
            cursor.execute(
                "INSERT INTO watch.api_snapshots (id, source_id, client_id, status, data_as_of, completed_at,"
                " evaluated_at, total_records, total_metrics) VALUES (%s, %s, %s, 'completed', %s, %s, %s, %s, %s)",
                [snapshot, source, client, at, at, at, records.height, metrics.height],
            )
            cursor.execute(
                "INSERT INTO watch.snapshot_frames (client_id, snapshot_id, records, metrics, format)"
                " VALUES (%s, %s, %s, %s, %s)",
                [client, snapshot, *encode(Frames(records, metrics)), FORMAT],
            )
    connection.commit()


Cost = tuple[float, float]
"""Seconds of the clock, and of this process on all processors: the second says little of what else runs."""


def scan(connection: psycopg.Connection) -> Cost:
    """Fetch every blob and have polars compare the one column: the least that any answer could take."""
    started, spent = time.perf_counter(), time.process_time()
    with connection.cursor(binary=True) as cursor:
        cursor.execute("SELECT metrics FROM watch.snapshot_frames ORDER BY snapshot_id")
        while rows := cursor.fetchmany(400):
            sources = [io.BytesIO(row[0]) for row in rows]
            frame = (
                pl.scan_ipc(sources)
                .filter(pl.col("metric_name") == "open_rate")
                .select("record", "metric_value")
            )
            frame.filter(pl.col("metric_value") < 15).collect()
    return time.perf_counter() - started, time.process_time() - spent


async def measure(database: Database, rule: Rule, readings: int) -> tuple[Cost, dict]:
    async with database.read(Scope.service()) as session:
        started, spent = time.perf_counter(), time.process_time()
        asked = Asked(END - STEP * (readings - 1), END, sweep=bool(os.environ.get("BENCH_SWEEP")))
        found = await backtest(session, [rule], asked)
        return (time.perf_counter() - started, time.process_time() - spent), found


async def run(installation: Installation) -> dict:
    with psycopg.connect(installation.admin_url) as connection:
        client = connection.execute(
            "INSERT INTO core.clients (name, slug) VALUES ('Bench', 'bench') RETURNING id"
        ).fetchone()[0]
        source = connection.execute(
            "INSERT INTO watch.api_sources (provider, endpoint, display_name) VALUES ('bench', 'campaigns', 'Bench')"
            " RETURNING id"
        ).fetchone()[0]
        fill(connection, client, source)
        connection.autocommit = True
        connection.execute("VACUUM ANALYZE watch.snapshot_frames")
        connection.execute("VACUUM ANALYZE watch.api_snapshots")
        rule = Rule(
            uuid4(), "Low", "open_rate", Condition.LESS_THAN, "15", client_id=client, source_id=source
        )
        database = Database(installation.login_url("api"), installation.login_url("worker"))
        scan(connection)
        growth, cpu = {}, {}
        for readings in (READINGS // 4, READINGS // 2, READINGS):
            times = [await measure(database, rule, readings) for _ in range(3)]
            growth[readings] = round(min(taken for (taken, _), _ in times), 3)
            cpu[readings] = round(min(spent for (_, spent), _ in times), 3)
        scans = [scan(connection) for _ in range(3)]
        bare, bare_cpu = min(taken for taken, _ in scans), min(spent for _, spent in scans)
        await database.close()
    found = times[-1][1]
    return {
        "benchmark": "backtest", "readings": READINGS, "records": RECORDS, "seconds": growth[READINGS],
        "goal_seconds": GOAL, "bare_scan_seconds": round(bare, 3), "ratio_to_bare_scan": round(growth[READINGS] / bare, 2),
        "cpu_seconds": cpu[READINGS], "bare_scan_cpu_seconds": round(bare_cpu, 3),
        "cpu_ratio_to_bare_scan": round(cpu[READINGS] / bare_cpu, 2), "load": round(os.getloadavg()[0], 1),
        "growth": growth, "growth_cpu": cpu, "episodes": found["episodes_total"], "entities": found["readings"]["entities"],
        "peak_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024,
    }  # fmt: skip


def main() -> None:
    with (
        tempfile.TemporaryDirectory() as folder,
        open_installation(Settings(data_dir=Path(folder))) as installation,
    ):
        installation.prepare()
        print(json.dumps(asyncio.run(run(installation))))


if __name__ == "__main__":
    main()
