"""Storms: a rule for every client that fires at very many of them at once is told as one message.

Every alert is stored as always. Its first message waits a moment; if by then the rule has opened at more clients than
the limit, the messages that nobody has had yet are taken back and one message for all takes their place.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import orjson
from sqlalchemy import text

from belvedere.core.database import WriteSession
from belvedere.core.ids import new_id
from belvedere.core.text import cut
from belvedere.notify.contracts import DeliveryRequest, Message, MessageKind
from belvedere.notify.service import hasten, request_deliveries, withdraw_unsent
from belvedere.watchtower import rule_rows, surroundings
from belvedere.watchtower.charting import with_charts
from belvedere.watchtower.compose import destinations_of
from belvedere.watchtower.contracts import Rule
from belvedere.watchtower.judging import client_facts
from belvedere.watchtower.opening import STORM_FLOOR
from belvedere.watchtower.statements import statement

WINDOW = timedelta(minutes=15)
SHARE = 0.3
STORM = "storm"

_LOCK = text("SELECT pg_advisory_xact_lock(hashtextextended(:rule, 884206))")
_RUNNING = text(
    "SELECT id, started_at FROM watch.storms WHERE client_id = 0 AND rule_id = :rule_id AND ended_at IS NULL"
    " FOR UPDATE"
)
_BEGIN = text(
    "INSERT INTO watch.storms (id, client_id, rule_id, started_at, last_at, clients, alerts, told_at, detail, created_at)"
    " VALUES (:id, 0, :rule_id, :started_at, :last_at, :clients, :alerts, :now, CAST(:detail AS jsonb), :now)"
)
_GROW = text(
    "UPDATE watch.storms SET last_at = greatest(last_at, CAST(:last_at AS timestamptz)), clients = :clients,"
    " alerts = :alerts, detail = CAST(:detail AS jsonb) WHERE client_id = 0 AND id = :id"
)
_HOLD = text(
    "WITH moved AS (UPDATE watch.watchtower_alerts SET held_reason = 'storm', told_at = NULL, last_told_at = NULL"
    " WHERE id = ANY (CAST(:ids AS uuid[])) AND state = 'open' RETURNING id, client_id)"
    " INSERT INTO watch.alert_events (client_id, alert_id, at, kind) SELECT client_id, id, :now, 'stormed' FROM moved"
)


@dataclass(frozen=True, slots=True)
class Gathered:
    """What became of one count: is there a storm, at how many clients, how many messages it took back."""

    is_storm: bool
    clients: int
    withdrawn: int = 0


def storm_limit(active_clients: int) -> float:
    """A rule at more clients than this storms."""
    return max(STORM_FLOOR, SHARE * active_clients)


async def gather_storm(
    session: WriteSession, rule_id: UUID, now: datetime, *, base_url: str = ""
) -> Gathered:
    """Count the clients at which a rule opened, and tell very many as one; needs the service scope."""
    await session.execute(_LOCK, {"rule": str(rule_id)})
    rule = await rule_rows.find_rule(session, rule_id)
    if rule is None or rule.client_id != 0:
        return Gathered(is_storm=False, clients=0)
    running = (await session.execute(_RUNNING, {"rule_id": rule_id})).one_or_none()
    since = running.started_at if running else now - WINDOW
    figures = (await session.execute(statement("storm_figures"), {"rule_id": rule_id, "since": since})).one()
    if running is None and figures.clients <= storm_limit(await surroundings.count_clients(session)):
        await hasten(session, figures.told, MessageKind.OPENED, now)
        return Gathered(is_storm=False, clients=figures.clients)
    withdrawn = await _hold_back(session, figures.told, now)
    detail = orjson.dumps({"clients": list(figures.names)}).decode()
    counts = {"last_at": figures.last_at or now, "clients": figures.clients, "alerts": figures.alerts}
    if running is not None:
        await session.execute(_GROW, {**counts, "detail": detail, "id": running.id})
        return Gathered(is_storm=True, clients=figures.clients, withdrawn=withdrawn)
    storm_id = new_id(now)
    begun = {**counts, "id": storm_id, "rule_id": rule_id, "started_at": figures.first_at, "now": now}
    await session.execute(_BEGIN, {**begun, "detail": detail})
    requests = await _requests(session, rule, storm_id, figures, withdrawn, base_url)
    await request_deliveries(
        session, await with_charts(session, requests, {storm_id: list(figures.told)}), now
    )
    return Gathered(is_storm=True, clients=figures.clients, withdrawn=withdrawn)


async def _hold_back(session: WriteSession, alert_ids: Sequence[UUID], now: datetime) -> int:
    """Take back openings that nobody has had yet; their alerts are told with the storm."""
    taken = await withdraw_unsent(session, list(alert_ids), MessageKind.OPENED)
    ids = sorted({gone.subject_id for gone in taken})
    await session.execute(_HOLD, {"ids": ids, "now": now})
    return len(ids)


async def _requests(
    session: WriteSession, rule: Rule, storm_id: UUID, figures: Any, withdrawn: int, base_url: str
) -> list[DeliveryRequest]:
    """One message for each destination of the rule itself, or of the agency where it has none."""
    agency = await client_facts(session, 0)
    agency = replace(agency, agency_mails=await surroundings.find_agency_mails(session))
    names = list(figures.names)
    more = figures.clients - len(names)
    message = Message(
        title=cut(f"Storm: “{rule.name}” fired at {figures.clients} clients", 200),
        text=(
            f"{figures.alerts} alerts opened at {figures.clients} clients within minutes, which often means that one"
            f" cause lies behind all of them. Every alert is in the list; {_left_out(figures, withdrawn)}.\n"
            + "\n".join(f"• {name}" for name in names)
            + (f"\nand {more} more" if more > 0 else "")
        ),
        severity=rule.severity,
        client_name=agency.name,
        url=f"{base_url.rstrip('/')}/alerts?rule_id={rule.id}" if base_url else None,
        fields=(("Rule", rule.name), ("Clients", str(figures.clients)), ("Alerts", str(figures.alerts))),
        detail={"rule_id": str(rule.id), "storm_id": str(storm_id)},
    )
    return [
        DeliveryRequest(0, STORM, storm_id, MessageKind.STORM, destination, message)
        for destination in dict.fromkeys(destinations_of(rule, agency))
    ]


def _left_out(figures: Any, withdrawn: int) -> str:
    had = len(figures.told) - withdrawn
    return (
        "their own messages were left out"
        if had <= 0
        else f"{had} of them were told before, the others only here"
    )
