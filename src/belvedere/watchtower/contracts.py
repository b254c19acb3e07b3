"""Words and shapes of the watch tower that other domains may see."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, time
from decimal import Decimal
from enum import StrEnum
from typing import Any
from uuid import UUID

from belvedere.sources.contracts import Frames


class Condition(StrEnum):
    EQUALS = "equals"
    GREATER_THAN = "greater_than"
    LESS_THAN = "less_than"
    CHANGED = "changed"
    CONTAINS = "contains"
    NOT_EQUALS = "not_equals"
    GREATER_OR_EQUAL = "greater_or_equal"
    LESS_OR_EQUAL = "less_or_equal"
    BETWEEN = "between"
    IN = "in"
    IS_NULL = "is_null"
    IS_NOT_NULL = "is_not_null"
    CHANGED_FROM_TO = "changed_from_to"
    ADDED = "added"
    REMOVED = "removed"
    PERCENT_CHANGE = "percent_change"
    NO_DATA = "no_data"
    STALE = "stale"


WITHOUT_THRESHOLD = frozenset(
    {
        Condition.CHANGED,
        Condition.IS_NULL,
        Condition.IS_NOT_NULL,
        Condition.ADDED,
        Condition.REMOVED,
        Condition.NO_DATA,
    }
)
"""Conditions that may stand without a limit; a `changed` with one means changed to it."""


class Aggregate(StrEnum):
    """How a whole reading is judged as one; a rule without one judges each record.

    any and all ask whether records meet the condition; count and share (percent) count the records that carry
    the field; sum, avg, min and max take its numbers.
    """

    ANY = "any"
    ALL = "all"
    COUNT = "count"
    SHARE = "share"
    SUM = "sum"
    AVG = "avg"
    MIN = "min"
    MAX = "max"


class NoDataPolicy(StrEnum):
    """What a missing value means: nothing (the alert stays as it is and nothing opens), an alert of its own,
    that an open alert counts as seen, or that it resolves.
    """

    IGNORE = "ignore"
    ALERT = "alert"
    KEEP = "keep"
    RESOLVE = "resolve"


class DigestState(StrEnum):
    """`sent` in time, `late` as one catch-up, `all_clear` with nothing to tell but asked for, `empty` unsent."""

    SENT = "sent"
    LATE = "late"
    ALL_CLEAR = "all_clear"
    EMPTY = "empty"


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
    NO_DATA = "no_data"


class AlertEventKind(StrEnum):
    OPENED = "opened"
    SEEN_AGAIN = "seen_again"
    SEVERITY_RAISED = "severity_raised"
    ACKNOWLEDGED = "acknowledged"
    UNACKNOWLEDGED = "unacknowledged"
    RESOLVED = "resolved"
    NOTE = "note"
    WORSENED = "worsened"
    TOLD_AGAIN = "told_again"
    REMINDED = "reminded"
    ACK_EXPIRED = "ack_expired"
    SNOOZED = "snoozed"
    UNSNOOZED = "unsnoozed"
    SILENCED = "silenced"
    STORMED = "stormed"


TARGET_TABLES = ("api_records", "communication_reports", "clients")
"""What the first specification prints; `sources.targets` registers these and any more."""

DEPTH_LIMIT = 8
"""How many rules a chain of parents may hold."""

BEGINNING = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleTerms:
    """What a rule and the draft of one say alike."""

    source_id: UUID | None = None
    target_table: str | None = None
    description: str | None = None
    parent_rule_id: UUID | None = None
    dependency_condition: DependencyCondition | None = None
    logic_operator: LogicOperator = LogicOperator.AND
    group_id: UUID | None = None
    severity: Severity = Severity.WARNING
    is_active: bool = True
    notify_immediately: bool = True
    notify_schedule: NotifySchedule | None = None
    notify_time: time | None = None
    notify_day_of_week: int | None = None
    notify_discord: bool = False
    notify_email: bool = False
    discord_channel_id: str | None = None
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


@dataclass(frozen=True, slots=True)
class Rule(RuleTerms):
    """One row of `watchtower_rules`; client 0 means every client."""

    id: UUID
    name: str
    field_name: str
    condition: Condition
    threshold_value: str | None = None
    client_id: int = 0
    parent_client_id: int | None = None
    position: int = 0
    email_recipients: tuple[str, ...] = ()
    version: int = 1
    created_at: datetime = BEGINNING
    overrides_client_id: int | None = None
    builtin: str | None = None


@dataclass(frozen=True, slots=True)
class PendingBreach:
    """A breach that has not lasted long enough; `since` is the data time of its first reading.

    `readings` are those before the one that is judged now.
    """

    fingerprint: str
    rule_id: UUID
    external_id: str | None
    readings: int
    since: datetime


@dataclass(frozen=True, slots=True)
class OpenAlert:
    """An alert that is open now. `comparable`: it was last seen in readings of the same account as the present one.
    `missing_as_of`, `good_as_of`: data time of the reading that was counted last.
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
    good_readings: int = 0
    missing_as_of: datetime | None = None
    good_as_of: datetime | None = None
    severity: Severity = Severity.WARNING
    current_value: str | None = None
    is_about_no_data: bool = False
    told_value: str | None = None
    is_quiet: bool = False
    seen_here: bool = False


@dataclass(frozen=True, slots=True)
class ParentFacts:
    """What is known of a parent rule outside the present reading: was it judged, for whom.

    `is_stale`: its source has no fresh data for this client; `is_due`: a reading of it is under way or due now.
    """

    is_active: bool
    judged_for_client: bool = False
    judged_for_agency: bool = False
    judged_here: bool = False
    is_stale: bool = False
    is_due: bool = False


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
        return self.endpoint if self.provider == "internal" else "api_records"


@dataclass(frozen=True, slots=True)
class OtherReading:
    """The newest good reading of another source of the same client, for groups that stand on several."""

    place: Place
    frames: Frames
    previous: Frames | None = None
    is_stale: bool = False


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
    pending: Sequence[PendingBreach] = ()
    data_as_of: datetime | None = None
    other_readings: Sequence["OtherReading"] = ()


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
    entity: str | None = None
    """The record of another source, or of the whole reading, that shows it; None where it is the alert's own."""

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
            **({"entity": self.entity} if self.entity else {}),
        }


@dataclass(frozen=True, slots=True)
class Finding:
    """One entity that a rule fired on; a reading judged as a whole has external_id "" and no record."""

    external_id: str
    record_id: UUID | None
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
    opened: Sequence[Finding] = ()
    seen_again: tuple[tuple[OpenAlert, Finding], ...] = ()
    closed: tuple[Closing, ...] = ()
    missing: tuple[OpenAlert, ...] = ()
    returned: tuple[OpenAlert, ...] = ()
    silent: tuple[Finding, ...] = ()
    """Entities without a value that open an alert about just that."""
    kept: tuple[OpenAlert, ...] = ()
    """Alerts that count as seen though the value is missing."""
    recovering: tuple[OpenAlert, ...] = ()
    """One more good reading, but not enough of them yet."""
    relapsed: tuple[OpenAlert, ...] = ()
    """Good readings in a row end without a new breach."""
    waiting: tuple[PendingBreach, ...] = ()
    cleared: tuple[str, ...] = ()
    """Entities whose waiting breach ended."""
    awaits: bool = False
    """Something is held only until a reading of the parent that is due."""
