"""A house with a rule whose messages time alone sets off: repeats, digests, storms. Readings are put in by hand."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import psycopg
from tests.faults.house import House, open_house, stop
from tests.faults.nursery import Child
from tests.watchtower.world import World, campaign

PLACE = {"provider": "faults", "endpoint": "things"}
STORMY = 24
LOW = "11"


@dataclass
class ClockHouse:
    house: House
    world: World
    client: int
    room: str

    async def run(
        self, *jobs: tuple[str, dict[str, Any]], days: float = 0.0, rounds: int = 0, faults: str = ""
    ) -> int:
        """Run jobs in a process whose clock is wrong by `days`; gives how it ended."""
        process = await self.start(*jobs, days=days, rounds=rounds, faults=faults)
        return await asyncio.wait_for(process.wait(), 180)

    async def start(
        self, *jobs: tuple[str, dict[str, Any]], days: float = 0.0, rounds: int = 0, faults: str = ""
    ) -> Child:
        errand = json.dumps({"days": days, "jobs": jobs, "rounds": rounds})
        return await self.house.run("tests.faults.errand", BELVEDERE_FAULTS=faults, ERRAND=errand)

    async def drain(self) -> None:
        worker = await self.house.run_worker()
        try:
            await self.house.until_settled(180)
        finally:
            await stop(worker)

    async def breach(self, entity: str, *, days: float = 0.0, rate: str = LOW) -> None:
        self.world.now = datetime.now(UTC) + timedelta(days=days)
        await self.world.read([campaign(entity, rate, entity)], client=self.client, **PLACE)

    def rule(self, **columns: Any) -> UUID:
        """A critical rule on the readings of this house, said in the client's room and in a daily digest."""
        self.world.now = datetime.now(UTC)
        values: dict[str, Any] = {
            "client_id": self.client, "source_id": self.world.source(**PLACE), "severity": "critical",
            "notify_discord": True, "discord_channel_id": self.room, "notify_schedule": "daily", "notify_zone": "UTC",
            "notify_time": (self.world.now - timedelta(hours=1)).time().replace(second=0, microsecond=0),
            "updated_at": self.world.now, **columns,
        }  # fmt: skip
        return self.world.rule(**values)

    def add_clients(self, count: int) -> list[int]:
        """Clients without a room of their own: a rule for every client speaks for them in its own."""
        rows = self.world.rows(
            "INSERT INTO core.clients (name, slug) SELECT 'Client ' || n, 'client-' || n"
            " FROM generate_series(1, %s) n RETURNING id", count,
        )  # fmt: skip
        return [row["id"] for row in rows]

    async def storm(self, rule: UUID, clients: list[int]) -> None:
        """A reading of each client within the same moment; the world moves its clock by an hour for each."""
        now = datetime.now(UTC)
        for client in clients:
            self.world.now = now - timedelta(hours=1)
            await self.world.read([campaign("stormy", LOW, "Stormy")], client=client, **PLACE)

    def asked(self) -> dict[str, int]:
        """Messages that the program asked for, by kind."""
        rows = self.world.rows("SELECT kind, count(*) AS n FROM core.deliveries GROUP BY kind")
        return {row["kind"]: row["n"] for row in rows}

    def assert_each_arrived_once(self) -> None:
        """Every message that was asked for is at the receiver, once; a repeat may travel with what it repeats."""
        states = {row["state"] for row in self.world.rows("SELECT DISTINCT state FROM core.deliveries")}
        assert states <= {"sent"}, states
        ledger = self.house.discord() or {"keys": 0, "doubled": 0}
        (row,) = self.world.rows(
            "SELECT count(*) AS n FROM core.deliveries WHERE message ->> 'told_with' IS NULL"
        )
        assert (ledger["keys"], ledger["doubled"]) == (row["n"], 0)


@asynccontextmanager
async def open_clock_house(data_dir: Path) -> AsyncIterator[ClockHouse]:
    async with open_house(data_dir) as house:
        with psycopg.connect(house.installation.admin_url, autocommit=True) as admin:
            admin.execute("SET search_path = watch, core, public")
            # Readings come by hand alone; what the sandbox's shops do is another test's.
            admin.execute("UPDATE watch.source_accounts SET is_active = false")
            row = admin.execute(
                "SELECT id, discord_channel_id FROM core.clients WHERE discord_channel_id IS NOT NULL"
            ).fetchone()
            assert row
            yield ClockHouse(house, World(house.runtime.db, admin), *row)
