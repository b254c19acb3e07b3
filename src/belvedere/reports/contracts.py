"""The words of reports that others may see."""

from enum import StrEnum


class InstanceType(StrEnum):
    STANDARD = "STANDARD"
    SANDBOX = "SANDBOX"


class TimeBasis(StrEnum):
    """Which moment a row is counted at; it decides how long a closed week can still change."""

    EVENT = "event"
    CONVERSION = "conversion"
    TRAFFIC = "traffic"


class WorkflowStatus(StrEnum):
    DRAFT = "draft"
    ACTIVE = "active"
    ARCHIVED = "archived"


class TriggerType(StrEnum):
    BACKFILL = "backfill"
    WEEKLY = "weekly"
    MANUAL = "manual"
    SCHEDULE = "schedule"


class TimeWindowType(StrEnum):
    """The platform's words; the program itself always asks for EXPLICIT."""

    EXPLICIT = "EXPLICIT"
    MOST_RECENT_DAY = "MOST_RECENT_DAY"
    MOST_RECENT_WEEK = "MOST_RECENT_WEEK"
    CURRENT_MONTH = "CURRENT_MONTH"
    PREVIOUS_MONTH = "PREVIOUS_MONTH"


class ExecutionStatus(StrEnum):
    SUBMITTING = "submitting"
    PENDING = "pending"
    RUNNING = "running"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    CANCELLED = "cancelled"


class CollectionType(StrEnum):
    BACKFILL = "backfill"
    WEEKLY_UPDATE = "weekly_update"


class CollectionStatus(StrEnum):
    PENDING = "pending"
    RUNNING = "running"
    COMPLETED = "completed"
    FAILED = "failed"
    PAUSED = "paused"


class WeekStatus(StrEnum):
    PENDING = "pending"
    RUNNING = "running"
    COMPLETED = "completed"
    FAILED = "failed"
    SKIPPED = "skipped"


class SkipReason(StrEnum):
    OUTSIDE_LOOKBACK = "outside_lookback"
    DUPLICATE_OF = "duplicate_of"


class VersionStatus(StrEnum):
    """A restatement that changes a closed week too much waits for a person before it feeds the aggregates."""

    ACCEPTED = "accepted"
    WAITING = "waiting"
    REFUSED = "refused"


class AggregationType(StrEnum):
    WEEKLY = "weekly"
    MONTHLY = "monthly"
    QUARTERLY = "quarterly"


class TemplateType(StrEnum):
    PERFORMANCE = "performance"
    ATTRIBUTION = "attribution"
    AUDIENCE = "audience"
    CUSTOM = "custom"


class WidgetType(StrEnum):
    CHART = "chart"
    TABLE = "table"
    METRIC_CARD = "metric_card"
    TEXT = "text"


class ChartType(StrEnum):
    LINE = "line"
    BAR = "bar"
    PIE = "pie"
    SCATTER = "scatter"
    AREA = "area"


class InsightType(StrEnum):
    TREND_ANALYSIS = "trend_analysis"
    ANOMALY_DETECTION = "anomaly_detection"
    OPTIMIZATION = "optimization"


class PermissionLevel(StrEnum):
    VIEW = "view"
    EDIT = "edit"


class ScheduleFormat(StrEnum):
    PDF = "pdf"
    HTML = "html"
    CSV = "csv"


class ScheduleOutcome(StrEnum):
    SENT = "sent"
    WAITING = "waiting"
    FAILED = "failed"
