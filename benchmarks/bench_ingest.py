"""Ingest against bare COPY of ready-made lines into the same tables, in one run: only the ratios count.

    BENCH_ROWS=200000 BENCH_ROUNDS=2 python benchmarks/bench_ingest.py

`BENCH_DATABASE_URL` names a superuser of a server to use; without it an embedded one is started in
`BENCH_DATA_DIR` (default: a temporary folder). Prints one line of JSON.
"""

import asyncio
import json
import os
import random
import tempfile
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import UUID, uuid4

import orjson
import psycopg
from psycopg import sql

import belvedere.sources.jobs  # noqa: F401 - registers the follow-up job
from belvedere.core.context import DbRole, Scope
from belvedere.core.database import Database, as_role, driver_connection
from belvedere.core.embedded import start_embedded
from belvedere.migrations.roles import login_name, login_password
from belvedere.migrations.runner import migrate
from belvedere.sources.contracts import SnapshotType
from belvedere.sources.fetch import map_document
from belvedere.sources.ingest import Reading, store_reading
from belvedere.sources.load import METRICS_COPY, RECORDS_COPY, metric_lines, record_lines
from belvedere.sources.map_rows import MappedFrames
from belvedere.sources.mapping import parse_mapping
from belvedere.sources.snapshot_rows import claim_snapshot, create_snapshot

ROWS = int(os.environ.get("BENCH_ROWS", "200000"))
ROUNDS = int(os.environ.get("BENCH_ROUNDS", "2"))
SECRET = b"belvedere-benchmarks-only-32-byte"
NAME = "belvedere_bench_ingest"
MAPPING = parse_mapping(
    {
        "columns": {
            "external_id": "campaignID",
            "name": "name",
            "status": "status",
            "category": "type",
            "tags": "tags",
            "amount": "revenue",
            "quantity": "sent",
            "record_date": "createdAt",
        },
        "metrics": {
            "open_rate": {"path": "openRate", "unit": "percent"},
            "click_rate": {"path": "clickRate", "unit": "percent"},
            "bounce_rate": {"path": "bounceRate", "unit": "percent"},
            "revenue": {"path": "revenue", "unit": "currency"},
        },
    }
)


def campaigns(count: int, seed: int = 7) -> bytes:
    """Omnisend-like rows with two to four metrics each, three on average, as NDJSON."""
    draw = random.Random(seed)
    start = datetime(2025, 1, 1, tzinfo=UTC)
    lines = []
    for number in range(count):
        sent = int(draw.lognormvariate(8, 1.2))
        row = {
            "campaignID": f"{draw.getrandbits(96):024x}",
            "name": f"Campaign {number} newsletter",
            "status": draw.choice(["sent", "draft", "scheduled", "paused"]),
            "type": draw.choice(["regular", "booster", "abTest"]),
            "sent": sent,
            "openRate": round(draw.betavariate(4, 9) * 100, 4),
            "clickRate": round(draw.betavariate(2, 40) * 100, 4),
            "tags": [f"tag-{draw.randrange(200):03d}" for _ in range(draw.randint(0, 4))],
            "createdAt": (start + timedelta(seconds=draw.randrange(25_000_000))).isoformat(),
            "content": {
                "subject": f"Deal {number % 997} for you",
                "fromName": "Shop",
                "audience": {"segments": [draw.randrange(5000) for _ in range(3)], "size": sent + 200},
                "links": {"unsubscribe": True, "utm": {"source": "omnisend", "campaign": f"c{number}"}},
            },
        }
        if draw.random() < 0.6:
            row["bounceRate"] = round(draw.betavariate(1, 60) * 100, 4)
        if draw.random() < 0.4:
            row["revenue"] = round(draw.lognormvariate(5, 1.5), 2)
        lines.append(orjson.dumps(row))
    return b"\n".join(lines)


class Bench:
    def __init__(self, db: Database, admin: psycopg.Connection, data: bytes) -> None:
        self.db, self.admin, self.data = db, admin, data
        self.source: UUID = admin.execute("SELECT id FROM watch.api_sources LIMIT 1").fetchone()[0]

    def clean(self) -> None:
        self.admin.execute("TRUNCATE watch.api_snapshots CASCADE")
        self.admin.execute("CHECKPOINT")

    def mapped(self) -> MappedFrames:
        return map_document(self.data, "ndjson", MAPPING, {}, datetime.now(UTC))

    async def bare_copy(self) -> float:
        """Lines built before the clock starts, then COPY and commit: what the tables themselves cost."""
        self.clean()
        frames, snapshot_id, now = self.mapped().frames, uuid4(), datetime.now(UTC)
        records = list(record_lines(frames, 1, snapshot_id))
        metrics = list(metric_lines(frames, 1, now))
        self.admin.execute(
            "INSERT INTO watch.api_snapshots (id, source_id, client_id) VALUES (%s, %s, 1)",
            [snapshot_id, self.source],
        )
        begun = time.perf_counter()
        async with self.db.write(Scope.client(1)) as session:
            connection = await driver_connection(session)
            async with as_role(session, DbRole.LOADER):
                for statement, blocks in ((RECORDS_COPY, records), (METRICS_COPY, metrics)):
                    async with connection.cursor() as cursor, cursor.copy(statement) as copy:
                        for block in blocks:
                            await copy.write(block)
        return time.perf_counter() - begun

    async def product(self) -> tuple[float, float]:
        """Seconds to map, and seconds to store a mapped reading with everything that belongs to it."""
        self.clean()
        begun = time.perf_counter()
        mapped = await asyncio.to_thread(self.mapped)
        between = time.perf_counter()
        now = datetime.now(UTC)
        async with self.db.write(Scope.client(1)) as session:
            snapshot_id = await create_snapshot(
                session,
                client_id=1,
                source_id=self.source,
                account_id=None,
                snapshot_type=SnapshotType.MANUAL,
                requested_by="bench",
                now=now,
            )
            claim = await claim_snapshot(session, 1, snapshot_id, now)
        async with self.db.write(Scope.client(1)) as session:
            await store_reading(session, claim, Reading(mapped, now), now, actor="bench")
        return between - begun, time.perf_counter() - between


async def run(admin_url: str) -> dict[str, float]:
    with psycopg.connect(admin_url, autocommit=True) as server:
        server.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(NAME)))
        server.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(NAME)))
    url = admin_url.rsplit("/", 1)[0] + "/" + NAME
    migrate(url, SECRET)
    host = url.split("@", 1)[1]
    logins = {
        kind: f"postgresql://{login_name(NAME, kind)}:{login_password(SECRET, NAME, kind)}@{host}"
        for kind in ("api", "worker")
    }
    db = Database(logins["api"], logins["worker"])
    try:
        with psycopg.connect(url, autocommit=True) as admin:
            admin.execute("INSERT INTO core.clients (id, name, slug) VALUES (1, 'Bench', 'bench')")
            bench = Bench(db, admin, campaigns(ROWS))
            bare, maps, stores = [], [], []
            for _ in range(ROUNDS):
                bare.append(await bench.bare_copy())
                mapping, storing = await bench.product()
                maps.append(mapping)
                stores.append(storing)
            metrics = admin.execute("SELECT count(*) FROM watch.api_record_metrics").fetchone()[0]
    finally:
        await db.close()
        with psycopg.connect(admin_url, autocommit=True) as server:
            server.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(NAME)))
    return {
        "bench": "ingest",
        "records": ROWS,
        "metrics": metrics,
        "bare_copy_seconds": round(min(bare), 3),
        "map_seconds": round(min(maps), 3),
        "store_seconds": round(min(stores), 3),
        "store_to_bare_copy": round(min(bare) / min(stores), 3),
        "end_to_end_to_bare_copy": round(
            min(bare) / min(a + b for a, b in zip(maps, stores, strict=True)), 3
        ),
        "records_per_second": round(ROWS / min(a + b for a, b in zip(maps, stores, strict=True))),
        "load_average": round(os.getloadavg()[0], 2),
    }


def main() -> None:
    given = os.environ.get("BENCH_DATABASE_URL")
    if given:
        print(json.dumps(asyncio.run(run(given))))
        return
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        place = Path(os.environ.get("BENCH_DATA_DIR", folder))
        place.chmod(0o755)
        server = start_embedded(place)
        try:
            print(json.dumps(asyncio.run(run(server.admin_url))))
        finally:
            server.release()


if __name__ == "__main__":
    main()
