"""Every query of the watch itself: set-based, one statement for any number of alerts."""

from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import orjson
from sqlalchemy import RowMapping, text

from belvedere.core.database import ReadSession, WriteSession
from belvedere.sources.service import stale_places
from belvedere.watchtower.contracts import (
    Aggregate,
    Condition,
    DependencyCondition,
    LogicOperator,
    NoDataPolicy,
    NotifySchedule,
    OpenAlert,
    ParentFacts,
    PendingBreach,
    ResolvedReason,
    Rule,
    Severity,
)
from belvedere.watchtower.statements import statement

FEW = 100
RULE_LOCK = 884203
"""Writers of parents take this advisory lock, as the trigger `watch.guard_rule_parents` does."""

_LOCK_SNAPSHOT = text(
    "SELECT status, evaluated_at, account_id FROM watch.api_snapshots"
    " WHERE client_id = :client_id AND id = :snapshot_id FOR UPDATE"
)
_MARK_JUDGED = text(
    "UPDATE watch.api_snapshots SET evaluated_at = :now WHERE client_id = :client_id AND id = :snapshot_id"
)
_LOCK_PLACE = text("SELECT pg_advisory_xact_lock(hashtextextended(:place, 884204))")
# In a table that grew since its statistics were taken the planner compares thousands of keys pair by pair.
_NESTED_LOOPS = text("SELECT set_config('enable_nestloop', :word, true)")
_UNITS = text("SELECT metric_name, display_name, metric_unit FROM watch.metric_definitions")
_NOTIFIED = text(
    "UPDATE watch.watchtower_rules SET last_notified_at = :now WHERE id = ANY (CAST(:ids AS uuid[]))"
)
_CLEAR_PENDING = text(
    "DELETE FROM watch.rule_states WHERE client_id = :client_id AND fingerprint = ANY (CAST(:keys AS text[]))"
)
_OPEN_ENTITIES = text(
    "SELECT external_id FROM watch.watchtower_alerts WHERE client_id = :client_id AND source_id = :source_id"
    " AND rule_id = :rule_id AND state = 'open'"
)


@dataclass(frozen=True, slots=True)
class ClosedAlert:
    """An alert that this transaction closed, and where its opening was told."""

    id: UUID
    client_id: int
    rule_id: UUID
    title: str
    severity: str
    external_id: str | None
    reason: ResolvedReason
    destinations: tuple[dict[str, Any], ...]
    actor: str | None = None
    note: str | None = None
    conditions: tuple[dict[str, Any], ...] = ()
    """What the reading that ended it showed."""
    currency: str = "EUR"


@dataclass(frozen=True, slots=True)
class ToldAlert:
    """An open alert with its words and the destinations of its opening; `was_told`: it went out."""

    id: UUID
    client_id: int
    rule_id: UUID
    title: str
    message: str
    severity: str
    current_value: str | None
    was_told: bool
    rule_name: str
    steps: int
    latest: Sequence[dict[str, Any]]
    """Its conditions as they were seen last; `conditions` are those of its opening."""
    conditions: Sequence[dict[str, Any]]
    entity: str | None
    external_id: str | None
    entity_name: str | None
    number: int
    occurrences: int
    first_seen_at: datetime
    last_seen_at: datetime
    title_template: str | None
    message_template: str | None
    source: str | None
    currency: str
    destinations: tuple[dict[str, Any], ...]


def rule_from_row(row: Mapping[str, Any] | RowMapping) -> Rule:
    """A row of `watchtower_rules` as the engine takes it."""
    values = dict(row)
    return Rule(
        **{
            **values,
            "condition": Condition(values["condition"]),
            "severity": Severity(values["severity"]),
            "logic_operator": LogicOperator(values["logic_operator"]),
            "dependency_condition": _word(DependencyCondition, values["dependency_condition"]),
            "notify_schedule": _word(NotifySchedule, values["notify_schedule"]),
            "email_recipients": tuple(values["email_recipients"] or ()),
            "aggregate": _word(Aggregate, values["aggregate"]),
            "no_data_policy": NoDataPolicy(values["no_data_policy"]),
        }
    )


def _word(kind: Any, value: str | None) -> Any:
    return None if value is None else kind(value)


async def lock_place(session: WriteSession, client_id: int, source_id: UUID) -> None:
    """One evaluator at a time for each source of a client, so that readings are judged one after the
    other.
    """
    await session.execute(_LOCK_PLACE, {"place": f"{client_id}/{source_id}"})


async def lock_unjudged(session: WriteSession, client_id: int, snapshot_id: UUID) -> bool:
    """Hold the snapshot for this transaction; False when it is not there to judge, or was judged."""
    found = await session.execute(_LOCK_SNAPSHOT, {"client_id": client_id, "snapshot_id": snapshot_id})
    row = found.mappings().one_or_none()
    return row is not None and row["status"] == "completed" and row["evaluated_at"] is None


async def mark_judged(session: WriteSession, client_id: int, snapshot_id: UUID, now: datetime) -> None:
    await session.execute(_MARK_JUDGED, {"client_id": client_id, "snapshot_id": snapshot_id, "now": now})


async def is_overtaken(session: ReadSession, client_id: int, snapshot_id: UUID, now: datetime) -> bool:
    """Whether later data of the same account was judged already."""
    found = await session.execute(
        statement("newer_judged"), {"client_id": client_id, "snapshot_id": snapshot_id, "now": now}
    )
    return bool(found.scalar_one())


async def load_parent_facts(
    session: ReadSession, client_id: int, source_id: UUID, rule_ids: Iterable[UUID], now: datetime
) -> dict[UUID, ParentFacts]:
    wanted = list(rule_ids)
    if not wanted:
        return {}
    values = {"client_id": client_id, "source_id": source_id, "rule_ids": wanted, "now": now}
    found = await session.execute(statement("parent_facts"), values)
    stale = {place.source_id for place in await stale_places(session, client_id, now)}
    return {
        row.id: ParentFacts(
            row.is_active,
            row.judged_for_client,
            row.judged_for_agency,
            is_stale=row.source_id in stale,
            is_due=row.is_due,
        )
        for row in found
    }


async def load_pending(
    session: ReadSession, client_id: int, source_id: UUID, snapshot_id: UUID
) -> list[PendingBreach]:
    """Breaches that wait at this source, with the readings before the present one."""
    values = {"client_id": client_id, "source_id": source_id, "snapshot_id": snapshot_id}
    found = await session.execute(statement("pending"), values)
    return [
        PendingBreach(row.fingerprint, row.rule_id, row.external_id, row.readings, row.since) for row in found
    ]


async def save_pending(
    session: WriteSession,
    rows: Sequence[dict[str, Any]],
    *,
    client_id: int,
    source_id: UUID,
    snapshot_id: UUID,
) -> None:
    if rows:
        values = {"rows": orjson.dumps(rows).decode(), "client_id": client_id, "source_id": source_id}
        await session.execute(statement("save_pending"), {**values, "snapshot_id": snapshot_id})


async def clear_pending(session: WriteSession, client_id: int, fingerprints: Sequence[str]) -> None:
    if fingerprints:
        await session.execute(_CLEAR_PENDING, {"client_id": client_id, "keys": list(fingerprints)})


async def load_told(session: ReadSession, alert_ids: Sequence[UUID]) -> dict[UUID, ToldAlert]:
    if not alert_ids:
        return {}
    found = await session.execute(statement("told_alerts"), {"ids": list(alert_ids)})
    return {
        row["id"]: ToldAlert(
            **{**row, **{name: tuple(row[name] or ()) for name in ("latest", "conditions", "destinations")}}
        )
        for row in found.mappings()
    }


async def load_open_alerts(
    session: ReadSession, client_id: int, snapshot_id: UUID, rule_ids: str, now: datetime
) -> list[OpenAlert]:
    """Open alerts of rules, whose ids stand in one text between commas: thousands of them travel fastest so."""
    found = await session.execute(
        statement("open_alerts"),
        {"client_id": client_id, "snapshot_id": snapshot_id, "rule_ids": f"{{{rule_ids}}}", "now": now},
    )
    return [
        OpenAlert(
            id=row.id,
            rule_id=row.rule_id,
            client_id=row.client_id,
            source_id=row.source_id,
            external_id=row.external_id,
            is_acknowledged=row.is_acknowledged,
            missing_readings=row.missing_readings,
            comparable=row.comparable,
            last_seen_at=row.last_seen_at,
            good_readings=row.good_readings,
            missing_as_of=row.missing_as_of,
            good_as_of=row.good_as_of,
            severity=Severity(row.severity),
            current_value=row.current_value,
            is_about_no_data=row.is_about_no_data,
            told_value=row.told_value,
            is_quiet=row.is_quiet,
            seen_here=row.seen_here,
        )
        for row in found
    ]


async def load_metric_words(session: ReadSession) -> tuple[dict[str, str], dict[str, str]]:
    """Units and display names of the known metrics."""
    rows = (await session.execute(_UNITS)).all()
    return (
        {row.metric_name: row.metric_unit for row in rows if row.metric_unit},
        {row.metric_name: row.display_name for row in rows},
    )


async def open_entities(session: ReadSession, client_id: int, source_id: UUID, rule_id: UUID) -> set[str]:
    """External ids of one rule's open alerts at one source of a client."""
    values = {"client_id": client_id, "source_id": source_id, "rule_id": rule_id}
    return {row.external_id for row in await session.execute(_OPEN_ENTITIES, values) if row.external_id}


async def find_stale_rule_alerts(session: ReadSession, client_id: int, source_id: UUID) -> list[UUID]:
    found = await session.execute(
        statement("stale_rule_alerts"), {"client_id": client_id, "source_id": source_id}
    )
    return list(found.scalars())


@asynccontextmanager
async def _many(session: WriteSession, rows: Sequence[Any]) -> AsyncIterator[None]:
    """Join thousands of rows by hash, whatever the statistics say."""
    if len(rows) > FEW:
        await session.execute(_NESTED_LOOPS, {"word": "off"})
    yield
    if len(rows) > FEW:
        await session.execute(_NESTED_LOOPS, {"word": "on"})


async def move_alerts(
    session: WriteSession, rows: Sequence[dict[str, Any]], *, client_id: int, snapshot_id: UUID, now: datetime
) -> None:
    """Set counts of readings; rows are of id, missing and good (None leaves them) with their data times, and kept."""
    if rows:
        values = {"rows": orjson.dumps(rows).decode(), "client_id": client_id, "snapshot_id": snapshot_id}
        await session.execute(statement("move_alerts"), {**values, "now": now})


async def close_alerts(
    session: WriteSession,
    rows: Sequence[dict[str, Any]],
    *,
    now: datetime,
    actor: str | None = None,
    note: str | None = None,
) -> list[ClosedAlert]:
    """Close those that are still open; `rows` are of id, reason, event_id and detail."""
    if not rows:
        return []
    values: dict[str, Any] = {"rows": orjson.dumps(rows).decode(), "now": now, "actor": actor, "note": note}
    values["ids"] = [row["id"] for row in rows]
    async with _many(session, rows):
        found = (await session.execute(statement("close"), values)).all()
    return [
        ClosedAlert(
            row.id,
            row.client_id,
            row.rule_id,
            row.title,
            row.severity,
            row.external_id,
            ResolvedReason(row.resolved_reason),
            tuple(row.destinations or ()),
            actor,
            note,
            tuple(row.conditions or ()),
            row.currency,
        )
        for row in found
    ]


async def record_evaluations(
    session: WriteSession, rows: Sequence[dict[str, Any]], *, client_id: int, snapshot_id: UUID, now: datetime
) -> None:
    """Each row is of one or more rules that say the same."""
    if rows:
        values = {"rows": orjson.dumps(rows).decode(), "client_id": client_id, "snapshot_id": snapshot_id}
        await session.execute(statement("record_evaluations"), {**values, "now": now})


async def record_run(
    session: WriteSession,
    counts: Mapping[str, int],
    quiet: Sequence[str],
    *,
    client_id: int,
    source_id: UUID,
    snapshot_id: UUID,
    now: datetime,
) -> int | None:
    """One line for the whole reading; `quiet` are the rules that had nothing to say. Gives the milliseconds between
    its end and its judgement, or None where it was recorded before.
    """
    values = {"client_id": client_id, "source_id": source_id, "snapshot_id": snapshot_id, "now": now}
    found = await session.execute(
        statement("record_run"), {**values, **counts, "quiet": f"{{{','.join(quiet)}}}"}
    )
    return found.scalar_one_or_none()


async def mark_notified(session: WriteSession, rule_ids: Iterable[UUID], now: datetime) -> None:
    """Best effort: a job of one client cannot touch rules of the agency, whose alerts tell the time
    themselves.
    """
    ids = list(rule_ids)
    if ids:
        await session.execute(_NOTIFIED, {"ids": ids, "now": now})


async def find_parents_to_recheck(
    session: ReadSession, client_id: int, rule_ids: Sequence[UUID], source_id: UUID | None
) -> list[UUID]:
    """Which of the rules have active children beyond the reading that moved them."""
    if not rule_ids:
        return []
    values = {"client_id": client_id, "rule_ids": list(rule_ids), "source_id": source_id}
    return list((await session.execute(statement("children_elsewhere"), values)).scalars())


async def find_recheck_readings(session: ReadSession, client_id: int, parent_id: UUID) -> list[UUID]:
    """The newest judged readings on which children of a parent may stand."""
    values = {"client_id": client_id, "parent_id": parent_id}
    return list((await session.execute(statement("recheck_readings"), values)).scalars())
