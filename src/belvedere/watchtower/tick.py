"""What time alone does to alerts, once a minute: taken, snoozed and silenced times that end, repeats, reminders.

Every step is one statement that finds what is due and moves it on, so that a second scheduler, a late tick or a
clock that jumps does nothing twice.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import text

from belvedere.accounts.service import get_client
from belvedere.core import metrics
from belvedere.core.database import WriteSession
from belvedere.core.jobs import enqueue
from belvedere.notify.service import request_deliveries
from belvedere.watchtower import repository
from belvedere.watchtower.charting import with_charts
from belvedere.watchtower.closing import ACTOR, announce_closed, closing_row
from belvedere.watchtower.contracts import ResolvedReason
from belvedere.watchtower.judging import wake_children
from belvedere.watchtower.statements import statement
from belvedere.watchtower.telling import again_tellings, gather
from belvedere.watchtower.transitions import EVENT_LIFETIME

TICK = "watchtower.tick"
REJUDGE = "watchtower.rejudge_rules"
MOST = 5000
"""Alerts that one step of one tick moves; the rest is the next minute's."""

STORM_QUIET = timedelta(minutes=15)
STEPS = (
    ("tick_ack_expired", "ack_expired"),
    ("tick_unsnoozed", "unsnoozed"),
    ("tick_released", "told_again"),
    ("tick_reminders", "reminded"),
    ("tick_repeats", "told_again"),
)

_ALONE = text("SELECT pg_try_advisory_xact_lock(884205)")
_END_SILENCES = text("UPDATE watch.silences SET ended_at = :now WHERE ended_at IS NULL AND ends_at <= :now")
_END_STORMS = text(
    "UPDATE watch.storms SET ended_at = :now WHERE ended_at IS NULL"
    # One that lies ahead is of a clock that ran ahead; it must not hold messages until then.
    " AND (last_at <= CAST(:quiet AS timestamptz) OR last_at > CAST(:now AS timestamptz) + interval '1 hour')"
)


@dataclass(frozen=True, slots=True)
class Ticked:
    """What one tick did: alerts told by step, closed as expired, places to judge again."""

    told: Mapping[str, int]
    expired: int = 0
    places: int = 0
    deliveries: int = 0
    is_second: bool = False


async def tick(session: WriteSession, now: datetime, *, base_url: str = "") -> Ticked:
    """One minute of the life of all alerts; needs the service scope. A second one at once finds it taken."""
    if not (await session.execute(_ALONE)).scalar_one():
        return Ticked({}, is_second=True)
    await session.execute(_END_SILENCES, {"now": now})
    await session.execute(_END_STORMS, {"now": now, "quiet": now - STORM_QUIET})
    steps: dict[UUID, str] = {}
    counts: dict[str, int] = {}
    for name, step in STEPS:
        moved = (await session.execute(statement(name), {"now": now, "most": MOST})).all()
        for row in moved:
            if row.may_tell:
                steps.setdefault(row.id, step)
        counts[name.removeprefix("tick_")] = len(moved)
        if step == "ack_expired":
            await _wake(session, {(row.client_id, row.rule_id) for row in moved})
    requested = await tell_again(session, steps, now, base_url)
    expired = await _expire(session, now, base_url)
    places = await _judge_ages(session)
    await _measure(session, now)
    return Ticked(counts, expired, places, requested)


async def tell_again(session: WriteSession, steps: Mapping[UUID, str], now: datetime, base_url: str) -> int:
    """Tell open alerts once more, each for its reason; what a silence covers waits for its end."""
    if not steps:
        return 0
    loaded = await repository.load_told(session, list(steps))
    # Whose opening told nobody has nobody to be told again either.
    told = {alert_id: found for alert_id, found in loaded.items() if found.destinations}
    rows = (await session.execute(statement("mark_told"), {"ids": list(told), "now": now})).all()
    free = [row.id for row in rows if not row.is_silenced]
    names = {found.client_id: "" for found in told.values()}
    for client_id in names:
        names[client_id] = (await get_client(session, client_id)).name
    tellings = [
        telling
        for alert_id in free
        for telling in again_tellings(
            told[alert_id], steps[alert_id], names[told[alert_id].client_id], base_url
        )
    ]
    requests = await with_charts(session, gather(tellings, base_url, now))
    return len(await request_deliveries(session, requests, now))


async def _wake(session: WriteSession, moved: set[tuple[int, UUID]]) -> None:
    """Taken and not taken are two states of a parent."""
    for client_id in sorted({client for client, _ in moved}):
        rules: Sequence[UUID] = sorted(rule for client, rule in moved if client == client_id)
        await wake_children(session, client_id, rules, None)


async def _expire(session: WriteSession, now: datetime, base_url: str) -> int:
    values = {"before": now - EVENT_LIFETIME, "most": MOST}
    found = (await session.execute(statement("tick_expired"), values)).all()
    rows = [closing_row(row.id, ResolvedReason.EXPIRED, now) for row in found]
    closed = await repository.close_alerts(session, rows, now=now)
    for client_id in sorted({alert.client_id for alert in closed}):
        own = [alert for alert in closed if alert.client_id == client_id]
        name = (await get_client(session, client_id)).name
        await announce_closed(session, own, name, now, base_url=base_url)
        await wake_children(session, client_id, sorted({alert.rule_id for alert in own}), None)
    return len(closed)


async def _judge_ages(session: WriteSession) -> int:
    places = (await session.execute(statement("tick_places"))).all()
    for row in places:
        await enqueue(
            session,
            REJUDGE,
            {"snapshot_id": str(row.snapshot_id), "by_age": True},
            client_id=row.client_id,
            actor=ACTOR,
            queueing_lock=f"{REJUDGE}:{row.snapshot_id}:age",
        )
    return len(places)


async def _measure(session: WriteSession, now: datetime) -> None:
    figures = (await session.execute(statement("open_figures"), {"now": now})).one()
    metrics.OPEN_ALERTS.set(figures.open)
    metrics.HELD_ALERTS.set(figures.held)
    metrics.PENDING_BREACHES.set(figures.pending)
    metrics.OVERDUE_EVALUATIONS.set(figures.overdue)
