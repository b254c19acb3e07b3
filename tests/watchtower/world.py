"""A small world: a source with readings of one client, judged as the product judges them."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import psycopg
from psycopg.rows import dict_row
from tests.watchtower.frames import make_frames
from tests.watchtower.oracle import Entity

from belvedere.core.context import Scope
from belvedere.core.database import Database
from belvedere.core.ids import new_id
from belvedere.sources.contracts import Completeness, Frames, StoredSnapshot
from belvedere.watchtower.service import WatchOutcome, watch_snapshot

NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)


@dataclass
class World:
    """Time moves by hours; `ingest` stores a reading and gives it, `judge` judges it."""

    db: Database
    admin: psycopg.Connection
    sources: dict[str, UUID] = field(default_factory=dict)
    now: datetime = NOON
    full: dict[tuple[int, UUID], tuple[UUID, Frames]] = field(default_factory=dict)

    def source(self, provider: str = "omnisend", endpoint: str = "campaigns") -> UUID:
        found = self.admin.execute(
            "INSERT INTO api_sources (provider, endpoint, display_name) VALUES (%s, %s, %s)"
            " ON CONFLICT (provider, endpoint) DO UPDATE SET provider = EXCLUDED.provider RETURNING id",
            [provider, endpoint, f"{provider} {endpoint}"],
        ).fetchone()
        assert found
        return found[0]

    def ingest(
        self,
        entities: Sequence[Entity],
        *,
        client: int = 1,
        provider: str = "omnisend",
        endpoint: str = "campaigns",
        completeness: Completeness = Completeness.FULL,
        as_of: datetime | None = None,
    ) -> StoredSnapshot:
        """Store a completed reading, one hour after the last."""
        self.now += timedelta(hours=1)
        source = self.source(provider, endpoint)
        snapshot_id = new_id(self.now)
        self.admin.execute(
            "INSERT INTO api_snapshots (id, source_id, client_id, status, completeness, data_as_of,"
            " completed_at, total_records) VALUES (%s, %s, %s, 'completed', %s, %s, %s, %s)",
            [snapshot_id, source, client, completeness.value, as_of or self.now, self.now, len(entities)],
        )
        frames = make_frames(entities, start=int(self.now.timestamp()))
        previous_id, previous = self.full.get((client, source), (None, None))
        if completeness is Completeness.FULL:
            self.full[client, source] = (snapshot_id, frames)
        return StoredSnapshot(
            client, snapshot_id, source, provider, endpoint, completeness, as_of or self.now, frames,
            previous_id, previous,
        )  # fmt: skip

    async def judge(self, stored: StoredSnapshot) -> WatchOutcome:
        async with self.db.write(Scope.client(stored.client_id)) as session:
            return await watch_snapshot(session, stored, self.now, base_url="http://belvedere.test")

    async def read(self, entities: Sequence[Entity], **more: Any) -> WatchOutcome:
        return await self.judge(self.ingest(entities, **more))

    def rule(self, **columns: Any) -> UUID:
        """Put a rule straight into the table."""
        values = {
            "id": uuid4(), "client_id": 1, "name": "Low open rate", "field_name": "open_rate",
            "condition": "less_than", "threshold_value": "15", "created_at": self.now, **columns,
        }  # fmt: skip
        names = ", ".join(values)
        marks = ", ".join(["%s"] * len(values))
        self.admin.execute(f"INSERT INTO watchtower_rules ({names}) VALUES ({marks})", list(values.values()))
        return values["id"]

    def rows(self, query: str, *parameters: Any) -> list[dict[str, Any]]:
        with self.admin.cursor(row_factory=dict_row) as cursor:
            return cursor.execute(query, parameters).fetchall()

    def alerts(self, state: str | None = None) -> list[dict[str, Any]]:
        found = self.rows("SELECT * FROM watchtower_alerts ORDER BY number")
        return [row for row in found if state is None or row["state"] == state]

    def deliveries(self) -> list[tuple[str, str, str]]:
        found = self.rows(
            "SELECT kind, channel, destination FROM core.deliveries ORDER BY created_at, kind, channel"
        )
        return [(row["kind"], row["channel"], row["destination"]) for row in found]


def campaign(
    external_id: str = "advent", rate: str | None = "20", name: str = "Advent preview", **columns: Any
) -> Entity:
    from decimal import Decimal

    metrics = {} if rate is None else {"open_rate": Decimal(rate)}
    return Entity(external_id, {"name": name, **columns}, metrics)
