"""Words and shapes of the watch tower that other domains may see."""

from enum import StrEnum


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
