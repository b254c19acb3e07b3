"""Handing one signed push to a receiver; every failure says whether it may have arrived."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from belvedere.connectors.contracts import HttpClient, SendError
from belvedere.connectors.webhook.signature import sign
from belvedere.core.errors import ExternalError

PROVIDER = "webhook"
NOT_SENT_CODES = frozenset({"address_refused", "host_unknown", "connect_failed"})
"""Failures of the HTTP client before a byte of the request went out."""

_REASONS = {
    401: "The receiver does not accept the push (401). Give it the channel's secret, or make a new one.",
    403: "The receiver does not let the push in (403). Check its rights and the channel's secret.",
    404: "The receiver has nothing at this address (404). Correct the channel's address.",
    410: "The receiver says that this address is gone for good (410). Enter another one.",
    429: "The receiver asks to wait before the next push.",
}


@dataclass(frozen=True)
class WebhookClient:
    """Pushes by the Standard Webhooks convention: a receiver that keeps `webhook-id` takes each push once."""

    http: HttpClient

    async def push(
        self, url: str, secrets: Sequence[str], message_id: str, body: bytes, sent_at: datetime
    ) -> int:
        """The status of an accepted push. Several secrets sign side by side while one replaces another."""
        headers = {
            "Content-Type": "application/json",
            "Idempotency-Key": message_id,
            **signatures(secrets, message_id, sent_at, body),
        }
        try:
            # The outbox decides on another try; one inside the client would hide it.
            answer = await self.http.request(
                "POST", url, provider=PROVIDER, headers=headers, content=body, retry=False
            )
        except ExternalError as error:
            raise explain(error) from error
        return answer.status


def signatures(secrets: Sequence[str], message_id: str, sent_at: datetime, body: bytes) -> dict[str, str]:
    """The headers of a push, with a signature by each secret."""
    signed = [sign(secret, message_id, sent_at, body) for secret in secrets]
    joined = " ".join(one["webhook-signature"] for one in signed)
    return {**signed[0], "webhook-signature": joined}


def explain(error: ExternalError) -> SendError:
    """The failure in words for the person who set up the channel."""
    status = error.status_code
    known = (status is not None and status != 504) or error.permanent or error.code in NOT_SENT_CODES
    detail = _REASONS.get(status or 0) or error.detail
    if not known:
        detail = f"{error.detail}. The push may have arrived."
    return SendError(
        detail,
        provider=PROVIDER,
        permanent=error.permanent,
        code=error.code,
        status_code=status,
        retry_after=error.retry_after,
        outcome_known=known,
    )
