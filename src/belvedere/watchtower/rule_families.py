"""Rules that hang on each other: parents, places in a group, and which rule stands in for one of every client.

The database refuses the same; here each refusal says what to do instead.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from uuid import UUID

from sqlalchemy import text

from belvedere.core.database import ReadSession, WriteSession
from belvedere.core.errors import Conflict, FieldProblem
from belvedere.core.schema import AGENCY
from belvedere.watchtower import rule_rows
from belvedere.watchtower.contracts import Rule
from belvedere.watchtower.dependencies import STAND_IN_CIRCLE, chain_problem, closes_circle
from belvedere.watchtower.rule_check import invalid

MOVES = frozenset(
    {"parent_rule_id", "dependency_condition", "group_id", "position", "overrides_rule_id", "is_active"}
)
"""Changes that are made one after the other, so that two together close no circle."""

_STAND_INS = text(
    "SELECT id, name FROM watch.watchtower_rules WHERE client_id = :client_id AND is_active"
    " AND overrides_rule_id = :overridden AND id <> :id"
    " AND (group_id IS NULL OR group_id IS DISTINCT FROM CAST(:group_id AS uuid)) ORDER BY created_at, id LIMIT 1"
)


async def with_parent(session: WriteSession, rule: Rule, siblings: Sequence[Rule]) -> Rule:
    """Check the parent under the lock that every writer of parents takes."""
    if (rule.parent_rule_id is None) != (rule.dependency_condition is None):
        missing = "dependency_condition" if rule.parent_rule_id else "parent_rule_id"
        raise invalid(missing, "required", "parent_rule_id and dependency_condition are given together.")
    if rule.parent_rule_id is None:
        return replace(rule, parent_client_id=None)
    await rule_rows.lock_rules(session)
    parent = await rule_rows.find_rule(session, rule.parent_rule_id)
    if parent is None or parent.client_id not in (0, rule.client_id):
        raise invalid("parent_rule_id", "unknown", "There is no such rule of this client or of every client.")
    if parent.group_id is not None:
        group = await rule_rows.find_group(session, parent.client_id, parent.group_id)
        if group and group[0].id != parent.id:
            raise invalid(
                "parent_rule_id",
                "not_head",
                f"A group is judged under its first row; choose “{group[0].name}”.",
            )
    if rule.parent_rule_id in {row.id for row in siblings}:
        raise invalid(
            "parent_rule_id", "cycle", "A row cannot wait for its own group. Choose another parent."
        )
    parent_of = await rule_rows.find_parents(session)
    problem = chain_problem(rule.id, parent.id, parent_of, below=_levels_below(rule.id, parent_of))
    if problem:
        raise invalid("parent_rule_id", "cycle" if "circle" in problem else "too_deep", problem)
    await _check_stand_ins(session, rule, {**parent_of, rule.id: parent.id})
    return replace(rule, parent_client_id=parent.client_id)


async def _check_stand_ins(session: ReadSession, rule: Rule, parent_of: Mapping[UUID, UUID | None]) -> None:
    """At a client, whoever waits for a replaced rule waits for the one that stands in for it."""
    places = await rule_rows.find_stand_ins(session, but=rule.id)
    if rule.overrides_rule_id is not None and rule.is_active:
        places.setdefault(rule.client_id, {})[rule.overrides_rule_id] = rule.id
    here = places.values() if rule.client_id == AGENCY else [places.get(rule.client_id, {})]
    if any(closes_circle(rule.id, parent_of, stand_ins) for stand_ins in here):
        raise invalid("parent_rule_id", "cycle", STAND_IN_CIRCLE)


def _levels_below(rule_id: UUID, parent_of: Mapping[UUID, UUID | None]) -> int:
    """How many levels of children hang under a rule."""
    levels, frontier = 0, {rule_id}
    while frontier and levels < len(parent_of) + 1:
        frontier = {child for child, parent in parent_of.items() if parent in frontier}
        levels += bool(frontier)
    return levels


async def check_place(
    session: WriteSession, before: Rule | None, rule: Rule, siblings: Sequence[Rule]
) -> None:
    """A rule that others wait for leads its group: a row further down has no answer of its own."""
    if before is not None and before.group_id not in (None, rule.group_id):
        await _check_leaving(session, before)
    rows = sorted([*siblings, rule], key=_place) if rule.group_id is not None else []
    for row in rows[1:]:
        children = await rule_rows.find_children(session, row.id)
        if children:
            joins = before is None or before.group_id != rule.group_id
            child = children[0][2]
            raise invalid(
                "group_id" if joins and row.id == rule.id else "position",
                "not_head",
                f"“{child}” waits for “{row.name}”, and a group is waited for under its first row. Keep"
                f" “{row.name}” first, or give “{child}” another parent before.",
            )


async def _check_leaving(session: WriteSession, before: Rule) -> None:
    if before.group_id is None:
        return
    left = await rule_rows.find_group(session, before.client_id, before.group_id)
    children = await rule_rows.find_children(session, before.id) if len(left) > 1 else []
    if children:
        raise invalid(
            "group_id",
            "has_children",
            f"“{children[0][2]}” waits for this group under its first row “{before.name}”. Give it another parent before"
            " the row leaves.",
        )


def _place(rule: Rule) -> tuple[int, bool, datetime | None, UUID]:
    return rule.position, rule.created_at is None, rule.created_at, rule.id


async def check_sole_stand_in(session: ReadSession, rule: Rule) -> None:
    """Two rules in place of one would open two alerts for one breach."""
    if rule.overrides_rule_id is None or not rule.is_active:
        return
    values = {
        "client_id": rule.client_id, "overridden": rule.overrides_rule_id, "id": rule.id, "group_id": rule.group_id,
    }  # fmt: skip
    found = (await session.execute(_STAND_INS, values)).one_or_none()
    if found is not None:
        raise taken_override(found.name)


def taken_override(name: str) -> Conflict:
    who = f"“{name}”" if name else "Another rule"
    detail = (
        f"overrides_rule_id: {who} stands in for that rule at this client already. Change that one, or switch it off"
        " first."
    )
    return Conflict(
        detail, errors=[FieldProblem("/overrides_rule_id", "taken", detail)], code="rule_override_taken"
    )
