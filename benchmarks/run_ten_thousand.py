"""10,000 notifications through real sender processes to a Discord that honours keys, while senders and the web are
killed at random and the receiver answers 429, 500, or not at all.

    python -m benchmarks.run_ten_thousand            RUN_MESSAGES=10000 RUN_SEED=7 RUN_SENDERS=2

Prints one line of JSON; ends with 1 when a message was lost or doubled.
"""

import asyncio
import json
import logging
import os
import random
import signal
import sys
import tempfile
import time
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import uuid4

import psycopg
from tests.faults.house import House, open_house

from belvedere.core.context import Scope
from belvedere.notify import service
from belvedere.notify.contracts import DeliveryRequest, Destination, Member, Message, MessageKind
from belvedere.sandbox.chat import Channel
from belvedere.sandbox.faults import Fault, Mode, Target

CHANNELS = 120
GROWN_SECONDS = 12.0
"""A sender is left this long: killed while it starts it has sent nothing, and that proves nothing."""

MOST_FAULTS = 4
GROUP_EVERY = 10
GROUP_SIZE = 5
UNSETTLED = "SELECT count(*) FROM core.deliveries WHERE state IN ('ready', 'sending')"
HURRY = (
    "UPDATE core.deliveries SET next_at = now() WHERE state = 'ready' AND next_at > now() + interval '2 s'"
)


@dataclass
class Run:
    """What happens to the processes while messages go out."""

    house: House
    chance: random.Random
    senders: int
    alive: list[asyncio.subprocess.Process] = field(default_factory=list)
    born: dict[int, float] = field(default_factory=dict)
    web: asyncio.subprocess.Process | None = None
    kills: int = 0
    web_kills: int = 0
    faults: int = 0

    async def keep_alive(self) -> None:
        self.alive = [process for process in self.alive if process.returncode is None]
        while len(self.alive) < self.senders:
            process = await self.house.run_worker()
            self.alive.append(process)
            self.born[process.pid] = time.monotonic()
        if self.web is None or self.web.returncode is not None:
            self.web = await self.house.run_web()
            self.born[self.web.pid] = time.monotonic()

    async def disturb(self, *, is_near_end: bool) -> None:
        """One misfortune: a sender killed, the web killed, or the receiver in a bad mood.

        The last few would meet every fault that is left; near the end the receiver is well again.
        """
        plan = self.house.sandbox.sandbox.faults
        if is_near_end:
            plan.clear()
        choice = self.chance.random()
        grown = [
            process for process in self.alive if time.monotonic() - self.born[process.pid] > GROWN_SECONDS
        ]
        if choice < 0.2 and grown:
            process = self.chance.choice(grown)
            process.send_signal(signal.SIGKILL)
            await process.wait()
            self.kills += 1
        elif (
            choice < 0.25
            and self.web is not None
            and time.monotonic() - self.born[self.web.pid] > GROWN_SECONDS
        ):
            self.web.send_signal(signal.SIGKILL)
            await self.web.wait()
            self.web_kills += 1
        elif not is_near_end and len(plan.faults) < MOST_FAULTS:
            mode = self.chance.choice(
                [Mode.RATE_LIMITED, Mode.SERVER_ERROR, Mode.TIMEOUT, Mode.ACCEPT_THEN_TIMEOUT]
            )
            times = self.chance.randint(1, 6)
            fault = Fault(Target.DISCORD, mode, times=times, seconds=0.3, retry_after=0.2)
            plan.arm(fault)
            self.faults += times

    async def stop(self) -> None:
        for process in [*self.alive, *([self.web] if self.web else [])]:
            if process.returncode is None:
                process.kill()
            await process.wait()


def open_channels(house: House) -> list[str]:
    """More rooms at the receiver: one takes about one message a second for long."""
    chat = house.sandbox.sandbox.chat
    model = next(iter(chat.channels.values()))
    made = []
    for number in range(CHANNELS):
        identity = str(1_180_000_000_000_100_000 + number)
        chat.channels[identity] = Channel(
            **{**vars_of(model), "id": identity, "name": f"room-{number}", "messages": []}
        )
        made.append(identity)
    return made


def vars_of(channel: Channel) -> dict[str, Any]:
    return {name: getattr(channel, name) for name in channel.__dataclass_fields__}


def request_of(number: int, room: str, client_id: int) -> tuple[DeliveryRequest, int]:
    """Every tenth tells of several things at once."""
    members: tuple[Member, ...] = ()
    if number % GROUP_EVERY == 0:
        members = tuple(Member(uuid4(), f"Thing {number}-{part}") for part in range(GROUP_SIZE))
    message = Message(f"Notification {number}", "Said once, heard once.", "warning", "Run")
    kind = "alert_group" if members else "alert"
    made = DeliveryRequest(
        client_id, kind, uuid4(), MessageKind.OPENED, Destination.discord(room), message, members=members
    )
    return made, max(1, len(members))


async def ask(house: House, rooms: list[str], messages: int, client_id: int) -> int:
    """In transactions of 50, as evaluations do it. Returns how many things they tell of."""
    things = 0
    for start in range(0, messages, 50):
        pairs = [
            request_of(number, rooms[number % len(rooms)], client_id)
            for number in range(start, min(start + 50, messages))
        ]
        async with house.runtime.db.write(Scope.client(client_id)) as session:
            await service.request_deliveries(session, [one for one, _ in pairs], datetime.now(UTC))
        things += sum(count for _, count in pairs)
    return things


async def measure(data_dir: Path, messages: int, seed: int, senders: int) -> dict[str, Any]:
    async with open_house(data_dir) as house:
        with psycopg.connect(house.installation.admin_url, autocommit=True) as admin:
            # A lease that a busy machine can keep; what a killed sender held comes back after it.
            house.environment["BELVEDERE_DELIVERY_LEASE_SECONDS"] = "10"
            client_id = admin.execute("SELECT min(id) FROM core.clients WHERE id > 0").fetchone()[0]
            run = Run(house, random.Random(seed), senders)
            began = time.monotonic()
            try:
                await run.keep_alive()
                things = await ask(house, open_channels(house), messages, client_id)
                while left := admin.execute(UNSETTLED).fetchone()[0]:
                    sys.stderr.write(f"\r{left} left, {run.kills + run.web_kills} kills ")
                    await asyncio.sleep(run.chance.uniform(0.5, 2.5))
                    await run.disturb(is_near_end=left < max(10, messages // 50))
                    await run.keep_alive()
                    # A backoff of an hour proves nothing more than one of two seconds.
                    admin.execute(HURRY)
            finally:
                await run.stop()
            return report(house, admin, run, messages, things, time.monotonic() - began)


def report(house: House, admin: Any, run: Run, messages: int, things: int, seconds: float) -> dict[str, Any]:
    wanted = {
        row[0]
        for row in admin.execute("SELECT idem_key FROM core.deliveries WHERE subject_type LIKE 'alert%'")
    }
    taken: dict[str, int] = {}
    for entry in house.sandbox.sandbox.ledger.of_kind("discord.message"):
        taken[str(entry.key)] = taken.get(str(entry.key), 0) + 1
    outcomes = dict(
        admin.execute("SELECT outcome, count(*) FROM core.delivery_attempts GROUP BY 1").fetchall()
    )
    told = admin.execute(
        "SELECT count(*) FROM core.delivery_members WHERE subject_type = 'alert'"
    ).fetchone()[0]
    return {
        "run": "ten-thousand",
        "messages": messages,
        "things": things,
        "lost": len(wanted - set(taken)) + messages - len(wanted) + things - told,
        "doubled": sum(count - 1 for count in taken.values()),
        "strangers": len(set(taken) - wanted),
        "seconds": round(seconds, 1),
        "sender_kills": run.kills,
        "web_kills": run.web_kills,
        "faults_armed": run.faults,
        "attempts": outcomes,
    }


def main() -> int:
    messages = int(os.environ.get("RUN_MESSAGES", "10000"))
    seed, senders = int(os.environ.get("RUN_SEED", "7")), int(os.environ.get("RUN_SENDERS", "2"))
    # A sender killed in the middle of a request makes the receiver's server say so, once for each.
    logging.disable(logging.CRITICAL)
    with tempfile.TemporaryDirectory() as folder:
        found = asyncio.run(measure(Path(folder), messages, seed, senders))
    sys.stdout.write(json.dumps(found) + "\n")
    return 1 if found["lost"] or found["doubled"] or found["strangers"] else 0


if __name__ == "__main__":
    sys.exit(main())
