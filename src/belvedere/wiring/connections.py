"""Connections between domains that must not know each other: who listens to whom, who answers for what."""

from datetime import datetime
from typing import Any

from sqlalchemy import text

from belvedere.ads.service import CAMPAIGN_FIGURES_TARGET
from belvedere.core.database import ReadSession
from belvedere.inventory.service import STOCK_TARGET
from belvedere.sources.contracts import Unit
from belvedere.sources.service import (
    CONVERSATIONS_TARGET,
    HEALTH_TARGET,
    FieldKind,
    Target,
    TargetField,
    number_fields,
    register_snapshot_listener,
    register_target,
    text_fields,
)
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


CLIENTS_TARGET = Target(
    name="clients",
    display_name="Clients",
    description="Client master data",
    refresh_interval_minutes=1440,
    read_rows=read_client,
    fields=(
        *text_fields(
            [("name", "Name"), ("status", "Status"), ("category", "Currency"), ("slug", "Short name")]
        ),
        *number_fields(Unit.COUNT, [("active_sources", "Active sources"), ("open_alerts", "Open alerts")]),
        *number_fields(Unit.COUNT, [("email_recipient_count", "Mail recipients")]),
        *text_fields(
            [
                ("currency", "Currency"),
                ("timezone", "Time zone"),
                ("locale", "Language"),
                ("website_url", "Website"),
            ]
        ),
        TargetField("has_discord_channel", "Has a Discord channel", FieldKind.BOOLEAN),
    ),
)
TARGETS = (CLIENTS_TARGET, CONVERSATIONS_TARGET, HEALTH_TARGET, CAMPAIGN_FIGURES_TARGET, STOCK_TARGET)


async def judge(runtime: Any, stored: Any) -> None:
    """Judge a reading in the process that stored it, from the frames in its hands."""
    await judge_stored(runtime, stored)


def connect() -> None:
    """Connect everything, once for a process."""
    register_snapshot_listener(judge)
    offer_targets()


def offer_targets() -> None:
    """What each domain lets the rules watch."""
    for target in TARGETS:
        register_target(target)
