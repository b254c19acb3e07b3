"""Opening alerts: rows, first steps, events and messages of one reading, in bulk."""

import asyncio
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from belvedere.core import metrics
from belvedere.core.database import WriteSession
from belvedere.core.jobs import enqueue
from belvedere.notify.contracts import MessageKind
from belvedere.notify.service import request_deliveries
from belvedere.sources.contracts import StoredSnapshot
from belvedere.watchtower import repository, storing, surroundings
from belvedere.watchtower.charting import with_charts
from belvedere.watchtower.closing import ACTOR
from belvedere.watchtower.compose import Batch
from belvedere.watchtower.contracts import Rule
from belvedere.watchtower.surroundings import Silence
from belvedere.watchtower.telling import Telling, gather

STORM_JOB = "watchtower.gather_storm"
STORM_FLOOR = 20
COUNTING = timedelta(seconds=30)
"""Messages that may be part of a storm go when it was counted; where nobody counts, so much later."""
FIRST_PART, GROWTH, LARGEST_PART = 150, 3, 4_000
"""Rows that travel together, at least; a rule is never parted. Wording takes a third of the time of writing."""
SILENCED = "silenced"
STORM = "storm"


@dataclass(frozen=True, slots=True)
class Opened:
    """What became of drafts: the alerts that really opened, their rules, and the messages asked for."""

    ids: Sequence[str] = ()
    rule_ids: frozenset[UUID] = frozenset()
    deliveries: int = 0


@dataclass(frozen=True, slots=True)
class Crowd:
    """Whether rules for every client may storm here, and which of them do already."""

    is_large: bool = False
    storming: frozenset[UUID] = frozenset()


@dataclass(frozen=True, slots=True)
class Kept:
    """A batch, and which of its rows opened."""

    batch: Batch
    rows: Sequence[int]


async def open_drafts(
    session: WriteSession,
    stored: StoredSnapshot,
    drafts: Iterable[Batch],
    telling: Collection[Rule],
    silences: Sequence[Silence],
    now: datetime,
    *,
    base_url: str,
    storm_wait: timedelta,
    is_afresh: bool = False,
) -> Opened:
    """Open what is not open yet; a silence or a storm holds its message, never the alert. `telling` are the rules among
    them that tell somebody at once. What this very reading opened before stays closed, unless another reading beside it
    gives it a new answer (`is_afresh`).
    """
    crowd = await _crowd(session, stored.client_id, telling)
    held = (_hold_back(batch, stored.source_id, silences, crowd) for batch in drafts)
    opened = await _write(session, stored, held, now, is_afresh=is_afresh)
    if not opened:
        return Opened()
    _count(opened)
    not_before = now + storm_wait + COUNTING if crowd.is_large and storm_wait else None
    tellings = [
        telling for kept in opened if kept.rows for telling in _tellings(kept, stored.client_id, not_before)
    ]
    requests = await with_charts(session, gather(tellings, base_url, now))
    requested = await request_deliveries(session, requests, now)
    if crowd.is_large:
        await _watch_for_storm(session, opened, now, storm_wait)
    await _mark_told(session, opened, now)
    return Opened(
        [kept.batch.columns["id"][at] for kept in opened for at in kept.rows],
        frozenset(kept.batch.rule.id for kept in opened if kept.rows),
        len(requested),
    )


async def _write(
    session: WriteSession, stored: StoredSnapshot, drafts: Iterator[Batch], now: datetime, *, is_afresh: bool
) -> list[Kept]:
    """The database writes one part while a thread words the next; the first is small, so that it begins soon."""
    opened: list[Kept] = []
    part = FIRST_PART
    rows = _next_rows(drafts, part, now)
    while rows is not None:
        part = min(part * GROWTH, LARGEST_PART)
        refused, following = await asyncio.gather(
            storing.open_alerts(
                session,
                rows,
                client_id=stored.client_id,
                source_id=stored.source_id,
                snapshot_id=stored.snapshot_id,
                account_id=stored.account_id,
                now=now,
                is_afresh=is_afresh,
            ),
            asyncio.to_thread(_next_rows, drafts, part, now),
        )
        opened += [_without(batch, refused) for batch in rows.batches]
        rows = following
    return opened


def _next_rows(drafts: Iterator[Batch], most: int, now: datetime) -> storing.Rows | None:
    batches: list[Batch] = []
    count = 0
    for batch in drafts:
        batches.append(batch)
        count += len(batch)
        if count >= most:
            break
    return storing.prepare_rows(batches, now) if count else None


async def _mark_told(session: WriteSession, opened: Sequence[Kept], now: datetime) -> None:
    """The rules of which somebody was told."""
    told = {kept.batch.rule.id for kept in opened if any(kept.batch.columns["told"][at] for at in kept.rows)}
    await repository.mark_notified(session, told, now)


def _without(batch: Batch, refused: frozenset[str]) -> Kept:
    if not refused:
        return Kept(batch, range(len(batch)))
    return Kept(batch, [at for at, alert_id in enumerate(batch.columns["id"]) if alert_id not in refused])


def _count(opened: Sequence[Kept]) -> None:
    counts: Counter[str] = Counter()
    for kept in opened:
        counts[kept.batch.rule.severity.value] += len(kept.rows)
    for severity, count in counts.items():
        metrics.ALERTS_OPENED.labels(severity=severity).inc(count)


def _hold_back(batch: Batch, source_id: UUID, silences: Sequence[Silence], crowd: Crowd) -> Batch:
    """Note in each row whether it is told, and what holds its message otherwise."""
    rule, count = batch.rule, len(batch)
    if not batch.destinations:
        held: list[str | None] = [None] * count
    else:
        usual = STORM if rule.id in crowd.storming else None
        held = [usual] * count
        for at, external_id in enumerate(batch.columns["external_id"] if silences else ()):
            if any(silence.covers(rule.id, source_id, rule.severity, external_id) for silence in silences):
                held[at] = SILENCED
    batch.columns["held_reason"] = held
    batch.columns["told"] = [bool(batch.destinations) and reason is None for reason in held]
    return batch


async def _crowd(session: WriteSession, client_id: int, telling: Collection[Rule]) -> Crowd:
    """Only a rule for every client can storm, and only where there are many clients."""
    rules = {rule.id for rule in telling if rule.client_id == 0}
    if not rules or not client_id or await surroundings.count_clients(session) <= STORM_FLOOR:
        return Crowd()
    return Crowd(is_large=True, storming=frozenset(await surroundings.find_storming(session, rules)))


def _tellings(kept: Kept, client_id: int, not_before: datetime | None) -> Iterable[Telling]:
    batch = kept.batch
    if not batch.destinations:
        return
    wait = not_before if batch.rule.client_id == 0 else None
    for at in kept.rows:
        if not batch.columns["told"][at]:
            continue
        message, alert_id = batch.message(at), UUID(batch.columns["id"][at])
        for destination in batch.destinations:
            yield Telling(
                client_id,
                alert_id,
                MessageKind.OPENED,
                destination,
                message,
                wait,
                rule_name=batch.rule.name,
            )


async def _watch_for_storm(
    session: WriteSession, opened: Sequence[Kept], now: datetime, wait: timedelta
) -> None:
    """Have the clients of each rule counted when the wait is over."""
    batches = [kept.batch for kept in opened if kept.rows]
    for rule_id in sorted({b.rule.id for b in batches if b.rule.client_id == 0 and b.destinations}):
        await enqueue(
            session,
            STORM_JOB,
            {"rule_id": str(rule_id)},
            actor=ACTOR,
            run_at=now + wait,
            now=now,
            queueing_lock=f"{STORM_JOB}:{rule_id}",
        )
