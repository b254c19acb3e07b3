"""Queries about rules themselves: reading, writing, their groups, parents and open alerts."""

from collections.abc import Iterable, Sequence
from dataclasses import asdict
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import BindParameter, bindparam, text
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.dialects.postgresql import UUID as PG_UUID
from sqlalchemy.types import Text

from belvedere.core.database import ReadSession, WriteSession
from belvedere.watchtower.contracts import Place, Rule
from belvedere.watchtower.repository import RULE_LOCK, rule_from_row
from belvedere.watchtower.rule_check import KnownField
from belvedere.watchtower.statements import statement

COLUMNS = (
    "id, name, field_name, condition, threshold_value, client_id, source_id, target_table, description,"
    " parent_rule_id, parent_client_id, dependency_condition, logic_operator, group_id, position, severity,"
    " is_active, notify_immediately, notify_schedule, notify_time, notify_day_of_week, notify_discord, notify_email,"
    " discord_channel_id, email_recipients, version, created_at, slug, aggregate, for_readings, for_minutes,"
    " recovery_threshold, recover_after, min_volume_field, min_volume, data_lag_minutes, no_data_policy, fires_from_zero,"
    " overrides_rule_id, overrides_client_id, title_template, message_template, repeat_minutes, remind_minutes,"
    " notify_zone, digest_all_clear, notify_webhook, webhook_channel_id, builtin"
)
_BY_ID = text(f"SELECT {COLUMNS} FROM watch.watchtower_rules WHERE id = :id")
_LOCKED = text(f"SELECT {COLUMNS} FROM watch.watchtower_rules WHERE id = :id FOR UPDATE")
_GROUP = text(
    f"SELECT {COLUMNS} FROM watch.watchtower_rules WHERE client_id = :client_id AND group_id = :group_id"
    " ORDER BY position, created_at, id"
)
_PARENTS = text("SELECT id, parent_rule_id FROM watch.watchtower_rules WHERE parent_rule_id IS NOT NULL")
_STAND_INS = text(
    "SELECT client_id, overrides_rule_id, id FROM watch.watchtower_rules WHERE overrides_rule_id IS NOT NULL AND is_active"
    " AND id <> :id"
)
_CHILDREN = text(
    "SELECT id, client_id, name FROM watch.watchtower_rules WHERE parent_rule_id = :id ORDER BY name"
)
_DETACH = text(
    "UPDATE watch.watchtower_rules SET parent_rule_id = NULL, parent_client_id = NULL,"
    " dependency_condition = NULL, version = version + 1 WHERE parent_rule_id = :id"
)
_BUMP = text("UPDATE watch.watchtower_rules SET version = version + 1 WHERE id = ANY (CAST(:ids AS uuid[]))")
_DELETE = text("DELETE FROM watch.watchtower_rules WHERE id = :id")
_LOCK = text("SELECT pg_advisory_xact_lock(:key)")
_SOURCE = text("SELECT provider, endpoint FROM watch.api_sources WHERE id = :id")
_SILENT = text(
    "SELECT source.provider || '/' || source.endpoint FROM watch.api_sources AS source"
    " WHERE source.id = ANY (CAST(:ids AS uuid[])) AND NOT EXISTS (SELECT FROM watch.api_snapshots AS snapshot"
    " WHERE snapshot.source_id = source.id AND snapshot.status = 'completed' AND snapshot.completeness = 'full'"
    " AND CAST(:client_id AS int) IN (0, snapshot.client_id)) ORDER BY 1"
)
_OPEN_OF_RULES = text(
    "SELECT id FROM watch.watchtower_alerts WHERE state = 'open'"
    " AND rule_id = ANY (CAST(:ids AS uuid[]))"
    " AND (CAST(:client_id AS integer) IS NULL OR client_id = CAST(:client_id AS integer)) ORDER BY id"
)
_BINDS: list[BindParameter[Any]] = [
    bindparam("email_recipients", type_=ARRAY(Text)),
    bindparam("source_id", type_=PG_UUID(as_uuid=True)),
    bindparam("overrides_rule_id", type_=PG_UUID(as_uuid=True)),
    bindparam("webhook_channel_id", type_=PG_UUID(as_uuid=True)),
]


async def lock_rules(session: WriteSession) -> None:
    """Held by whoever moves parents, so that two writers cannot close a circle together."""
    await session.execute(_LOCK, {"key": RULE_LOCK})


async def find_rule(session: ReadSession, rule_id: UUID, *, lock: bool = False) -> Rule | None:
    row = (await session.execute(_LOCKED if lock else _BY_ID, {"id": rule_id})).mappings().one_or_none()
    return None if row is None else rule_from_row(row)


async def find_group(session: ReadSession, client_id: int, group_id: UUID) -> list[Rule]:
    """Rows of a group, head first."""
    found = await session.execute(_GROUP, {"client_id": client_id, "group_id": group_id})
    return [rule_from_row(row) for row in found.mappings()]


async def find_parents(session: ReadSession) -> dict[UUID, UUID | None]:
    return {row.id: row.parent_rule_id for row in await session.execute(_PARENTS)}


async def find_stand_ins(session: ReadSession, *, but: UUID) -> dict[int, dict[UUID, UUID]]:
    """By client: the rule for every client → the one that stands in for it there; one rule is left out."""
    found: dict[int, dict[UUID, UUID]] = {}
    for row in await session.execute(_STAND_INS, {"id": but}):
        found.setdefault(row.client_id, {})[row.overrides_rule_id] = row.id
    return found


async def find_children(session: ReadSession, rule_id: UUID) -> list[tuple[UUID, int, str]]:
    return [(row.id, row.client_id, row.name) for row in await session.execute(_CHILDREN, {"id": rule_id})]


async def find_place(session: ReadSession, source_id: UUID, client_id: int) -> Place | None:
    row = (await session.execute(_SOURCE, {"id": source_id})).one_or_none()
    return None if row is None else Place(client_id, source_id, row.provider, row.endpoint)


async def find_known_field(
    session: ReadSession, name: str, source_id: UUID | None, client_id: int
) -> KnownField:
    values = {"name": name, "source_id": source_id, "client_id": client_id}
    row = (await session.execute(statement("known_field"), values)).one()
    return KnownField(row.is_metric, row.unit, row.is_extra)


async def find_more_facts(session: ReadSession, rule: Rule, siblings: Sequence[Rule]) -> dict[str, Any]:
    """The field of the guard, the rule that is replaced, and sources of the group that have no reading yet."""
    found: dict[str, Any] = {}
    if rule.min_volume_field:
        name = rule.min_volume_field.removeprefix("metric:")
        found["known_volume"] = await find_known_field(session, name, rule.source_id, rule.client_id)
    if rule.overrides_rule_id is not None:
        other = await find_rule(session, rule.overrides_rule_id)
        found["overridden"] = other
        if other is not None and other.group_id is not None:
            found["overridden_group"] = await find_group(session, other.client_id, other.group_id)
    source_ids = {row.source_id for row in (*siblings, rule)} - {None}
    if len(source_ids) > 1:
        values = {"ids": list(source_ids), "client_id": rule.client_id}
        found["silent_sources"] = list((await session.execute(_SILENT, values)).scalars())
    return found


async def insert_rule(session: WriteSession, rule: Rule, actor: str, now: datetime) -> None:
    await session.execute(
        statement("insert_rule").bindparams(*_BINDS), {**_values(rule), "actor": actor, "now": now}
    )


async def update_rule(session: WriteSession, rule: Rule) -> int:
    """Write every column; gives the rows changed, 0 where the person may not write them."""
    found = await session.execute(statement("update_rule").bindparams(*_BINDS), _values(rule))
    return int(found.rowcount)  # type: ignore[attr-defined]


def _values(rule: Rule) -> dict[str, Any]:
    values = asdict(rule)
    values["email_recipients"] = list(rule.email_recipients) or None
    return values


async def bump_versions(session: WriteSession, rule_ids: Iterable[UUID]) -> None:
    ids = list(rule_ids)
    if ids:
        await session.execute(_BUMP, {"ids": ids})


async def detach_children(session: WriteSession, rule_id: UUID) -> None:
    await session.execute(_DETACH, {"id": rule_id})


async def delete_rule(session: WriteSession, rule_id: UUID) -> int:
    return int((await session.execute(_DELETE, {"id": rule_id})).rowcount)  # type: ignore[attr-defined]


async def find_open_alerts(
    session: ReadSession, rule_ids: Sequence[UUID], client_id: int | None = None
) -> list[UUID]:
    values = {"ids": list(rule_ids), "client_id": client_id}
    return list((await session.execute(_OPEN_OF_RULES, values)).scalars())
