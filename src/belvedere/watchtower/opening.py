"""Opening alerts: rows, first steps, events and messages of one reading, in bulk."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from belvedere.core import metrics
from belvedere.core.database import WriteSession
from belvedere.core.events import emit_many
from belvedere.core.jobs import enqueue
from belvedere.notify.contracts import MessageKind
from belvedere.notify.service import request_deliveries
from belvedere.sources.contracts import StoredSnapshot
from belvedere.watchtower import repository, storing, surroundings
from belvedere.watchtower.closing import ACTOR
from belvedere.watchtower.compose import Draft
from belvedere.watchtower.surroundings import Silence
from belvedere.watchtower.telling import Telling, gather

STORM_JOB = "watchtower.gather_storm"
STORM_FLOOR = 20
SILENCED = "silenced"
STORM = "storm"


@dataclass(frozen=True, slots=True)
class Opened:
    """What became of drafts: those that really opened, and the messages asked for."""

    drafts: tuple[Draft, ...] = ()
    deliveries: int = 0


@dataclass(frozen=True, slots=True)
class Crowd:
    """Whether rules for every client may storm here, and which of them do already."""

    is_large: bool = False
    storming: frozenset[UUID] = frozenset()


async def open_drafts(
    session: WriteSession,
    stored: StoredSnapshot,
    drafts: Sequence[Draft],
    silences: Sequence[Silence],
    now: datetime,
    *,
    base_url: str,
    storm_wait: timedelta,
    is_afresh: bool = False,
) -> Opened:
    """Open what is not open yet; a silence or a storm holds its message, never the alert. What this very reading opened
    before stays closed, unless another reading beside it gives it a new answer (`is_afresh`).
    """
    if not drafts:
        return Opened()
    crowd = await _crowd(session, stored.client_id, drafts)
    for draft in drafts:
        held = _held_reason(draft, stored.source_id, silences, crowd)
        draft.row["held_reason"] = held if draft.destinations else None
        draft.row["told"] = bool(draft.destinations) and held is None
    episodes = await storing.open_alerts(
        session,
        [draft.row for draft in drafts],
        client_id=stored.client_id,
        source_id=stored.source_id,
        snapshot_id=stored.snapshot_id,
        account_id=stored.account_id,
        now=now,
        is_afresh=is_afresh,
    )
    opened = [draft for draft in drafts if draft.row["id"] in episodes]
    await _emit(session, stored, opened, episodes, now)
    not_before = now + storm_wait if crowd.is_large else None
    tellings = [telling for draft in opened for telling in _tellings(draft, stored.client_id, not_before)]
    requested = await request_deliveries(session, gather(tellings, base_url, now), now)
    if crowd.is_large:
        await _watch_for_storm(session, opened, now, storm_wait)
    told = {draft.rule.id for draft in opened if draft.row["told"]}
    await repository.mark_notified(session, told, now)
    return Opened(tuple(opened), len(requested))


def _held_reason(draft: Draft, source_id: UUID, silences: Sequence[Silence], crowd: Crowd) -> str | None:
    rule = draft.rule
    if any(
        silence.covers(rule.id, source_id, rule.severity, draft.finding.external_id) for silence in silences
    ):
        return SILENCED
    return STORM if rule.id in crowd.storming else None


async def _crowd(session: WriteSession, client_id: int, drafts: Sequence[Draft]) -> Crowd:
    """Only a rule for every client can storm, and only where there are many clients."""
    rules = {draft.rule.id for draft in drafts if draft.rule.client_id == 0 and draft.destinations}
    if not rules or not client_id or await surroundings.count_clients(session) <= STORM_FLOOR:
        return Crowd()
    return Crowd(is_large=True, storming=frozenset(await surroundings.find_storming(session, rules)))


def _tellings(draft: Draft, client_id: int, not_before: datetime | None) -> list[Telling]:
    if not draft.row["told"] or draft.message is None:
        return []
    wait = not_before if draft.rule.client_id == 0 else None
    return [
        Telling(
            client_id,
            UUID(draft.row["id"]),
            MessageKind.OPENED,
            destination,
            draft.message,
            wait,
            rule_name=draft.rule.name,
        )
        for destination in draft.destinations
    ]


async def _watch_for_storm(
    session: WriteSession, opened: Sequence[Draft], now: datetime, wait: timedelta
) -> None:
    """Have the clients of each rule counted when the wait is over."""
    for rule_id in sorted({d.rule.id for d in opened if d.rule.client_id == 0 and d.destinations}):
        await enqueue(
            session,
            STORM_JOB,
            {"rule_id": str(rule_id)},
            actor=ACTOR,
            run_at=now + wait,
            now=now,
            queueing_lock=f"{STORM_JOB}:{rule_id}",
        )


async def _emit(
    session: WriteSession,
    stored: StoredSnapshot,
    opened: Sequence[Draft],
    episodes: dict[str, int],
    now: datetime,
) -> None:
    items = [(draft.row["id"], _event(draft, stored, episodes)) for draft in opened]
    await emit_many(session, "alert.opened", items, client_id=stored.client_id, actor=ACTOR, now=now)
    for severity, count in Counter(draft.rule.severity.value for draft in opened).items():
        metrics.ALERTS_OPENED.labels(severity=severity).inc(count)


def _event(draft: Draft, stored: StoredSnapshot, episodes: dict[str, int]) -> dict[str, Any]:
    return {
        "alert_id": draft.row["id"],
        "rule_id": str(draft.rule.id),
        "snapshot_id": str(stored.snapshot_id),
        "severity": draft.rule.severity.value,
        "external_id": draft.finding.external_id or None,
        "episode": episodes[draft.row["id"]],
    }
