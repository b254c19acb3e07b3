"""A rule as it is asked for, before it is checked."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import time
from typing import Any
from uuid import UUID

from belvedere.watchtower.contracts import (
    Condition,
    DependencyCondition,
    LogicOperator,
    NotifySchedule,
    Rule,
    Severity,
)


@dataclass(frozen=True, slots=True)
class RuleDraft:
    """The seed's fields by the seed's names; `client_id` None is every client, `position` None the end of its
    group.
    """

    name: str
    field_name: str
    condition: Condition
    threshold_value: str | None = None
    source_id: UUID | None = None
    client_id: int | None = None
    target_table: str | None = None
    description: str | None = None
    parent_rule_id: UUID | None = None
    dependency_condition: DependencyCondition | None = None
    logic_operator: LogicOperator = LogicOperator.AND
    group_id: UUID | None = None
    position: int | None = None
    severity: Severity = Severity.WARNING
    is_active: bool = True
    notify_immediately: bool = True
    notify_schedule: NotifySchedule | None = None
    notify_time: time | None = None
    notify_day_of_week: int | None = None
    notify_discord: bool = False
    notify_email: bool = False
    discord_channel_id: str | None = None
    email_recipients: tuple[str, ...] | None = None


CHANGEABLE = frozenset(RuleDraft.__dataclass_fields__) - {"client_id"}
"""What an update may name; a rule stays with its client."""

SEMANTIC = frozenset(
    {
        "field_name", "condition", "threshold_value", "source_id", "target_table", "parent_rule_id",
        "dependency_condition", "logic_operator", "group_id", "position", "is_active",
    }
)  # fmt: skip
"""A change of these means another question: a new version, and open alerts of the old one close."""


def rule_of(draft: RuleDraft, rule_id: UUID, **more: Any) -> Rule:
    """The rule a draft would become."""
    values = {name: getattr(draft, name) for name in RuleDraft.__dataclass_fields__}
    values["client_id"] = draft.client_id or 0
    values["position"] = draft.position or 0
    values["email_recipients"] = tuple(draft.email_recipients or ())
    return Rule(id=rule_id, **{**values, **more})


def changed_rule(rule: Rule, changes: Mapping[str, Any]) -> Rule:
    """A rule with the named fields replaced, None where the seed's column is cleared."""
    cleared: dict[str, Any] = {
        "logic_operator": LogicOperator.AND,
        "severity": Severity.WARNING,
        "position": 0,
    }
    values: dict[str, Any] = {
        name: cleared.get(name) if value is None else value for name, value in changes.items()
    }
    if "email_recipients" in values:
        values["email_recipients"] = tuple(values["email_recipients"] or ())
    return replace(rule, **values)


def is_semantic(before: Rule, after: Rule) -> bool:
    return any(getattr(before, name) != getattr(after, name) for name in SEMANTIC)
