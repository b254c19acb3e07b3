"""Signing and verifying pushes: https://www.standardwebhooks.com. No clock, no input or output.

The signature covers `id.timestamp.body` over the bytes as they came; a body that was parsed and written again
is another body.
"""

import base64
import binascii
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from hmac import compare_digest

from standardwebhooks import Webhook

from belvedere.core.errors import Invalid, Unauthorized

TOLERANCE = timedelta(minutes=5)
SECRET_PREFIX = "whsec_"  # noqa: S105  (the public prefix of every secret)
SECRET_BYTES = range(24, 65)
"""Lengths the convention allows."""

MAX_SIGNATURES = 16
# A dot in the id would let the border between id and timestamp be moved.
_MESSAGE_ID = re.compile(r"[!-\-/-~]{1,256}", re.ASCII)
_TIMESTAMP = re.compile(r"\d{1,12}", re.ASCII)


class WebhookRefused(Unauthorized):
    """A push whose signature, time or headers do not hold."""

    code = "webhook_refused"
    title = "The push was not accepted"


@dataclass(frozen=True, slots=True)
class VerifiedPush:
    """What a push says of itself, proven; `message_id` is the same when the sender sends it again."""

    message_id: str
    sent_at: datetime
    secret_index: int


def make_secret(randomness: bytes) -> str:
    """A secret from 24 to 64 random bytes."""
    if len(randomness) not in SECRET_BYTES:
        raise ValueError("a webhook secret has 24 to 64 bytes")
    return SECRET_PREFIX + base64.b64encode(randomness).decode("ascii")


def sign(secret: str, message_id: str, sent_at: datetime, body: bytes) -> dict[str, str]:
    """The three headers of a push; `body` must be UTF-8 text."""
    if not _MESSAGE_ID.fullmatch(message_id):
        raise Invalid("A webhook id has 1 to 256 visible characters and no dot.", code="webhook_id")
    moment = sent_at.astimezone(UTC)
    return {
        "webhook-id": message_id,
        "webhook-timestamp": str(int(moment.timestamp())),
        "webhook-signature": _signer(secret).sign(message_id, moment, body.decode("utf-8")),
    }


def verify(
    secrets: Sequence[str],
    headers: Mapping[str, str],
    body: bytes,
    now: datetime,
    tolerance: timedelta = TOLERANCE,
) -> VerifiedPush:
    """Check a push against every secret that is valid now; raises WebhookRefused with the reason.

    `secrets` holds more than one while a secret is being replaced.
    """
    named = {name.lower(): value for name, value in headers.items()}
    message_id, stamp, given = (
        named.get(f"webhook-{part}", "").strip() for part in ("id", "timestamp", "signature")
    )
    if not (message_id and stamp and given):
        raise WebhookRefused("The headers webhook-id, webhook-timestamp and webhook-signature are needed.")
    if not _MESSAGE_ID.fullmatch(message_id):
        raise WebhookRefused("webhook-id has 1 to 256 visible characters and no dot.")
    sent_at = _fresh(stamp, now, tolerance)
    try:
        text = body.decode("utf-8")
    except UnicodeDecodeError:
        raise WebhookRefused("The body is not UTF-8 text.") from None
    offered = _signatures(given)
    found = None
    for index, secret in enumerate(secrets):
        expected = _decoded(_signer(secret).sign(message_id, sent_at, text).partition(",")[2])
        # Every pair is compared, so that the time taken tells nothing about which secret holds.
        if any([compare_digest(expected, signature) for signature in offered]):  # noqa: C419
            found = index if found is None else found
    if found is None:
        raise WebhookRefused(
            "The signature does not fit. Check the secret, and sign the body byte for byte as sent."
        )
    return VerifiedPush(message_id, sent_at, found)


def _fresh(stamp: str, now: datetime, tolerance: timedelta) -> datetime:
    if not _TIMESTAMP.fullmatch(stamp):
        raise WebhookRefused("webhook-timestamp is the time of sending in whole seconds since 1970.")
    sent_at = datetime.fromtimestamp(int(stamp), UTC) if int(stamp) < 253_402_300_800 else None
    if sent_at is None or sent_at > now + tolerance:
        raise WebhookRefused("webhook-timestamp lies in the future. Check the sender's clock.")
    if sent_at < now - tolerance:
        raise WebhookRefused("webhook-timestamp is too old. A push is signed anew each time it is sent.")
    return sent_at


def _signatures(header: str) -> list[bytes]:
    parts = (part.partition(",") for part in header.split(" ")[:MAX_SIGNATURES])
    decoded = (_decoded(signature) for version, _, signature in parts if version == "v1")
    return [signature for signature in decoded if signature]


def _decoded(text: str) -> bytes:
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        return b""


def _signer(secret: str) -> Webhook:
    bare = secret.removeprefix(SECRET_PREFIX)
    try:
        raw = base64.b64decode(bare + "=" * (-len(bare) % 4), validate=True)
    except (binascii.Error, ValueError):
        raise Invalid("A webhook secret looks like whsec_ and base64 text.", code="webhook_secret") from None
    if len(raw) not in SECRET_BYTES:
        raise Invalid("A webhook secret has 24 to 64 bytes.", code="webhook_secret")
    return Webhook(raw)
