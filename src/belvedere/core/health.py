"""Whether an installation can do its work, part by part."""

import asyncio
import time
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from belvedere.core.context import Scope
from belvedere.core.database import Database
from belvedere.core.partitions import check_parts

PATIENCE_SECONDS = 2.0
"""How long the database may take; who asks for health (a load balancer, an orchestrator) waits little longer."""

_LEFT_BEHIND: set[asyncio.Task["Health"]] = set()

_QUEUE = text(
    "SELECT (SELECT count(*) FROM jobs.procrastinate_jobs WHERE status = 'todo'"
    " AND coalesce(scheduled_at, now()) <= now()) AS waiting,"
    " (SELECT count(*) FROM jobs.procrastinate_workers WHERE last_heartbeat > now() - make_interval(secs => :silence))"
    " AS workers,"
    " (SELECT floor(extract(epoch FROM now() - max(last_heartbeat)))::int FROM jobs.procrastinate_workers) AS quiet_for,"
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


async def check_health(
    database: Database, *, revision: str, silence: float, now: datetime, patience: float = PATIENCE_SECONDS
) -> Health:
    """Look at the database, its schema, the queue, the workers and the outbox, within `patience` seconds."""
    look = asyncio.create_task(look_at(database, revision=revision, silence=silence, now=now))
    done, _ = await asyncio.wait({look}, timeout=patience)
    if done:
        return look.result()
    leave_behind(look)
    detail = f"no answer within {patience:g} seconds"
    return Health("down", {"database": {"ok": False, "detail": detail}}, now)


def leave_behind(look: asyncio.Task[Health]) -> None:
    """Cancel without waiting: the driver asks the server for its leave first, and a frozen one gives none."""
    _LEFT_BEHIND.add(look)
    look.add_done_callback(forget)
    look.cancel()


def forget(look: asyncio.Task[Health]) -> None:
    _LEFT_BEHIND.discard(look)
    if not look.cancelled():
        look.exception()


async def look_at(database: Database, *, revision: str, silence: float, now: datetime) -> Health:
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
        "workers": {"ok": row.workers > 0, "alive": row.workers, "seconds_since_heartbeat": row.quiet_for},
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
