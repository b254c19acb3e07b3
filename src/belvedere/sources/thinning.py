"""Letting old readings go: all of the last days, then one a day, then one a month.

Only scheduled readings of an account that saw a whole or a part of it are thinned. A push or a replay holds rows of its
own and stays; so does a file that somebody handed in.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from importlib import resources
from typing import Any

from sqlalchemy import text

from belvedere.core.context import Scope
from belvedere.core.database import ReadSession, WriteSession
from belvedere.core.runtime import Runtime

BATCH = 2_000
_SQL = (resources.files("belvedere.sources") / "sql" / "doomed.sql").read_text(encoding="utf-8")
_PLAN = text(
    f"{_SQL} SELECT f.client_id, src.provider || '/' || src.endpoint AS source, count(*) AS readings,"
    " sum(f.total_records) AS records, min(f.at) AS oldest, max(f.at) AS newest"
    " FROM free f JOIN watch.api_sources src ON src.id = f.source_id GROUP BY 1, 2 ORDER BY 1, 2"
)
_THIN = text(
    f"{_SQL} DELETE FROM watch.api_snapshots s USING ("
    "   SELECT client_id, id FROM free ORDER BY is_pointer DESC, at LIMIT :batch) gone"
    " WHERE s.client_id = gone.client_id AND s.id = gone.id RETURNING s.id"
)


@dataclass(frozen=True, slots=True)
class Retention:
    """For how long every reading is kept, and for how long one a day; after that one a month stays for good."""

    keep: timedelta
    daily: timedelta

    def limits(self, now: datetime) -> dict[str, Any]:
        return {"all_from": now - self.keep, "daily_from": now - max(self.keep, self.daily)}


def retention_of(keep_days: int, daily_days: int) -> Retention:
    return Retention(timedelta(days=keep_days), timedelta(days=daily_days))


async def plan_thinning(session: ReadSession, retention: Retention, now: datetime) -> list[Mapping[str, Any]]:
    """What would go now, for each client and source; changes nothing."""
    return [dict(row) for row in (await session.execute(_PLAN, retention.limits(now))).mappings()]


async def thin_once(session: WriteSession, retention: Retention, now: datetime, *, batch: int = BATCH) -> int:
    """Let one batch go, with its records, metrics, frames and refused rows; returns how many readings went."""
    return len((await session.execute(_THIN, {**retention.limits(now), "batch": batch})).all())


async def thin_readings(runtime: Runtime, *, actor: str, batch: int = BATCH) -> int:
    """Let everything go that is due, each batch in a transaction of its own."""
    settings, now, gone = runtime.settings, runtime.clock(), 0
    retention = retention_of(settings.readings_keep_days, settings.readings_daily_days)
    while True:
        async with runtime.db.write(Scope.service(actor)) as session:
            done = await thin_once(session, retention, now, batch=batch)
        gone += done
        if done < batch:
            return gone
