"""One minute of 200 clients and 10,000 rules: every client gets a new reading, stored, judged and told in one process.

(a) `own`: each client has 50 rules of its own. (b) `shared`: all 10,000 rules are for every client. A reading has 100
records of 4 metrics and goes the way of a file that is handed in: mapped, stored, then judged by the listener. `first` has
no reading before it; `tick` is the one that counts: something opens, recovers and is seen again. Then the jobs of a minute.

BENCH_CLIENTS=200 BENCH_RULES=10000 BENCH_AT_ONCE=2 BENCH_CASES=own,shared python -m benchmarks.bench_tick
"""

import asyncio
import gc
import json
import math
import os
import random
import resource
import tempfile
import time
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from statistics import NormalDist
from uuid import UUID, uuid4

import orjson
import psycopg

from belvedere.core.egress import HttpClient
from belvedere.core.jobs import JobCall, run_now
from belvedere.core.runtime import Runtime
from belvedere.core.settings import Settings
from belvedere.sources.service import ingest_file
from belvedere.wiring.installation import open_installation
from belvedere.wiring.modules import connect_modules
from benchmarks.meters import Meter, load, share

CLIENTS = int(os.environ.get("BENCH_CLIENTS", "200"))
RULES = int(os.environ.get("BENCH_RULES", "10000"))
AT_ONCE = int(os.environ.get("BENCH_AT_ONCE", "2"))
CASES = os.environ.get("BENCH_CASES", "none,own,shared").split(",")
RECORDS = int(os.environ.get("BENCH_RECORDS", "300"))
GOAL, MOVED = 60, 0.1
FIELDS = ("open_rate", "clicks", "spend", "revenue")
JOBS = (
    "watchtower.tick",
    "watchtower.send_digests",
    "watchtower.sweep_unjudged",
    "sources.sync_targets",
    "sources.sweep",
)
TABLES = ("watch.api_records", "watch.api_record_metrics", "watch.watchtower_alerts", "watch.alert_events",
          "watch.rule_evaluations", "watch.evaluation_runs", "watch.rule_states", "core.deliveries", "core.outbox_events")  # fmt: skip
MAPPING = {
    "name": "tick",
    "columns": {"external_id": "id", "name": "name", "status": "status", "tags": "tags"},
    "metrics": {name: {"path": name, "unit": "count"} for name in FIELDS},
}


@dataclass
class Clock:
    at: datetime = field(default_factory=lambda: datetime.now(UTC))

    def __call__(self) -> datetime:
        return self.at


def at(share: float) -> str:
    """The value that this share of the values of a metric stays below."""
    return f"{math.exp(3 + 0.8 * NormalDist().inv_cdf(share)):.6f}"


def conditions(number: int, chance: random.Random) -> list[tuple[str, str, str]]:
    """Field, condition and limit of one rule, or of the two rows of a pair joined by AND. Limits stand anywhere from the
    edge of the values to far outside, so that about one rule in forty finds something.
    """
    name, tail, draw = FIELDS[number % 4], 10 ** -chance.uniform(3.3, 8), chance.random()
    failed, tag = f"failed-{chance.randrange(2000)}", f"tag-{chance.randrange(10_000)}"
    for until, condition in (
        (0.35, (name, "greater_than", at(1 - tail))),
        (0.60, (name, "less_than", at(tail))),
        (0.70, ("status", "equals", failed)),
        (0.80, ("tags", "contains", tag)),
        (0.85, ("status", "changed", failed)),
        (0.90, (name, "percent_change", f"-{99.9 + chance.random() / 10:.3f}")),
    ):
        if draw < until:
            return [condition]
    other = FIELDS[(number + 1) % 4]
    return [(name, "greater_than", at(0.95 + 0.05 * draw / 2)), (other, "less_than", at(0.05 * tail**0.1))]


def rule_rows(source: UUID, owners: list[int], chance: random.Random) -> list[tuple[object, ...]]:
    rows: list[tuple[object, ...]] = []
    for number, owner in enumerate(owners):
        joined = conditions(number, chance)
        group = uuid4() if len(joined) > 1 else None
        patient, mailed = 3 if chance.random() < 0.1 else 1, chance.random() < 0.2
        severity = ["critical", "warning", "info"][number % 3]
        for place, (name, word, limit) in enumerate(joined):
            rows.append(
                (
                    uuid4(),
                    owner,
                    source,
                    f"Rule {number}",
                    name,
                    word,
                    limit,
                    patient,
                    mailed,
                    severity,
                    group,
                    place,
                )
            )
    return rows


def fill(admin: psycopg.Connection, case: str) -> None:
    admin.execute(
        "INSERT INTO core.clients (id, name, slug, email_recipients) SELECT n, 'Client ' || n, 'client-' || n,"
        " ARRAY['team@client.example'] FROM generate_series(1, %s) n", [CLIENTS],
    )  # fmt: skip
    row = admin.execute(
        "INSERT INTO watch.api_sources (provider, endpoint, display_name) VALUES ('bench', %s, 'Bench') RETURNING id",
        [case],
    ).fetchone()
    assert row is not None
    count = RULES if case != "none" else 0
    owners = [number % CLIENTS + 1 if case == "own" else 0 for number in range(count)]
    columns = (
        "id, client_id, source_id, name, field_name, condition, threshold_value, for_readings, notify_email, severity,"
        " group_id, position"
    )
    with admin.cursor().copy(f"COPY watch.watchtower_rules ({columns}) FROM STDIN") as out:
        for line in rule_rows(row[0], owners, random.Random(7)):
            out.write_row(line)
    admin.execute("VACUUM ANALYZE")


def draw_record(number: int, chance: random.Random) -> dict[str, object]:
    return {
        "id": f"c{number}",
        "name": f"Campaign {number}",
        "status": f"failed-{chance.randrange(20_000)}",
        "tags": [f"tag-{chance.randrange(100_000)}"],
        **{name: round(chance.lognormvariate(3, 0.8), 6) for name in FIELDS},
    }


def draw_readings(chance: random.Random) -> tuple[list[bytes], list[bytes]]:
    """Every client's first reading, and the one after it, in which one record in ten is another."""
    first = [[draw_record(number, chance) for number in range(RECORDS)] for _ in range(CLIENTS)]
    later = [
        [draw_record(number, chance) if chance.random() < MOVED else row for number, row in enumerate(rows)]
        for rows in first
    ]
    return [orjson.dumps(rows) for rows in first], [orjson.dumps(rows) for rows in later]


def count_rows(admin: psycopg.Connection) -> dict[str, int]:
    found = {}
    for table in TABLES:
        row = admin.execute(f"SELECT count(*) FROM {table}").fetchone()
        assert row is not None
        found[table] = int(row[0])
    return found


def peak_mb() -> int:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024


async def read_all(runtime: Runtime, case: str, documents: list[bytes], meter: Meter) -> dict[str, object]:
    """Every client's reading, `AT_ONCE` of them under way at a time."""
    seconds: list[float] = []
    free = asyncio.Semaphore(AT_ONCE)

    async def read(client: int, data: bytes) -> None:
        async with free:
            started = time.perf_counter()
            await ingest_file(
                runtime, client_id=client, provider="bench", endpoint=case, data=data, mapping=MAPPING, actor="bench",
                file_name="rows.json",
            )  # fmt: skip
            seconds.append(time.perf_counter() - started)

    gc.collect()
    meter.read()
    await asyncio.gather(*(read(number + 1, data) for number, data in enumerate(documents)))
    spent = meter.read()
    return {
        "seconds": round(spent.wall, 1), "goal": GOAL, "own_cpu": round(spent.own, 1), "database_cpu": round(spent.database, 1),
        "ms_per_client": round(spent.wall * 1000 / len(documents), 1), "p95_ms": round(share(seconds, 0.95) * 1000, 1),
        "peak_mb": peak_mb(),
    }  # fmt: skip


async def run_jobs(runtime: Runtime, meter: Meter) -> dict[str, object]:
    found = {}
    for name in JOBS:
        meter.read()
        await run_now(runtime, name, JobCall(name, client_id=None, actor="bench"))
        spent = meter.read()
        found[name] = {
            "seconds": round(spent.wall, 2),
            "own_cpu": round(spent.own, 2),
            "database_cpu": round(spent.database, 2),
        }
    return found


async def measure(
    runtime: Runtime, admin: psycopg.Connection, clock: Clock, meter: Meter, case: str
) -> dict[str, object]:
    fill(admin, case)
    chance = random.Random(11)
    found: dict[str, object] = {"load": load()}
    before = count_rows(admin)
    for step, documents in zip(("first", "tick"), draw_readings(chance), strict=True):
        clock.at += timedelta(minutes=30)
        found[step] = await read_all(runtime, case, documents, meter)
        after = count_rows(admin)
        found[step]["rows"] = {
            table: after[table] - before[table] for table in TABLES if after[table] != before[table]
        }
        before = after
        print(case, step, json.dumps(found[step]), flush=True)
    found["jobs"] = await run_jobs(runtime, meter)
    print(case, "jobs", json.dumps(found["jobs"]), flush=True)
    return found


async def run_case(settings: Settings, case: str) -> dict[str, object]:
    with open_installation(settings) as installation:
        installation.migrate()
        database, http, clock = installation.database(), HttpClient(settings), Clock()
        with psycopg.connect(installation.admin_url, autocommit=True) as admin:
            row = admin.execute("SHOW data_directory").fetchone()
            assert row is not None
            runtime = Runtime(settings, database, http=http, clock=clock)
            found = await measure(runtime, admin, clock, Meter(Path(row[0])), case)
        await http.aclose()
        await database.close()
        return found


def main() -> None:
    connect_modules()
    found = {}
    for case in CASES:
        with tempfile.TemporaryDirectory() as folder:
            found[case] = asyncio.run(run_case(Settings(data_dir=Path(folder), log_level="ERROR"), case))
    sizes = {"clients": CLIENTS, "rules": RULES, "at_once": AT_ONCE, "goal_seconds": GOAL}
    print(json.dumps({"benchmark": "tick", **sizes, **found}))


if __name__ == "__main__":
    main()
