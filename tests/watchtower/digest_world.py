"""Rules with a digest, alerts as rows, and a clock that digests are made by."""

from dataclasses import dataclass, field
from datetime import UTC, datetime, time, timedelta
from typing import Any
from uuid import UUID, uuid4

from tests.watchtower.world import World

from belvedere.core.ids import new_id
from belvedere.core.runtime import Runtime
from belvedere.watchtower.digests import Made, send_due

MONDAY_NINE = datetime(2026, 11, 16, 9, tzinfo=UTC)
"""A Monday, in UTC."""


@dataclass
class DigestWorld:
    """`at` moves the clock and makes what is due; `alert` puts an alert straight into the table."""

    world: World
    runtime: Runtime
    snapshots: dict[int, UUID] = field(default_factory=dict)

    def rule(self, **columns: Any) -> UUID:
        made = columns.pop("made", datetime(2026, 1, 1, tzinfo=UTC))
        values = {
            "notify_immediately": False, "notify_schedule": "daily", "notify_time": time(9), "notify_zone": "UTC",
            "notify_email": True, "email_recipients": ["team@brandt.example"], "created_at": made,
            "updated_at": made, **columns,
        }  # fmt: skip
        return self.world.rule(**values)

    def snapshot(self, client: int) -> UUID:
        if client not in self.snapshots:
            self.snapshots[client] = new_id(self.world.now)
            self.world.admin.execute(
                "INSERT INTO api_snapshots (id, source_id, client_id, status, completeness, data_as_of, completed_at)"
                " VALUES (%s, %s, %s, 'completed', 'full', %s, %s)",
                [self.snapshots[client], self.world.source(), client, self.world.now, self.world.now],
            )
        return self.snapshots[client]

    def alert(self, rule: UUID, opened: datetime, *, client: int = 1, **columns: Any) -> UUID:
        (owner,) = self.world.admin.execute(
            "SELECT client_id FROM watchtower_rules WHERE id = %s", [rule]
        ).fetchone()
        if columns.get("resolved_at"):
            columns = {"state": "resolved", "resolved_reason": "recovered", **columns}
        values = {
            "id": uuid4(), "rule_id": rule, "rule_client_id": owner, "snapshot_id": self.snapshot(client),
            "client_id": client, "fingerprint": uuid4().hex, "title": "Open rate 11.8% on Advent preview",
            "message": "Open rate is 11.8%.", "severity": "warning", "first_seen_at": opened, "last_seen_at": opened,
            "created_at": opened, **columns,
        }  # fmt: skip
        names, marks = ", ".join(values), ", ".join(["%s"] * len(values))
        self.world.admin.execute(
            f"INSERT INTO watchtower_alerts ({names}) VALUES ({marks})", list(values.values())
        )
        return values["id"]

    async def at(self, now: datetime) -> list[Made]:
        self.world.now = now
        return await send_due(self.runtime, now)

    async def minutes(
        self, start: datetime, end: datetime, step: timedelta = timedelta(minutes=1)
    ) -> list[Made]:
        made: list[Made] = []
        while start <= end:
            made += await self.at(start)
            start += step
        return made

    def digests(self, **wanted: Any) -> list[dict[str, Any]]:
        where = " AND ".join(["true", *(f"{name} = %s" for name in wanted)])
        return self.world.rows(
            f"SELECT * FROM digests WHERE {where} ORDER BY boundary_at, client_id, destination",
            *wanted.values(),
        )

    def messages(self) -> list[dict[str, Any]]:
        found = self.world.rows("SELECT * FROM core.deliveries ORDER BY created_at, client_id, destination")
        return [{**row, "said": row["message"]} for row in found]

    def texts(self) -> list[str]:
        return [f"{row['message']['title']}\n{row['message']['text']}" for row in self.messages()]
