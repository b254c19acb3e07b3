"""10,000 notifications by real workers to local receivers, while workers are killed at every fault point and at any
moment, PostgreSQL is killed, and the receivers answer 429, 500, too late, or not at all.

    ./dev bench ten-thousand            RUN_MESSAGES=10000 RUN_SEED=7 RUN_SENDERS=3

Shows how far it is, then prints one line of JSON; ends with 1 when a message was lost, doubled at a receiver that
honours keys, or came twice without saying so at one that knows none.
"""

import asyncio
import json
import logging
import os
import random
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import psycopg
from tests.faults.house import House, open_house
from tests.faults.rough_day import Misfortunes, RoughDay

KEY_HONOURING = ("discord_bot", "webhook")
SHOWN_EVERY_SECONDS = 10.0


class Progress:
    """One line that is written anew on a terminal, and now and then a line elsewhere."""

    def __init__(self, messages: int) -> None:
        self.messages = messages
        self.began = self.shown = time.monotonic()

    def __call__(self, left: int, suffered: Misfortunes) -> None:
        now = time.monotonic()
        is_terminal = sys.stderr.isatty()
        if not is_terminal and now - self.shown < SHOWN_EVERY_SECONDS:
            return
        self.shown = now
        done = self.messages - left
        line = (
            f"{done} of {self.messages} settled in {now - self.began:.0f} s,"
            f" {suffered.sender_kills.total()} workers and {suffered.database_kills} databases killed,"
            f" {suffered.faults.total()} faults"
        )
        sys.stderr.write(f"\r{line} " if is_terminal else f"{line}\n")
        sys.stderr.flush()


async def measure(data_dir: Path, messages: int, seed: int, senders: int) -> dict[str, Any]:
    async with open_house(data_dir) as house:
        day = RoughDay(house, random.Random(seed), senders)
        seconds = await day.run(messages, Progress(messages))
        return describe(house, day, messages, seed, seconds)


def describe(house: House, day: RoughDay, messages: int, seed: int, seconds: float) -> dict[str, Any]:
    with psycopg.connect(house.installation.admin_url) as admin:
        tries = admin.execute("SELECT outcome, count(*) FROM core.delivery_attempts GROUP BY 1").fetchall()
        states = admin.execute("SELECT state, count(*) FROM core.deliveries GROUP BY 1").fetchall()
    kinds = day.report()
    return {
        "run": "ten-thousand",
        "seed": seed,
        "messages": messages,
        "lost": sum(one["lost"] for one in kinds.values()),
        "doubled_where_keys_count": sum(kinds[kind]["doubled"] for kind in KEY_HONOURING),
        "unmarked_copies": sum(one["unmarked"] for kind, one in kinds.items() if kind not in KEY_HONOURING),
        "strangers": sum(one["strangers"] for one in kinds.values()),
        "kinds": kinds,
        "seconds": round(seconds, 1),
        "worker_kills": dict(sorted(day.suffered.sender_kills.items())),
        "worker_kills_in_all": day.suffered.sender_kills.total(),
        "database_kills": day.suffered.database_kills,
        "faults_armed": dict(sorted(day.suffered.faults.items())),
        "faults_in_all": day.suffered.faults.total(),
        "tries": dict(tries),
        "states": dict(states),
    }


def main() -> int:
    messages = int(os.environ.get("RUN_MESSAGES", "10000"))
    seed, senders = int(os.environ.get("RUN_SEED", "7")), int(os.environ.get("RUN_SENDERS", "3"))
    # A worker killed in the middle of a request makes the receiver's server say so, once for each.
    logging.disable(logging.CRITICAL)
    with tempfile.TemporaryDirectory() as folder:
        found = asyncio.run(measure(Path(folder), messages, seed, senders))
    sys.stdout.write(json.dumps(found) + "\n")
    wrong = ("lost", "doubled_where_keys_count", "unmarked_copies", "strangers")
    return 1 if any(found[name] for name in wrong) else 0


if __name__ == "__main__":
    sys.exit(main())
