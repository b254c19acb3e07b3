"""What follows from the end of a try: pure decisions over facts, time and chance, each with its reason."""

from dataclasses import dataclass

from belvedere.core.errors import ExternalError
from belvedere.notify.contracts import AttemptOutcome, ChannelKind, DeliveryState, RepeatPolicy

FIRST_WAIT_SECONDS = 5.0
LONGEST_WAIT_SECONDS = 3600.0
JITTER = 0.2

KEY_WINDOW_SECONDS = 120.0
"""How long Discord surely knows a nonce; it promises “the past few minutes”."""

NOT_CONFIGURED = "not_configured"
_CREDENTIAL_CODES = frozenset({NOT_CONFIGURED, "credential_missing", "smtp_login", "channel_broken"})
_BREAKING_STATUSES = frozenset({401, 403, 404, 410})


@dataclass(frozen=True, slots=True)
class Failure:
    """How a try failed. `outcome_known` is False when the message may have arrived all the same."""

    detail: str
    permanent: bool
    code: str = "failed"
    status_code: int | None = None
    retry_after: float | None = None
    outcome_known: bool = True

    @classmethod
    def of(cls, error: ExternalError) -> "Failure":
        """A sender's error; one that does not say whether the message may have arrived counts as unknown."""
        known = getattr(error, "outcome_known", error.permanent or error.status_code is not None)
        return cls(error.detail, error.permanent, error.code, error.status_code, error.retry_after, known)


@dataclass(frozen=True, slots=True)
class Standing:
    """What is known of a delivery at its try. `tries` counts since it was asked for or last sent again."""

    channel: ChannelKind
    policy: RepeatPolicy
    tries: int
    seconds_left: float


@dataclass(frozen=True, slots=True)
class Decision:
    """What becomes of a delivery after a try that did not end well."""

    state: DeliveryState
    outcome: AttemptOutcome
    reason: str
    code: str
    wait_seconds: float = 0.0
    possible_repeat: bool = False
    breaks_channel: bool = False


def honours_keys(channel: ChannelKind) -> bool:
    """Whether the receiver drops a second copy that carries the same key."""
    return channel is ChannelKind.DISCORD_BOT


def after_failure(failure: Failure, standing: Standing, spread: float) -> Decision:
    """Judge a failed try. `spread` is chance in [0, 1)."""
    if failure.outcome_known and failure.permanent:
        return _dead(failure, AttemptOutcome.PERMANENT, failure.detail)
    if not failure.outcome_known and standing.policy is RepeatPolicy.AT_MOST_ONCE:
        return _parked(failure)
    outcome = AttemptOutcome.RETRY if failure.outcome_known else AttemptOutcome.UNKNOWN
    if standing.seconds_left <= 0 or failure.permanent:
        return _dead(failure, outcome, f"Given up after {standing.tries} tries. {failure.detail}")
    return Decision(
        DeliveryState.READY,
        outcome,
        failure.detail,
        failure.code,
        # The last try is made when the time is up, not given away for a wait that reaches beyond it.
        wait_seconds=min(wait_seconds(standing.tries, failure.retry_after, spread), standing.seconds_left),
        possible_repeat=not failure.outcome_known and not honours_keys(standing.channel),
    )


LEASE_OVER = Failure(
    "The sender stopped before it could say whether the message was handed over.",
    permanent=False,
    code="lease_over",
    outcome_known=False,
)


def after_lease(standing: Standing, spread: float) -> Decision:
    """Judge a try whose sender fell silent: killed, stopped or cut off. The first is repeated at once."""
    decision = after_failure(LEASE_OVER, standing, spread)
    if decision.state is not DeliveryState.READY or standing.tries > 1:
        return decision
    return Decision(
        decision.state,
        decision.outcome,
        decision.reason,
        decision.code,
        possible_repeat=decision.possible_repeat,
    )


def wait_seconds(tries: int, retry_after: float | None, spread: float) -> float:
    """5 s after the first try, doubling to an hour, spread by a fifth to both sides.

    A wait that the receiver asked for is kept to the full; one of zero or less says nothing.
    """
    own = min(LONGEST_WAIT_SECONDS, FIRST_WAIT_SECONDS * 2.0 ** min(max(tries, 1) - 1, 20))
    own = min(LONGEST_WAIT_SECONDS, own * (1 - JITTER + 2 * JITTER * spread))
    if retry_after is None or not 0 < retry_after < float("inf"):
        return own
    return min(LONGEST_WAIT_SECONDS, retry_after) * (1 + JITTER * spread)


def breaks_channel(failure: Failure) -> bool:
    """Whether every other message on the same channel must fail too, until a person mends it."""
    return failure.code in _CREDENTIAL_CODES or failure.status_code in _BREAKING_STATUSES


def _dead(failure: Failure, outcome: AttemptOutcome, reason: str) -> Decision:
    broken = failure.permanent and breaks_channel(failure)
    return Decision(DeliveryState.DEAD, outcome, reason, failure.code, breaks_channel=broken)


def _parked(failure: Failure) -> Decision:
    reason = f"{failure.detail} It was asked to go out once at most, so a person decides."
    return Decision(DeliveryState.UNKNOWN, AttemptOutcome.UNKNOWN, reason, "outcome_unknown")
