"""Words of outreach that stand in the database and that other domains may see."""

from enum import StrEnum


class EmailStatus(StrEnum):
    """What is known about an address; `role` is a shared mailbox such as info@."""

    UNKNOWN = "unknown"
    VALID = "valid"
    RISKY = "risky"
    INVALID = "invalid"
    ROLE = "role"


class LawfulBasis(StrEnum):
    CONSENT = "consent"
    LEGITIMATE_INTEREST = "legitimate_interest"
    CONTRACT = "contract"
    NONE = "none"


class LeadStatus(StrEnum):
    NEW = "new"
    ANALYSED = "analysed"
    CONTACTED = "contacted"
    REPLIED = "replied"
    MEETING = "meeting"
    WON = "won"
    LOST = "lost"
    ARCHIVED = "archived"
    ERASED = "erased"


class WorkStatus(StrEnum):
    """Of a scraping job and an analysis."""

    QUEUED = "queued"
    RUNNING = "running"
    COMPLETED = "completed"
    FAILED = "failed"
    CANCELLED = "cancelled"


class DemoStatus(StrEnum):
    QUEUED = "queued"
    BUILDING = "building"
    QA = "qa"
    DEPLOYED = "deployed"
    ARCHIVED = "archived"
    FAILED = "failed"


class VideoStatus(StrEnum):
    QUEUED = "queued"
    GENERATING = "generating"
    READY = "ready"
    ARCHIVED = "archived"
    FAILED = "failed"


class CampaignStatus(StrEnum):
    DRAFT = "draft"
    ACTIVE = "active"
    PAUSED = "paused"
    COMPLETED = "completed"
    ARCHIVED = "archived"


class PauseReason(StrEnum):
    """Why a campaign or mailbox rests."""

    BY_PERSON = "by_person"
    BOUNCE = "bounce"
    COMPLAINT = "complaint"
    AUTH = "auth"
    MAILBOX_DOWN = "mailbox_down"
    SRM = "srm"


class MailboxStatus(StrEnum):
    RAMPING = "ramping"
    ACTIVE = "active"
    PAUSED = "paused"
    DISCONNECTED = "disconnected"


class MailProvider(StrEnum):
    GMAIL = "gmail"
    SMTP = "smtp"
    SANDBOX = "sandbox"


class EnrollmentStatus(StrEnum):
    """`waiting`: an auto reply named a day of return; the sequence goes on after it."""

    ACTIVE = "active"
    WAITING = "waiting"
    PAUSED = "paused"
    REPLIED = "replied"
    COMPLETED = "completed"
    STOPPED = "stopped"


class SendStatus(StrEnum):
    """The states of one mail; opened, clicked and replied are times, not states."""

    QUEUED = "queued"
    HELD = "held"
    SENDING = "sending"
    SENT = "sent"
    BOUNCED = "bounced"
    COMPLAINED = "complained"
    CANCELLED = "cancelled"
    FAILED = "failed"


class HoldReason(StrEnum):
    """Which check before dispatch said no; the order of the checks."""

    SUPPRESSED = "suppressed"
    DO_NOT_CONTACT = "do_not_contact"
    NO_LAWFUL_BASIS = "no_lawful_basis"
    CAMPAIGN_NOT_ACTIVE = "campaign_not_active"
    PREFLIGHT = "preflight"
    OUTSIDE_WINDOW = "outside_window"
    CAMPAIGN_LIMIT = "campaign_limit"
    MAILBOX_LIMIT = "mailbox_limit"
    STALE_SLOT = "stale_slot"
    REPLIED = "replied"
    LEAD_ERASED = "lead_erased"
    BY_PERSON = "by_person"


class BounceClass(StrEnum):
    """By the enhanced status code: 5.x is hard, 4.x and everything unknown soft."""

    HARD = "hard"
    SOFT = "soft"


class ConversationStatus(StrEnum):
    ACTIVE = "active"
    WAITING = "waiting"
    SNOOZED = "snoozed"
    CLOSED = "closed"
    OPTED_OUT = "opted_out"


class Direction(StrEnum):
    INBOUND = "inbound"
    OUTBOUND = "outbound"


class Sentiment(StrEnum):
    POSITIVE = "positive"
    NEUTRAL = "neutral"
    NEGATIVE = "negative"
    UNKNOWN = "unknown"


class MessageState(StrEnum):
    """Outbound messages go from draft to sent, expired or rejected; inbound ones are received."""

    RECEIVED = "received"
    DRAFT = "draft"
    PENDING_APPROVAL = "pending_approval"
    APPROVED = "approved"
    QUEUED = "queued"
    SENT = "sent"
    REJECTED = "rejected"
    EXPIRED = "expired"


class MatchedBy(StrEnum):
    """How a reply found its conversation."""

    THREAD = "thread"
    HEADER = "header"
    SENDER = "sender"
    UNMATCHED = "unmatched"


class SuppressionReason(StrEnum):
    UNSUBSCRIBE = "unsubscribe"
    HARD_BOUNCE = "hard_bounce"
    SOFT_BOUNCES = "soft_bounces"
    COMPLAINT = "complaint"
    MANUAL = "manual"
    ERASURE = "erasure"
    ROLE = "role"
    REPLY_OPTOUT = "reply_optout"


class TokenKind(StrEnum):
    OPEN = "open"
    CLICK = "click"
    UNSUBSCRIBE = "unsubscribe"


class TrackingVerdict(StrEnum):
    HUMAN = "human"
    MACHINE = "machine"
    UNKNOWN = "unknown"


class TestStatus(StrEnum):
    DRAFT = "draft"
    ACTIVE = "active"
    PAUSED = "paused"
    DECIDED = "decided"
    ARCHIVED = "archived"


class TestOutcome(StrEnum):
    WINNER = "winner"
    NO_DIFFERENCE = "no_difference"
    GUARDRAIL_LOSER = "guardrail_loser"
    INVALID_SRM = "invalid_srm"
    STOPPED_MANUALLY = "stopped_manually"


class TestMetric(StrEnum):
    """What counts as success; never opens, which machines make too."""

    REPLY = "reply"
    MEETING = "meeting"
    WON = "won"


class Allocation(StrEnum):
    FIXED = "fixed"
    THOMPSON = "thompson"


class OutcomeKind(StrEnum):
    MEETING_BOOKED = "meeting_booked"
    DEAL_WON = "deal_won"
    DEAL_LOST = "deal_lost"


class ErasureStatus(StrEnum):
    RECEIVED = "received"
    RUNNING = "running"
    COMPLETED = "completed"
    REFUSED = "refused"
    FAILED = "failed"


class RetentionClass(StrEnum):
    """What a retention run looked at."""

    LEADS = "leads"
    SENDS = "sends"
    CONVERSATIONS = "conversations"
    MODEL_HASHES = "model_hashes"
    ASSETS = "assets"
    TRACKING = "tracking"
