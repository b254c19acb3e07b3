"""Who blocks whom: parents with their state for each client, children with what they hold back right now."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any
from uuid import UUID

import orjson
from sqlalchemy import RowMapping, text

from belvedere.core.database import ReadSession
from belvedere.core.errors import NotFound
from belvedere.watchtower.statements import statement

_FAMILY = text(
    "SELECT id, name, client_id, severity, is_active, parent_rule_id, dependency_condition, source_id"
    " FROM watch.watchtower_rules WHERE id = :id OR parent_rule_id = :id"
    " OR id = (SELECT parent_rule_id FROM watch.watchtower_rules WHERE id = :id) ORDER BY name, id"
)
_ALL = text(
    "SELECT id, name, client_id, severity, is_active, parent_rule_id, dependency_condition, source_id"
    " FROM watch.watchtower_rules r"
    " WHERE (CAST(:client_id AS integer) IS NULL OR r.client_id IN (0, CAST(:client_id AS integer)))"
    " AND (r.parent_rule_id IS NOT NULL"
    "      OR EXISTS (SELECT 1 FROM watch.watchtower_rules c WHERE c.parent_rule_id = r.id))"
    " ORDER BY r.name, r.id"
)


async def rule_blocking(session: ReadSession, rule_id: UUID, now: datetime) -> dict[str, Any]:
    """A rule with its state for each client, its parent with its own, and its children with what they hold back."""
    family = (await session.execute(_FAMILY, {"id": rule_id})).mappings().all()
    rules = {row["id"]: _rule(row) for row in family}
    if rule_id not in rules:
        raise NotFound("There is no such rule.")
    await _fill(session, rules, now, None)
    own = rules[rule_id]
    parent_id = own["parent_rule_id"]
    return {
        "rule": own,
        "parent": rules.get(parent_id) if parent_id else None,
        "children": [rule for rule in rules.values() if rule["parent_rule_id"] == rule_id],
    }


async def list_dependencies(
    session: ReadSession, now: datetime, *, client_id: int | None = None
) -> dict[str, Any]:
    """Every rule that waits or is waited for, and the lines between them."""
    found = (await session.execute(_ALL, {"client_id": client_id})).mappings().all()
    rules = {row["id"]: _rule(row) for row in found}
    await _fill(session, rules, now, client_id)
    edges = [
        {
            "parent_rule_id": rule["parent_rule_id"],
            "child_rule_id": rule["id"],
            "condition": rule["dependency_condition"],
            "held_back": sum(len(place["entities"]) for place in rule["holds_back"]),
        }
        for rule in rules.values()
        if rule["parent_rule_id"] is not None
    ]
    return {"rules": list(rules.values()), "edges": edges}


async def _fill(
    session: ReadSession, rules: dict[UUID, dict[str, Any]], now: datetime, client_id: int | None
) -> None:
    states = await _by_rule(session, "parent_states", rules, now, client_id)
    held = await _by_rule(session, "held_children", rules, now, client_id)
    for rule_id, rule in rules.items():
        rule["states"] = states.get(rule_id, [])
        rule["holds_back"] = held.get(rule_id, [])


async def _by_rule(
    session: ReadSession, name: str, ids: Iterable[UUID], now: datetime, client_id: int | None
) -> dict[UUID, list[dict[str, Any]]]:
    values: dict[str, Any] = {"ids": list(ids), "client_id": client_id}
    if name == "parent_states":
        values["now"] = now
    return {row[0]: orjson.loads(row[1]) for row in await session.execute(statement(name), values)}


def _rule(row: RowMapping) -> dict[str, Any]:
    return {**dict(row), "client_id": row["client_id"] or None}
