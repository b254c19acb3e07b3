"""Connections between domains that must not know each other: who listens to whom, who answers for what."""

from datetime import datetime
from typing import Any

from sqlalchemy import text

from belvedere.core.database import ReadSession
from belvedere.sources.service import register_internal_source, register_snapshot_listener
from belvedere.watchtower.service import judge_stored

_CLIENT = text(
    "SELECT id::text AS id, name, status, currency AS category, slug, currency, timezone, locale, website_url,"
    " (SELECT count(*) FROM watch.source_accounts a WHERE a.client_id = c.id AND a.is_active) AS active_sources,"
    " (SELECT count(*) FROM watch.watchtower_alerts w WHERE w.client_id = c.id AND w.state = 'open') AS open_alerts,"
    " discord_channel_id IS NOT NULL AS has_discord_channel,"
    " coalesce(cardinality(email_recipients), 0) AS email_recipient_count"
    " FROM core.clients c WHERE id = :client_id"
)


async def read_client(session: ReadSession, client_id: int, _now: datetime) -> list[dict[str, Any]]:
    """The client's own row for the source internal/clients."""
    rows = (await session.execute(_CLIENT, {"client_id": client_id})).mappings()
    return [dict(row) for row in rows]


async def judge(runtime: Any, stored: Any) -> None:
    """Judge a reading in the process that stored it, from the frames in its hands."""
    await judge_stored(runtime, stored)


def connect() -> None:
    """Connect everything, once for a process."""
    register_snapshot_listener(judge)
    register_internal_source("clients", read_client)
