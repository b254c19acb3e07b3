"""From the commit of a snapshot to the message that Discord accepted, one new breach at a time, a worker running.

BENCH_TRIALS=30 python -m benchmarks.bench_latency
"""

import asyncio
import json
import os
import statistics
import tempfile
from pathlib import Path

import psycopg
from tests.faults.house import open_house, stop

TRIALS = int(os.environ.get("BENCH_TRIALS", "20"))
GOAL = 0.3
MEASURED = (
    "SELECT extract(epoch FROM d.sent_at - s.completed_at)::float8 FROM core.deliveries d"
    " JOIN watch.watchtower_alerts a ON a.client_id = d.client_id AND a.id = d.subject_id"
    " JOIN watch.api_snapshots s ON s.client_id = a.client_id AND s.id = a.snapshot_id"
    " WHERE d.state = 'sent' ORDER BY d.sent_at"
)


async def measure(data_dir: Path) -> list[float]:
    async with open_house(data_dir) as house:
        worker = await house.run_worker()
        try:
            for number in range(TRIALS):
                await house.breach(number % 20)
                await house.until_settled()
                await asyncio.sleep(1.3)  # a Discord channel takes one message in 1.25 s for long
        finally:
            await stop(worker)
        with psycopg.connect(house.installation.admin_url) as connection:
            return [row[0] for row in connection.execute(MEASURED).fetchall()]


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        times = sorted(asyncio.run(measure(Path(folder))))
    p50 = statistics.median(times)
    print(json.dumps({
        "benchmark": "latency", "trials": len(times), "goal_seconds": GOAL, "p50": round(p50, 3),
        "p99": round(times[min(len(times) - 1, int(len(times) * 0.99))], 3), "max": round(times[-1], 3),
        "ratio_to_goal": round(p50 / GOAL, 3),
    }))  # fmt: skip


main()
