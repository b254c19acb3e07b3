"""Words and shapes of the watch tower that other domains may see."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, time
from enum import StrEnum
from typing import Any
from uuid import UUID


class Condition(StrEnum):
    EQUALS = "equals"
    GREATER_THAN = "greater_than"
    LESS_THAN = "less_than"
    CHANGED = "changed"
    CONTAINS = "contains"


class DependencyCondition(StrEnum):
    """Which state of the parent rule lets a rule fire; the three words split the parent's states."""

    TRIGGERED = "triggered"
    NOT_TRIGGERED = "not_triggered"
    ACKNOWLEDGED = "acknowledged"


class LogicOperator(StrEnum):
    AND = "AND"
    OR = "OR"


class Severity(StrEnum):
    INFO = "info"
    WARNING = "warning"
    CRITICAL = "critical"


class NotifySchedule(StrEnum):
    DAILY = "daily"
    WEEKLY = "weekly"


class AlertState(StrEnum):
    OPEN = "open"
    RESOLVED = "resolved"


class ResolvedReason(StrEnum):
    """Why an alert closed."""

    RECOVERED = "recovered"
    MISSING = "missing"
    RULE_CHANGED = "rule_changed"
    BY_PERSON = "by_person"
    EXPIRED = "expired"


class AlertEventKind(StrEnum):
    OPENED = "opened"
    SEEN_AGAIN = "seen_again"
    SEVERITY_RAISED = "severity_raised"
    ACKNOWLEDGED = "acknowledged"
    UNACKNOWLEDGED = "unacknowledged"
    RESOLVED = "resolved"
    NOTE = "note"


TARGET_TABLES = ("api_records", "communication_reports", "clients")

DEPTH_LIMIT = 8
"""How many rules a chain of parents may hold."""

BEGINNING = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Rule:
    """One row of `watchtower_rules`; client 0 means every client."""

    id: UUID
    name: str
    field_name: str
    condition: Condition
    threshold_value: str | None = None
    client_id: int = 0
    source_id: UUID | None = None
    target_table: str | None = None
    description: str | None = None
    parent_rule_id: UUID | None = None
    parent_client_id: int | None = None
    dependency_condition: DependencyCondition | None = None
    logic_operator: LogicOperator = LogicOperator.AND
    group_id: UUID | None = None
    position: int = 0
    severity: Severity = Severity.WARNING
    is_active: bool = True
    notify_immediately: bool = True
    notify_schedule: NotifySchedule | None = None
    notify_time: time | None = None
    notify_day_of_week: int | None = None
    notify_discord: bool = False
    notify_email: bool = False
    discord_channel_id: str | None = None
    email_recipients: tuple[str, ...] = ()
    version: int = 1
    created_at: datetime = BEGINNING


@dataclass(frozen=True, slots=True)
class OpenAlert:
    """An alert that is open now. `comparable`: it was last seen in readings of the same account as the
    present one.
    """

    id: UUID
    rule_id: UUID
    client_id: int
    source_id: UUID | None
    external_id: str | None
    is_acknowledged: bool = False
    missing_readings: int = 0
    comparable: bool = True
    last_seen_at: datetime = BEGINNING


@dataclass(frozen=True, slots=True)
class ParentFacts:
    """What is known of a parent rule outside the present reading: was it judged, for whom."""

    is_active: bool
    judged_for_client: bool = False
    judged_for_agency: bool = False
    judged_here: bool = False


@dataclass(frozen=True, slots=True)
class Place:
    """Where a reading comes from."""

    client_id: int
    source_id: UUID
    provider: str
    endpoint: str

    @property
    def target_table(self) -> str:
        """What a rule without a target watches here."""
        if self.provider == "internal" and self.endpoint in TARGET_TABLES:
            return self.endpoint
        return "api_records"


@dataclass(frozen=True, slots=True)
class WatchState:
    """All that judging needs beside the readings. `open_alerts` hold those of the rules and of their
    parents.
    """

    place: Place
    is_full: bool = True
    open_alerts: Sequence[OpenAlert] = ()
    parents: Mapping[UUID, ParentFacts] = field(default_factory=dict)
    metric_units: Mapping[str, str] = field(default_factory=dict)
    metric_labels: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class ConditionReason:
    """One line of "Why it fired": `result` is None where the value is missing."""

    rule_id: UUID
    name: str
    field: str
    label: str
    condition: str
    limit: str | None
    value: str | None
    previous: str | None
    unit: str | None
    result: bool | None
    joined_by: str | None = None

    def document(self) -> dict[str, Any]:
        return {
            "rule_id": str(self.rule_id),
            "name": self.name,
            "field": self.field,
            "label": self.label,
            "condition": self.condition,
            "limit": self.limit,
            "value": self.value,
            "previous": self.previous,
            "unit": self.unit,
            "result": self.result,
            "joined_by": self.joined_by,
        }


@dataclass(frozen=True, slots=True)
class Finding:
    """One entity that a rule fired on."""

    external_id: str
    record_id: UUID
    entity_name: str | None
    conditions: tuple[ConditionReason, ...]

    @property
    def head(self) -> ConditionReason:
        return self.conditions[0]


@dataclass(frozen=True, slots=True)
class Closing:
    """An open alert that ends with this reading."""

    alert: OpenAlert
    reason: ResolvedReason
    conditions: tuple[ConditionReason, ...] = ()


@dataclass(frozen=True, slots=True)
class Verdict:
    """What one rule (or group, under its head) says of one reading, and what follows for its alerts."""

    rule: Rule
    entities: int = 0
    matched: int = 0
    no_data: int = 0
    errors: int = 0
    held_back: int = 0
    why: Mapping[str, Any] = field(default_factory=dict)
    opened: tuple[Finding, ...] = ()
    seen_again: tuple[tuple[OpenAlert, Finding], ...] = ()
    closed: tuple[Closing, ...] = ()
    missing: tuple[OpenAlert, ...] = ()
    returned: tuple[OpenAlert, ...] = ()
