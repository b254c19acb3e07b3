"""A rule as it is asked for, before it is checked."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any
from uuid import UUID

from belvedere.watchtower.contracts import (
    Condition,
    LogicOperator,
    NoDataPolicy,
    Rule,
    RuleTerms,
    Severity,
)


@dataclass(frozen=True, slots=True)
class RuleDraft(RuleTerms):
    """A rule's fields by the names of its columns; `client_id` None is every client, `position` None the end of its
    group.
    """

    name: str
    field_name: str
    condition: Condition
    threshold_value: str | None = None
    client_id: int | None = None
    position: int | None = None
    email_recipients: tuple[str, ...] | None = None


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

_LIMIT = ("field_name", "condition", "threshold_value", "recovery_threshold", "aggregate")


def rule_of(draft: RuleDraft, rule_id: UUID, **more: Any) -> Rule:
    """The rule a draft would become."""
    values = {name: getattr(draft, name) for name in RuleDraft.__dataclass_fields__}
    values["client_id"] = draft.client_id or 0
    values["position"] = draft.position or 0
    values["overrides_client_id"] = 0 if draft.overrides_rule_id else None
    values["email_recipients"] = tuple(draft.email_recipients or ())
    return Rule(id=rule_id, **{**values, **more})


def changed_rule(rule: Rule, changes: Mapping[str, Any]) -> Rule:
    """A rule with the named fields replaced, None where a column is cleared."""
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


def is_same_limit(before: Rule, after: Rule) -> bool:
    """Whether both compare the same thing with the same limits."""
    return all(getattr(before, name) == getattr(after, name) for name in _LIMIT)
