"""The words of ads: platforms, states, kinds. CHECKs of the tables are made from them."""

from enum import StrEnum


class Platform(StrEnum):
    """Where ads run; `organic` only reports and takes no budget and no action."""

    META = "meta"
    GOOGLE = "google"
    ORGANIC = "organic"
    TIKTOK = "tiktok"
    PINTEREST = "pinterest"


class AccountStatus(StrEnum):
    ACTIVE = "active"
    PAUSED = "paused"
    CLOSED = "closed"
    UNKNOWN = "unknown"


class CampaignStatus(StrEnum):
    """The state of a campaign in one set of words; what the platform said stands beside it."""

    ACTIVE = "active"
    PAUSED = "paused"
    DRAFT = "draft"
    ARCHIVED = "archived"
    REMOVED = "removed"
    UNKNOWN = "unknown"


class ShownStatus(StrEnum):
    """The states that the view `ads_campaigns` knows."""

    ACTIVE = "active"
    PAUSED = "paused"
    DRAFT = "draft"
    ARCHIVED = "archived"


class BudgetPeriod(StrEnum):
    DAILY = "daily"
    LIFETIME = "lifetime"


class RecommendationStatus(StrEnum):
    """A recommendation's life; pending, accepted, rejected and executed are what the outside sees."""

    DRAFT = "draft"
    PENDING = "pending"
    ACCEPTED = "accepted"
    REJECTED = "rejected"
    EXECUTING = "executing"
    EXECUTED = "executed"
    MEASURED = "measured"
    EXPIRED = "expired"
    SUPERSEDED = "superseded"
    FAILED = "failed"
    ROLLED_BACK = "rolled_back"


class RevenueBasis(StrEnum):
    """Whose count of revenue a number rests on."""

    ATTRIBUTED = "attributed"
    STORE = "store"
    ANALYTICS = "analytics"


class AllocationStatus(StrEnum):
    DRAFT = "draft"
    ACTIVE = "active"
    SUPERSEDED = "superseded"
    ARCHIVED = "archived"


class ActionType(StrEnum):
    """Kinds of actions known so far; the table takes further upper-case words."""

    PAUSE = "PAUSE"
    RESUME = "RESUME"
    BUDGET_CHANGE = "BUDGET_CHANGE"
    REALLOCATE = "REALLOCATE"


class ActionStatus(StrEnum):
    """An action's life; `unknown` means the platform did not answer, and only a read may settle it."""

    PLANNED = "planned"
    AWAITING_APPROVAL = "awaiting_approval"
    APPROVED = "approved"
    EXECUTING = "executing"
    EXECUTED = "executed"
    UNKNOWN = "unknown"
    FAILED = "failed"
    REJECTED = "rejected"
    CANCELLED = "cancelled"
    ROLLED_BACK = "rolled_back"


class ActionEventKind(StrEnum):
    PLANNED = "planned"
    VALIDATED = "validated"
    APPROVAL_ASKED = "approval_asked"
    APPROVED = "approved"
    REJECTED = "rejected"
    STARTED = "started"
    PRECONDITION_FAILED = "precondition_failed"
    SENT = "sent"
    TIMED_OUT = "timed_out"
    READ_BACK = "read_back"
    EXECUTED = "executed"
    FAILED = "failed"
    CANCELLED = "cancelled"
    ROLLED_BACK = "rolled_back"
    NOTE = "note"


class AlertType(StrEnum):
    """Kinds of alerts known so far; the table takes further upper-case words."""

    ROAS_DROP = "ROAS_DROP"
    CPA_SPIKE = "CPA_SPIKE"
    ZERO_CONVERSIONS = "ZERO_CONVERSIONS"


class AlertSeverity(StrEnum):
    LOW = "LOW"
    MEDIUM = "MEDIUM"
    HIGH = "HIGH"
    CRITICAL = "CRITICAL"


class AlertOrigin(StrEnum):
    """Which watch raised an alert of the inbox."""

    ADS = "ads"
    WATCH = "watch"


class InboxState(StrEnum):
    """Where an alert of the inbox stands, whichever table it is in."""

    OPEN = "open"
    ACKNOWLEDGED = "acknowledged"
    SNOOZED = "snoozed"
    RESOLVED = "resolved"
