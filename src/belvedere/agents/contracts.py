"""Words of agents, approvals and quality that other domains may see."""

from enum import StrEnum


class RunKind(StrEnum):
    """`replay`: an earlier run again with its recorded tool results; `evaluation`: a run over kept cases."""

    CHAT = "chat"
    TASK = "task"
    WORKFLOW = "workflow"
    EVALUATION = "evaluation"
    REPLAY = "replay"


class RunTrigger(StrEnum):
    PERSON = "person"
    SCHEDULE = "schedule"
    EVENT = "event"
    API = "api"
    AGENT = "agent"


class RunStatus(StrEnum):
    """`waiting`: stands still until somebody decides an approval."""

    QUEUED = "queued"
    RUNNING = "running"
    WAITING = "waiting"
    COMPLETED = "completed"
    FAILED = "failed"
    CANCELLED = "cancelled"


class StepKind(StrEnum):
    MODEL = "model"
    TOOL = "tool"
    RETRIEVAL = "retrieval"


class StepStatus(StrEnum):
    RUNNING = "running"
    COMPLETED = "completed"
    FAILED = "failed"
    SKIPPED = "skipped"


class QueryStatus(StrEnum):
    """`refused`: the model would not answer; `blocked`: our own budget or guard stopped the call."""

    COMPLETED = "completed"
    FAILED = "failed"
    TIMEOUT = "timeout"
    REFUSED = "refused"
    BLOCKED = "blocked"


class ReviewerKind(StrEnum):
    """Who gave a verdict on a run: a written rule, a judging model, or a person."""

    RULE = "rule"
    JUDGE = "judge"
    HUMAN = "human"


class RequesterKind(StrEnum):
    PERSON = "person"
    AGENT = "agent"
    SYSTEM = "system"


class DeciderKind(StrEnum):
    """`policy`: nobody looked, because a policy lets actions of this size through."""

    PERSON = "person"
    POLICY = "policy"


class ApprovalStatus(StrEnum):
    """`consumed`: carried out, once; only `pending` and `approved` can still change."""

    PENDING = "pending"
    APPROVED = "approved"
    CONSUMED = "consumed"
    REJECTED = "rejected"
    EXPIRED = "expired"
    CANCELLED = "cancelled"
    SUPERSEDED = "superseded"


class FeedbackVerdict(StrEnum):
    ACCEPTED = "accepted"
    EDITED = "edited"
    REJECTED = "rejected"


class ComparisonWinner(StrEnum):
    A = "a"
    B = "b"
    TIE = "tie"
