"""Registered targets as rows of the source registry, so that they are read, shown and named like any other source."""

from sqlalchemy import text

from belvedere.core.database import WriteSession
from belvedere.sources.health import ensure_health_accounts
from belvedere.sources.targets import INTERNAL, list_targets

_ADD = text(
    "INSERT INTO watch.api_sources (provider, endpoint, display_name, description, refresh_interval_minutes)"
    " VALUES (:provider, :endpoint, :display_name, :description, :minutes)"
    " ON CONFLICT (provider, endpoint) DO NOTHING RETURNING endpoint"
)


async def sync_targets(session: WriteSession) -> list[str]:
    """Add the source of every registered target that has none, and health readings for every client that reads anything.

    What people changed at a source (its name, its interval, whether it is read) stays as they left it.
    """
    added = []
    for target in list_targets():
        values = {
            "provider": INTERNAL,
            "endpoint": target.name,
            "display_name": target.display_name,
            "description": target.description,
            "minutes": target.refresh_interval_minutes,
        }
        if (await session.execute(_ADD, values)).scalar_one_or_none() is not None:
            added.append(target.name)
    await ensure_health_accounts(session)
    return added
