"""Whether an installation can do its work, part by part."""

import time
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from belvedere.core.context import Scope
from belvedere.core.database import Database
from belvedere.core.partitions import check_parts

_QUEUE = text(
    "SELECT (SELECT count(*) FROM jobs.procrastinate_jobs WHERE status = 'todo'"
    " AND coalesce(scheduled_at, now()) <= now()) AS waiting,"
    " (SELECT count(*) FROM jobs.procrastinate_workers WHERE last_heartbeat > now() - make_interval(secs => :silence))"
    " AS workers,"
    " (SELECT count(*) FROM core.deliveries WHERE state = 'dead') AS dead,"
    " (SELECT count(*) FROM core.deliveries WHERE state IN ('ready', 'sending')) AS unsent,"
    " (SELECT outbound_held FROM core.installation) AS held,"
    " (SELECT version_num FROM core.alembic_version) AS revision"
)


@dataclass(frozen=True, slots=True)
class Health:
    """`ok`: everything works; `degraded`: people can read but something waits; `down`: no database."""

    status: str
    checks: dict[str, Any]
    at: datetime

    @property
    def http_status(self) -> int:
        return 503 if self.status == "down" else 200


async def check_health(database: Database, *, revision: str, silence: float, now: datetime) -> Health:
    """Look at the database, its schema, the queue, the workers and the outbox."""
    started = time.perf_counter()
    try:
        async with database.read(Scope.service("health")) as session:
            row = (await session.execute(_QUEUE, {"silence": silence})).one()
            # Another program's schema need not have the function that is asked here.
            parts = await check_parts(session, now) if row.revision == revision else []
    except (DBAPIError, OSError) as error:
        return Health("down", {"database": {"ok": False, "detail": type(error).__name__}}, now)
    checks: dict[str, Any] = {
        "database": {"ok": True, "milliseconds": round((time.perf_counter() - started) * 1000, 1)},
        "schema": {"ok": row.revision == revision, "revision": row.revision, "expected": revision},
        "workers": {"ok": row.workers > 0, "alive": row.workers},
        "queue": {"ok": True, "waiting": row.waiting},
        "outbox": {"ok": row.held == 0, "unsent": row.unsent, "dead": row.dead, "held": bool(row.held)},
        "partitions": describe_parts(parts),
    }
    ok = all(check["ok"] for check in checks.values())
    return Health("ok" if ok else "degraded", checks, now)


def describe_parts(parts: list[dict[str, Any]]) -> dict[str, Any]:
    """Rows in a default part wait for the next run and harm nobody; a month without a part is a fault."""
    missing = [part["plan"] for part in parts if part["next_missing"]]
    waiting = [part["plan"] for part in parts if part["default_rows"]]
    return {"ok": not missing, "next_month_missing": missing, "rows_in_default": waiting}
