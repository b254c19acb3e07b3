"""From the start of `belvedere demo` on an empty data directory to its first alert, and what stays in memory.

BENCH_ROUNDS=3 python -m benchmarks.bench_demo
"""

import json
import os
import statistics
import subprocess
import sys
import tempfile

ROUNDS = int(os.environ.get("BENCH_ROUNDS", "3"))


def one() -> dict[str, float]:
    with tempfile.TemporaryDirectory() as folder:
        done = subprocess.run(
            [sys.executable, "-m", "belvedere", "demo", "--once", "--json"],
            env={**os.environ, "BELVEDERE_DATA_DIR": folder}, capture_output=True, text=True, check=True,
        )  # fmt: skip
        return json.loads(done.stdout.strip().splitlines()[-1])


def main() -> None:
    runs = [one() for _ in range(ROUNDS)]
    first = [run["seconds_to_first_alert"] for run in runs]
    print(json.dumps({
        "benchmark": "demo", "rounds": ROUNDS, "goal_seconds": 20, "first_alert_median": statistics.median(first),
        "first_alert_min": min(first), "first_alert_max": max(first), "ratio_to_goal": round(statistics.median(first) / 20, 3),
        "alerts": runs[-1]["alerts"], "deliveries_sent": runs[-1]["deliveries_sent"],
    }))  # fmt: skip


main()
