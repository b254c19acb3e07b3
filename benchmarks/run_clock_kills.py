"""A scheduler killed again and again at the points of ticks, digests and storms, then the ledger of the receiver.

    python -m benchmarks.run_clock_kills            RUN_KILLS=60 RUN_SEED=7

Each kill is at a point drawn at random, at its first hit; the same job then runs again in a fresh process. Prints one
line of JSON; ends with 1 when a message was lost or doubled.
"""

import asyncio
import json
import os
import random
import signal
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path
from typing import Any

from tests.faults.clock_house import STORMY, ClockHouse, open_clock_house

from belvedere.core.faults import CLOCK_POINTS

JOBS = {
    "tick": "watchtower.tick",
    "digest": "watchtower.send_digests",
    "storm": "watchtower.gather_storm",
}
KINDS = {"tick": "again", "digest": "digest", "storm": "storm"}
CLOSE = (
    "UPDATE watchtower_alerts SET state = 'resolved', resolved_at = now(), resolved_reason = 'by_person'"
    " WHERE rule_id = %s AND state = 'open'"
)
ROOM = "1180000000000000102"


async def kill_once(clocks: ClockHouse, point: str, days: float, clients: list[int]) -> bool:
    """One kill and one run to make up for it; gives whether the process died of the kill."""
    word = point.partition(".")[0]
    arguments: dict[str, str] = {}
    if word == "storm":
        rule = clocks.rule(client_id=0, discord_channel_id=ROOM, notify_schedule=None)
        await clocks.storm(rule, clients)
        arguments = {"rule_id": str(rule)}
        days = 0.0
    job = (JOBS[word], arguments)
    died = await clocks.run(job, days=days, faults=f"{point}=kill") == -signal.SIGKILL
    await clocks.run(job, days=days)
    if word == "storm":
        # Alerts of a storm that nobody takes are told one by one later on, which is another matter than this.
        clocks.world.admin.execute(CLOSE, [rule])
        clocks.world.admin.execute("UPDATE watchtower_rules SET is_active = false WHERE id = %s", [rule])
    await clocks.drain()
    return died


async def measure(folder: Path, kills: int, seed: int) -> dict[str, Any]:
    chance = random.Random(seed)
    wanted: Counter[str] = Counter(opened=1)
    died = 0
    began = time.monotonic()
    async with open_clock_house(folder) as clocks:
        clocks.rule()
        await clocks.breach("advent")
        await clocks.drain()
        clients = clocks.add_clients(STORMY)
        for number in range(kills):
            point = chance.choice(CLOCK_POINTS)
            # A day on for each kill: there is always a repeat and a digest that is due.
            died += await kill_once(clocks, point, number + 1.1, clients)
            wanted[KINDS[point.partition(".")[0]]] += 1
        asked, ledger = clocks.asked(), clocks.house.discord()
    lost = sum((wanted - Counter(asked)).values())
    more = sum((Counter(asked) - wanted).values())
    return {
        "kills": died, "messages": sum(asked.values()), "accepted": ledger["keys"], "asked": asked,
        "lost": lost + max(0, sum(asked.values()) - ledger["keys"]), "doubled": ledger["doubled"] + more,
        "seed": seed, "seconds": round(time.monotonic() - began, 1),
    }  # fmt: skip


def main() -> int:
    kills, seed = int(os.environ.get("RUN_KILLS", "60")), int(os.environ.get("RUN_SEED", "7"))
    with tempfile.TemporaryDirectory() as folder:
        found = asyncio.run(measure(Path(folder), kills, seed))
    sys.stdout.write(json.dumps(found) + "\n")
    return int(bool(found["lost"] or found["doubled"] or found["kills"] != kills))


if __name__ == "__main__":
    sys.exit(main())
