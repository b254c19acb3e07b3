"""Keys by which a receiver knows a message that it may have had before. Pure, the same everywhere."""

import base64
import re
from email.utils import parseaddr
from hashlib import blake2b
from uuid import UUID

from belvedere.notify.contracts import DeliveryRequest, Destination, MessageKind

KEY_LENGTH = 24
"""Characters of a key: short enough to be a Discord nonce (25) as it is."""

_KEY_BYTES = 15
_HOST = re.compile(r"[A-Za-z0-9.-]+", re.ASCII)


def idem_key(request: DeliveryRequest) -> str:
    """The key of a request: the same subject, kind and destination always give the same 24 characters."""
    return subject_key(
        request.client_id,
        request.subject_type,
        request.subject_id,
        request.kind,
        request.destination,
        round=request.round,
    )


def subject_key(
    client_id: int,
    subject_type: str,
    subject_id: UUID,
    kind: MessageKind,
    destination: Destination,
    *,
    round: int = 0,  # noqa: A002 - the column's name
) -> str:
    """The key of one kind of message on a subject, such as that of its opening."""
    parts: tuple[object, ...] = (
        client_id,
        subject_type,
        subject_id,
        kind,
        destination.channel,
        destination.address,
    )
    parts = (*parts, round) if round else parts
    digest = blake2b("\x1f".join(map(str, parts)).encode(errors="replace"), digest_size=_KEY_BYTES)
    return base64.b32encode(digest.digest()).decode().lower()


def message_id(key: str, sender: str) -> str:
    """The Message-ID of the mail with this key; its host is that of the sender's address."""
    _, at, host = parseaddr(sender)[1].rpartition("@")
    return f"<{key}@{host if at and _HOST.fullmatch(host) else 'localhost'}>"
