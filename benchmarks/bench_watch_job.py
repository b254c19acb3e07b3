"""The whole job of watching: a stored snapshot in hand to alerts written, against set-based SQL on the same tables.

BENCH_RECORDS=100000 BENCH_RULES=100 python -m benchmarks.bench_watch_job

The SQL writes hits and one bare row for each, with one statement for each field and condition: the least that a
database can do on these tables. Ours finds the same hits, and writes alerts with words, reasons, first steps and
events. `quiet` is the next reading of the same values: every alert is seen again.
"""

import asyncio
import json
import os
import random
import tempfile
import time
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from uuid import UUID

import psycopg

from belvedere.core.context import Scope
from belvedere.core.database import Database
from belvedere.core.settings import Settings
from belvedere.sources.contracts import Completeness, StoredSnapshot
from belvedere.sources.stored import rebuild_frames
from belvedere.watchtower.service import watch_snapshot
from belvedere.wiring.installation import open_installation

RECORDS = int(os.environ.get("BENCH_RECORDS", "100000"))
RULES = int(os.environ.get("BENCH_RULES", "100"))
HITS = int(os.environ.get("BENCH_HITS", "100"))
FIELDS = ("open_rate", "clicks", "spend", "revenue")
GOAL = 0.3
SIGNS = {"less_than": "<", "greater_than": ">"}
NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)


def fill(connection: psycopg.Connection, source: UUID) -> tuple[UUID, dict[str, list[int]]]:
    """One completed reading; every value lies at a random place of a known order, so that hits are countable."""
    chance = random.Random(7)
    values = {name: chance.sample(range(RECORDS * 10), RECORDS) for name in FIELDS}
    (snapshot,) = connection.execute(
        "INSERT INTO watch.api_snapshots (source_id, client_id, status, completeness, data_as_of, completed_at,"
        " total_records) VALUES (%s, 1, 'completed', 'full', %s, %s, %s) RETURNING id", [source, NOW, NOW, RECORDS],
    ).fetchone()  # fmt: skip
    connection.execute(
        "INSERT INTO watch.api_records (client_id, snapshot_id, external_id, name, status)"
        " SELECT 1, %s, 'c' || n, 'Campaign ' || n, 'sent' FROM generate_series(1, %s) n", [snapshot, RECORDS],
    )  # fmt: skip
    ids = [row[0] for row in connection.execute(
        "SELECT id FROM watch.api_records WHERE snapshot_id = %s", [snapshot]).fetchall()]  # fmt: skip
    with connection.cursor().copy(
        "COPY watch.api_record_metrics (client_id, record_id, metric_name, metric_value) FROM STDIN"
    ) as out:
        for name in FIELDS:
            for record, value in zip(ids, values[name], strict=True):
                out.write_row((1, record, name, Decimal(value) / 10))
    connection.commit()
    connection.autocommit = True
    connection.execute("VACUUM ANALYZE watch.api_records")
    connection.execute("VACUUM ANALYZE watch.api_record_metrics")
    return snapshot, values


def add_rules(connection: psycopg.Connection, source: UUID, values: dict[str, list[int]]) -> None:
    for number in range(RULES):
        name = FIELDS[number % len(FIELDS)]
        word = "less_than" if number % 2 else "greater_than"
        ordered = sorted(values[name])
        place = HITS if word == "less_than" else RECORDS - HITS - 1
        connection.execute(
            "INSERT INTO watch.watchtower_rules (client_id, source_id, name, field_name, condition, threshold_value)"
            " VALUES (1, %s, %s, %s, %s, %s)",
            [source, f"Rule {number}", name, word, str(Decimal(ordered[place]) / 10)],
        )


def run_sql(connection: psycopg.Connection, snapshot: UUID) -> tuple[float, int]:
    """Hits of all rules by one statement for each field and condition, written into a bare table."""
    connection.execute(
        "CREATE TEMP TABLE hit (rule_id uuid, snapshot_id uuid, record_id uuid, message text, severity text)"
    )
    started = time.perf_counter()
    for name in FIELDS:
        for word, sign in SIGNS.items():
            connection.execute(
                "INSERT INTO hit SELECT u.id, r.snapshot_id, r.id, 'm', 'warning' FROM watch.watchtower_rules u"
                " JOIN watch.api_record_metrics m ON m.metric_name = u.field_name"
                f" AND m.metric_value {sign} CAST(u.threshold_value AS numeric)"
                " JOIN watch.api_records r ON r.client_id = m.client_id AND r.id = m.record_id AND r.snapshot_id = %s"
                " WHERE u.field_name = %s AND u.condition = %s", [snapshot, name, word],
            )  # fmt: skip
    seconds = time.perf_counter() - started
    return seconds, connection.execute("SELECT count(*) FROM hit").fetchone()[0]


async def run_ours(database: Database, stored: StoredSnapshot, now: datetime) -> tuple[float, int, int]:
    started = time.perf_counter()
    async with database.write(Scope.client(1)) as session:
        outcome = await watch_snapshot(session, stored, now)
    return time.perf_counter() - started, len(outcome.opened), outcome.seen_again


async def measure(folder: Path) -> dict[str, object]:
    with open_installation(Settings(data_dir=folder)) as installation:
        installation.prepare()
        database = installation.database()
        with psycopg.connect(installation.admin_url) as connection:
            connection.execute(
                "INSERT INTO core.clients (id, name, slug) VALUES (1, 'One', 'one') ON CONFLICT DO NOTHING"
            )
            (source,) = connection.execute(
                "INSERT INTO watch.api_sources (provider, endpoint, display_name) VALUES ('bench', 'campaigns', 'B')"
                " RETURNING id").fetchone()  # fmt: skip
            snapshot, values = fill(connection, source)
            add_rules(connection, source, values)
            async with database.read(Scope.client(1)) as session:
                frames = await rebuild_frames(session, 1, snapshot)
            stored = StoredSnapshot(1, snapshot, source, "bench", "campaigns", Completeness.FULL, NOW, frames)
            by_sql, hits = run_sql(connection, snapshot)
            ours, opened, _ = await run_ours(database, stored, NOW)
            (following,) = connection.execute(
                "INSERT INTO watch.api_snapshots (source_id, client_id, status, completeness, data_as_of, completed_at,"
                " total_records) VALUES (%s, 1, 'completed', 'full', %s, %s, %s) RETURNING id",
                [source, NOW + timedelta(hours=1), NOW, RECORDS]).fetchone()  # fmt: skip
            later = replace(stored, snapshot_id=following, data_as_of=NOW + timedelta(hours=1))
            again, _, seen = await run_ours(database, later, NOW + timedelta(hours=1))
            await database.close()
            return {
                "benchmark": "watch_job", "records": RECORDS, "rules": RULES, "hits_sql": hits, "opened": opened,
                "seen_again": seen, "sql_seconds": round(by_sql, 3), "ours_seconds": round(ours, 3),
                "again_seconds": round(again, 3), "ratio": round(ours / by_sql, 3),
                "ratio_again": round(again / by_sql, 3), "goal": GOAL,
                "microseconds_per_alert": round(1e6 * ours / max(1, opened)),
            }  # fmt: skip


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        print(json.dumps(asyncio.run(measure(Path(folder)))))


if __name__ == "__main__":
    main()
