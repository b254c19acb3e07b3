"""A rule as it is asked for, before it is checked."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import time
from decimal import Decimal
from typing import Any
from uuid import UUID

from belvedere.watchtower.contracts import (
    Aggregate,
    Condition,
    DependencyCondition,
    LogicOperator,
    NoDataPolicy,
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
    slug: str | None = None
    aggregate: Aggregate | None = None
    for_readings: int = 1
    for_minutes: int | None = None
    recovery_threshold: str | None = None
    recover_after: int = 1
    min_volume_field: str | None = None
    min_volume: Decimal | None = None
    data_lag_minutes: int | None = None
    no_data_policy: NoDataPolicy = NoDataPolicy.IGNORE
    fires_from_zero: bool = False
    overrides_rule_id: UUID | None = None
    title_template: str | None = None
    message_template: str | None = None
    repeat_minutes: int | None = None
    remind_minutes: int | None = None
    notify_zone: str | None = None
    digest_all_clear: bool = False
    notify_webhook: bool = False
    webhook_channel_id: UUID | None = None


CHANGEABLE = frozenset(RuleDraft.__dataclass_fields__) - {"client_id"}
"""What an update may name; a rule stays with its client."""

SEMANTIC = frozenset(
    {
        "field_name", "condition", "threshold_value", "source_id", "target_table", "parent_rule_id",
        "dependency_condition", "logic_operator", "group_id", "position", "is_active", "aggregate", "for_readings",
        "for_minutes", "min_volume_field", "min_volume", "data_lag_minutes", "no_data_policy", "fires_from_zero",
        "overrides_rule_id",
    }
)  # fmt: skip
"""A change of these means another question: a new version, and open alerts of the old one close."""


def rule_of(draft: RuleDraft, rule_id: UUID, **more: Any) -> Rule:
    """The rule a draft would become."""
    values = {name: getattr(draft, name) for name in RuleDraft.__dataclass_fields__}
    values["client_id"] = draft.client_id or 0
    values["position"] = draft.position or 0
    values["overrides_client_id"] = 0 if draft.overrides_rule_id else None
    values["email_recipients"] = tuple(draft.email_recipients or ())
    return Rule(id=rule_id, **{**values, **more})


def changed_rule(rule: Rule, changes: Mapping[str, Any]) -> Rule:
    """A rule with the named fields replaced, None where the seed's column is cleared."""
    cleared: dict[str, Any] = {
        "logic_operator": LogicOperator.AND,
        "severity": Severity.WARNING,
        "position": 0,
        "for_readings": 1,
        "recover_after": 1,
        "no_data_policy": NoDataPolicy.IGNORE,
    }
    values: dict[str, Any] = {
        name: cleared.get(name) if value is None else value for name, value in changes.items()
    }
    if "email_recipients" in values:
        values["email_recipients"] = tuple(values["email_recipients"] or ())
    if "overrides_rule_id" in values:
        values["overrides_client_id"] = 0 if values["overrides_rule_id"] else None
    return replace(rule, **values)


def is_semantic(before: Rule, after: Rule) -> bool:
    return any(getattr(before, name) != getattr(after, name) for name in SEMANTIC)
